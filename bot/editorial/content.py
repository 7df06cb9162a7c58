"""Loads a pack and the responses together, ready to be served, with everything that is wrong with them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.conversation.desk import COMMANDS
from bot.core.clock import Clock, RehearsalClock, SystemClock
from bot.core.errors import ContentError, SettingsError
from bot.core.findings import Finding, errors
from bot.core.messages import Command, Turn
from bot.factbase.base import FactBase
from bot.factbase.checks import check_pack
from bot.factbase.loader import load_pack
from bot.factbase.questions import Question, load_questions
from bot.factbase.quotes import QuoteCheck, check_quotes
from bot.factbase.when import parse_moment
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.presets import FILE as PRESETS
from bot.phrasebook.presets import missing_needs
from bot.understanding.gates import load_gates
from bot.understanding.knowledge import Knowledge

COMMAND = re.compile(r"[a-z0-9_]{1,32}")  # what Telegram allows
SHOWN = 20  # findings that a refused content is refused with in words


class FaultyContentError(ContentError):
    """Content that has errors, which are `findings`."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        more = f"\n… and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
        super().__init__("the content has errors:\n" + "\n".join(map(str, findings[:SHOWN])) + more)
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Content:
    """What is served: facts, words, and how residents ask."""

    base: FactBase
    phrasebook: Phrasebook
    knowledge: Knowledge

    def commands(self) -> list[Command]:
        """The commands of the presets, with their descriptions by language, and one for the topic's main term."""
        presets = self.phrasebook.presets.values()
        listed = [
            Command(preset.command, preset.turn(), dict(preset.description.root))
            for preset in presets
            if preset.command and preset.description
        ]
        term = self.base.terms[self.base.topic.term]
        explaining = next((one for one in presets if "term" in one.entities), None)
        if (
            explaining
            and explaining.label_of
            and COMMAND.fullmatch(term.id)
            and term.id not in {one.name for one in listed}
        ):
            asked = explaining.label_of.root.items()
            words = {lang: text.replace("{entity}", term.name.get(lang)) for lang, text in asked}
            listed.append(Command(term.id, explaining.turn(f"term:{term.id}"), words))
        return listed

    def knows(self, turn: Turn) -> bool:
        """Whether a turn can be told: its intent is a preset, and its entity, if it has one, stands in the pack."""
        preset = self.phrasebook.presets.get(turn.intent)
        if preset is None or turn.entity is None:
            return preset is not None
        return preset.option(turn.entity) is not None or self.base.entity(turn.entity) is not None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load: the content where nothing keeps it from being served, the findings in order, the quotations' check."""

    content: Content | None
    findings: list[Finding]
    quotes: QuoteCheck | None
    zone: ZoneInfo


def load_content(
    pack_folder: Path,
    responses: Path,
    instant: Callable[[ZoneInfo], datetime],
    articles: Path | None = None,
    *,
    try_examples: bool = True,
) -> Loaded:
    """Reads and checks everything as of `instant(zone)`; with `articles`, proves the quotations against their texts.
    The examples of gates are tried only if `try_examples`: a start need not."""
    pack, findings = load_pack(pack_folder)
    if pack is None:
        return Loaded(None, sorted(findings + Phrasebook(responses, ()).findings), None, ZoneInfo("UTC"))
    findings += check_pack(pack, instant(pack.zone))
    quotes = check_quotes(pack, articles)
    phrasebook = Phrasebook(responses, pack.topic.languages)
    findings += quotes.findings + phrasebook.findings
    findings += _taken(phrasebook)
    findings += missing_needs(phrasebook.presets.values(), pack, str(pack_folder / "topic.yaml"))
    intents = str(responses / PRESETS)
    if any(found.file == intents for found in errors(findings)):  # all that names an intent waits until they are mended
        return Loaded(None, sorted(set(findings)), quotes, pack.zone)
    questions, found = load_questions(pack_folder, phrasebook.presets, pack.topic.languages)
    gates, places, amiss = load_gates(responses, pack_folder, list(phrasebook.presets), try_examples=try_examples)
    findings = sorted({*findings, *found, *amiss})
    if gates is None or errors(findings):
        return Loaded(None, findings, quotes, pack.zone)
    base = FactBase(pack)
    kinds = {preset.id: preset.entities for preset in phrasebook.presets.values()}
    if asked_of_none := _asked_of_none(base, questions, kinds, pack_folder):
        return Loaded(None, sorted({*findings, *asked_of_none}), quotes, pack.zone)
    knowledge = Knowledge(questions, base.entities(), pack.statements, kinds, gates, places, base.subjects())
    return Loaded(Content(base, phrasebook, knowledge), findings, quotes, pack.zone)


def _asked_of_none(
    base: FactBase, questions: Iterable[Question], kinds: Mapping[str, Sequence[str]], pack_folder: Path
) -> list[Finding]:
    """A finding for each question that says it asks of what the pack does not have, or its intent does not take."""
    found = []
    for one in questions:
        file = str(pack_folder / "questions" / f"{one.lang}.yaml")
        if one.entity and base.entity(one.entity) is None:
            remedy = "correct the id, or add it to people.yaml, organisations.yaml or terms.yaml"
            found.append(Finding(file, one.line, one.intent, f"of: there is no {one.entity!r}", remedy))
        elif one.entity and one.entity.partition(":")[0] not in kinds.get(one.intent, ()):
            problem = f"of: {one.intent} is not asked of a {one.entity.partition(':')[0]}"
            found.append(Finding(file, one.line, one.intent, problem, "write the questions alone, or another intent"))
    return found


def _taken(phrasebook: Phrasebook) -> list[Finding]:
    """A finding for each command of readers that is one of the editors, too."""
    file = str(phrasebook.folder / PRESETS)
    names = [preset.command for preset in phrasebook.presets.values() if preset.command in COMMANDS]
    return [Finding(file, 1, "", f"/{name} is a command of the editors", "choose another word") for name in names]


def clock_of(written: str | None, zone: ZoneInfo) -> Clock:
    """The clock that EXPLAINER_CLOCK sets (an ISO instant, in `zone` without an offset), else the real one."""
    if not written:
        return SystemClock()
    try:
        return RehearsalClock(parse_moment(written, zone))
    except ValueError as error:
        raise SettingsError(f"EXPLAINER_CLOCK: {error}.") from None
