"""The phrasebook: renders one intent, as of a snapshot and in one language, into semantic HTML."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from jinja2 import FunctionLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.core.errors import ContentError
from bot.core.findings import Finding
from bot.core.messages import SourceNote, Turn
from bot.factbase.models import Person, Source
from bot.factbase.snapshot import Snapshot
from bot.factbase.when import midnight
from bot.phrasebook.catalogue import load_translations
from bot.phrasebook.phrases import load_phrases
from bot.phrasebook.presets import load_presets
from bot.phrasebook.voice import Voice

PAGE = "page.html.j2"
FONTS = "cards/fonts"
SPACE = re.compile(r"\s+")
BLOCK = re.compile(r" ?(</?(?:h3|p|ul|ol|li|blockquote|details|summary|table|tr|th|td)\b[^>]*>) ?")


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer's words, the ids of the facts told, the footnotes in the order of their numbers, and the instant (UTC)
    from which the words may be others, the "as of" in them apart."""

    html: str
    facts: tuple[str, ...]
    sources: tuple[SourceNote, ...]
    until: datetime


class Phrasebook:
    """All words of the content folder, and its fonts (files by their names), as they were when this was made: an edit
    is for the next one. Templates run in a sandbox and see only what they are handed."""

    def __init__(self, folder: Path, languages: Iterable[str]) -> None:
        self.folder = folder
        self.presets, self.findings = load_presets(folder)
        self._phrases, found = load_phrases(folder)
        self.findings += found
        texts, found = _load_texts(folder)
        self.findings += found
        self.fonts = {path.name: path.read_bytes() for path in sorted((folder / FONTS).glob("*.ttf"))}
        self._environments: dict[str, ImmutableSandboxedEnvironment] = {}
        for lang in languages:
            translations, found = load_translations(folder, lang)
            self._environments[lang] = _environment(folder, texts, translations)
            self.findings += found

    def render(self, turn: Turn, facts: Snapshot, lang: str, more: Mapping[str, Any]) -> Rendered:
        """The answer to `turn`; `more` are further values for the template.

        Raises ContentError with the template's name and line where the template asks for what is not there.
        """
        voice = Voice(facts, lang)
        values = {
            "facts": facts, "topic": facts.topic, "now": facts.now, "lang": lang, "turn": turn,
            "entity": facts.base.entity(turn.entity), **more, **voice.names(),
        }  # fmt: skip
        html = self._render(f"{turn.intent}.html.j2", lang, values)
        sources = tuple(note(source, lang) for source in voice.notes.values())
        return Rendered(html, tuple(voice.told), sources, _until(facts, voice))

    def card(self, name: str, voice: Voice, facts: Snapshot, lang: str, more: Mapping[str, Any]) -> str:
        """The SVG of the picture `cards/<name>.svg.j2`, spoken by `voice`. Raises ContentError as `render` does."""
        values = {"facts": facts, "topic": facts.topic, "now": facts.now, "lang": lang, "entity": None}
        return self._render(f"cards/{name}.svg.j2", lang, {**values, **more, **voice.names()})

    def page(self, lang: str, **values: Any) -> str:
        """The chat page."""
        return self._render(PAGE, lang, {"lang": lang, **values}, squeeze=False)

    def _render(self, name: str, lang: str, values: Mapping[str, Any], squeeze: bool = True) -> str:
        try:
            html = self._environments[lang].get_template(name).render(values)
        except (TemplateError, AttributeError, TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise ContentError(
                f"{_where(self.folder, name, error)}: {error}: correct the template, or the pack"
            ) from error
        return BLOCK.sub(r"\1", SPACE.sub(" ", html)).strip() if squeeze else html

    def label(self, turn: Turn, facts: Snapshot, lang: str) -> str:
        """A button's text for `turn`."""
        preset = self.presets[turn.intent]
        if option := preset.option(turn.entity):
            return option.label.get(lang)
        entity = facts.base.entity(turn.entity)
        if entity and preset.label_of:
            is_person = isinstance(entity, Person)
            label = (preset.label_of_person if is_person else None) or preset.label_of
            return label.get(lang).replace("{entity}", Voice(facts, lang).in_sentence(entity))
        return preset.label.get(lang)

    def phrase(self, name: str, lang: str, **values: str) -> str:
        """A phrase of `phrases.yaml`, with `{name}` replaced by each of `values`."""
        text = self._phrases[name].get(lang)
        for field, value in values.items():
            text = text.replace(f"{{{field}}}", value)
        return text


def note(source: Source, lang: str) -> SourceNote:
    """A source as replies name it."""
    publisher = source.publisher or (source.name.get(lang) if source.name else source.id)
    return SourceNote(source.id, publisher, source.title, source.url or source.copy_url, source.published.written)


def _until(facts: Snapshot, voice: Voice) -> datetime:
    """At midnight "tomorrow" is today, whatever the facts; a number of minutes ends with the minute."""
    tonight = midnight(facts.now.date() + timedelta(days=1), facts.base.zone)
    ends = (tonight, facts.base.next_change(facts.instant), voice.minute_ends_at)
    return min(end.astimezone(UTC) for end in ends if end)


def template_finding(error: ContentError) -> Finding:
    """A ContentError of a template as a finding."""
    where, _, rest = str(error).partition(": ")
    file, _, line = where.rpartition(":")
    problem, _, remedy = rest.rpartition(": ")
    return Finding(file or where, int(line) if line.isdigit() else 1, "", problem, remedy)


def _load_texts(folder: Path) -> tuple[Mapping[str, str], list[Finding]]:
    """Every template's text by its name, and findings about what cannot be read."""
    texts, found = {}, []
    for path in sorted(folder.rglob("*.j2")):
        try:
            texts[path.relative_to(folder).as_posix()] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            found.append(Finding(str(path), 1, "", f"the template cannot be read ({error})", "save it as UTF-8"))
    return texts, found


def _environment(
    folder: Path, texts: Mapping[str, str], translations: NullTranslations
) -> ImmutableSandboxedEnvironment:
    def load(name: str) -> tuple[str, str, None] | None:
        return (texts[name], str(folder / name), None) if name in texts else None  # the file's name for `_where`

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load), autoescape=True, undefined=StrictUndefined, auto_reload=False,
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    environment.policies["ext.i18n.trimmed"] = True
    return environment


def _where(folder: Path, name: str, error: Exception) -> str:
    """The template and line that an error came from."""
    file, line = name, getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.suffix == ".j2":
            file, line = str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name, trace.tb_lineno
        trace = trace.tb_next
    return f"{folder / file}:{line or 1}"
