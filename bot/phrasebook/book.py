"""The phrasebook: renders one intent, as of a snapshot and in one language, into semantic HTML."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from babel.support import NullTranslations
from jinja2 import FunctionLoader

from bot.core.errors import ContentError
from bot.core.findings import Finding
from bot.core.messages import SourceNote, Turn
from bot.factbase.files import crowding, explained, files_in, read_file
from bot.factbase.models import Person, Source
from bot.factbase.snapshot import Snapshot
from bot.factbase.when import midnight
from bot.phrasebook.catalogue import load_translations, unknown_language
from bot.phrasebook.kept import load_kept
from bot.phrasebook.phrases import load_phrases
from bot.phrasebook.presets import load_presets
from bot.phrasebook.sandbox import Sandbox
from bot.phrasebook.voice import Voice

PAGE = "page.html.j2"
PRIVACY = "privacy"  # the intent that tells what is kept
FONTS = "cards/fonts"
LONGEST_TEMPLATE = 100_000  # bytes
LARGEST_FONT = 5_000_000  # bytes
ALL_TEMPLATES = 5_000_000  # bytes, of all together
ALL_FONTS = 20_000_000  # bytes, of all together
LONGEST_PROBLEM = 300  # characters
SPACE = re.compile(r"\s+")
BLOCK = re.compile(r" ?(</?(?:h3|p|ul|ol|li|blockquote|details|summary|table|tr|th|td)\b[^>]*>) ?")
Files: TypeAlias = dict[Path, bytes]


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
        self.kept, found = load_kept(folder) if PRIVACY in self.presets else ((), [])
        self.findings += found
        texts, found = _load_texts(folder)
        self.findings += found
        self.fonts, found = _load_fonts(folder)
        self.findings += found
        self._environments: dict[str, Sandbox] = {}
        for lang in languages:
            if unknown := unknown_language(folder, lang):
                self.findings += unknown
                continue
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
        sandbox = self._environments[lang]
        sandbox.meter.fill()
        try:
            html = sandbox.get_template(name).render(values)
        except Exception as error:  # a template can bring about any: of the parser, of Python's compiler, of our models
            where = _where(self.folder, name, error)
            raise ContentError(f"{where}: {_problem(error)}: correct the template, or the pack") from error
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
    texts, found = {}, crowding(folder)
    files, unread = _load_files(folder, folder, ".j2", LONGEST_TEMPLATE, ALL_TEMPLATES)
    for path, data in files.items():
        try:
            texts[path.relative_to(folder).as_posix()] = data.decode("utf-8")
        except ValueError as error:
            found.append(Finding(str(path), 1, "", *explained(error)))
    return texts, found + unread


def _load_fonts(folder: Path) -> tuple[Mapping[str, bytes], list[Finding]]:
    files, found = _load_files(folder / FONTS, folder, ".ttf", LARGEST_FONT, ALL_FONTS)
    return {path.name: data for path, data in files.items()}, found


def _load_files(place: Path, folder: Path, suffix: str, most: int, most_together: int) -> tuple[Files, list[Finding]]:
    """The files at `place` with a suffix, as far as they have no more than `most_together` bytes, and findings."""
    files: Files = {}
    found, left = [], most_together
    for path in files_in(place):
        if path.suffix == suffix:
            try:
                data = read_file(path, folder, most)
            except (OSError, ValueError) as error:
                found.append(Finding(str(path), 1, "", *explained(error)))
                continue
            left -= len(data)
            if left < 0:
                problem = f"with it the {suffix} files have more than {most_together} bytes together"
                found.append(Finding(str(path), 1, "", problem, "remove what is not used"))
                break
            files[path] = data
    return files, found


def _environment(folder: Path, texts: Mapping[str, str], translations: NullTranslations) -> Sandbox:
    def load(name: str) -> tuple[str, str, None] | None:
        return (texts[name], str(folder / name), None) if name in texts else None  # the file's name for `_where`

    return Sandbox(FunctionLoader(load), translations)


def _problem(error: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(error, RecursionError):
        return "it is nested too deep, or calls itself without end"
    if isinstance(error, MemoryError | SyntaxError):
        return "Python cannot make anything of it"
    return SPACE.sub(" ", str(error))[:LONGEST_PROBLEM] or type(error).__name__


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
