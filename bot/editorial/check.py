"""Every finding about a pack: its files, its quotations, and every answer that it can give."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import TypeAlias, get_args
from xml.etree import ElementTree

from bot.conversation.codes import TurnCodes
from bot.conversation.conversation import Conversation
from bot.conversation.pictures import LONGEST_CAPTION, Pictures
from bot.conversation.reminding import REMINDERS, Reminder, State
from bot.core.clock import FixedClock
from bot.core.errors import ContentError
from bot.core.findings import Finding
from bot.core.messages import Incoming, Reply, Turn
from bot.core.ports import Understanding
from bot.editorial.content import Content
from bot.editorial.desk_samples import desk_samples
from bot.factbase.base import FactBase
from bot.factbase.loader import LISTS
from bot.factbase.models import Cited, Passage, Report
from bot.factbase.parts import parts_of
from bot.phrasebook.book import template_finding
from bot.phrasebook.cards import Cards
from bot.phrasebook.drawing import draw_trial
from bot.reminders.letters import Letters
from bot.reminders.notice import Kind, Notice
from bot.reminders.schedule import dated_items
from bot.reminders.subscription import Subscription

MOST_INSTANTS = 12
A_MINUTE = timedelta(minutes=1)
A_MONTH = timedelta(days=30)
TEMPLATES = "responses"  # where to look for tags that do not fit
CAMPAIGN: Mapping[str, str | int] = {"key": "week-1", "total": 2, "sent": 1, "rejected": 0, "remaining": 1}
Rendering: TypeAlias = tuple[str, Callable[[], Reply | None]]  # what it is, for the finding, and how it is made


class Nobody:
    """An interpreter for walks over buttons alone: nothing is written."""

    def understand(self, text: str, context: Turn | None = None) -> Understanding:  # noqa: ARG002 - the port's names
        return Understanding(Turn("not_covered"), "refuse", 1.0)


def turning_points(content: Content, now: datetime) -> list[datetime]:
    """Instants between which what is told may differ: `now`, and just after each time when something became known or a
    date came or passed. With the zone of the topic, in order."""
    base = content.base
    points = {now.astimezone(base.zone)}
    points |= {since + A_MINUTE for since in base.source_since.values()}
    for entry in (base.topic, *(entry for name in LISTS for entry in base.pack.entries(name))):
        for part, _ in parts_of(entry):
            points |= {point + A_MINUTE for point in _turns(part, base)}
    return sorted(points)


def _turns(part: object, base: FactBase) -> Iterator[datetime]:
    """When a part of the pack became known, came or passed."""
    if isinstance(part, Cited):
        yield base.since(part)
    if isinstance(part, Passage):
        yield from (bound.start for bound in (part.valid_from, part.valid_until) if bound)
    if isinstance(part, Report):
        for when in (part.when, part.until):
            if when and not isinstance(when, str):
                yield from (when.start, when.end, when.day_over_at)


def check_answers(content: Content, now: datetime, instants: Sequence[datetime] = ()) -> Iterator[Finding]:
    """Renders every answer and every notice in every language at these instants, or at a choice of turning points;
    whatever a template asks for in vain is a finding. Codes of buttons that clash are one, too."""
    pictures = Pictures(content.phrasebook, Cards(content.phrasebook, draw_trial))
    talk = Conversation(content.base, content.phrasebook, Nobody(), FixedClock(now), pictures=pictures)
    try:
        TurnCodes(talk.turns(), {})
    except ContentError as error:
        yield Finding(str(content.base.pack.folder / "topic.yaml"), 1, "", str(error), "rename one of the two")
    seen: set[str] = set()
    for instant in instants or _chosen(turning_points(content, now)):
        for lang in content.base.topic.languages:
            told = (_answers(talk, lang, instant), _letters(content, lang, instant), _desk(content, lang, instant))
            for what, render in chain(*told):
                try:
                    _check_reply(render(), what)
                except ContentError as error:
                    if str(error) in seen:
                        continue
                    seen.add(str(error))
                    found = template_finding(error)
                    where = f"{what} in {lang} at {instant:%Y-%m-%d %H:%M}"
                    yield Finding(found.file, found.line, found.field, f"{found.problem} ({where})", found.remedy)


def _chosen(points: Sequence[datetime]) -> list[datetime]:
    return [*points[:: max(1, len(points) // MOST_INSTANTS)], points[-1]]


def _check_reply(reply: Reply | None, what: str) -> None:
    """Raises ContentError where tags are not closed as they were opened, or a caption is too long: no platform could
    show that."""
    try:
        words = "".join(_parsed(reply).itertext())
    except ElementTree.ParseError as error:
        place = f"{TEMPLATES}:1"
        raise ContentError(f"{place}: {what} is not well-formed ({error}): correct the tags of its template") from error
    if reply and reply.picture and (length := len(words.encode("utf-16-le")) // 2) > LONGEST_CAPTION:
        raise ContentError(f"{TEMPLATES}:1: {what} has a caption of {length}, more than {LONGEST_CAPTION}: shorten it")


def _parsed(reply: Reply | None) -> ElementTree.Element:
    return ElementTree.fromstring(f"<answer>{reply.html if reply else ''}</answer>")  # noqa: S314 - rendered here


def _answers(talk: Conversation, lang: str, instant: datetime) -> Iterator[Rendering]:
    """Every turn, and every way in which a chat's reminders can stand."""
    for turn in talk.turns():
        asked = Incoming(turn=turn, lang=lang, at=instant)
        yield f"{turn.intent}{f' of {turn.entity}' if turn.entity else ''}", partial(talk.answer, asked)
    for intent in REMINDERS:
        for state in get_args(State):
            reminder = Reminder(state, subscription=Subscription(lang, instant), erased_on=instant.date())
            asked = Incoming(turn=Turn(intent), lang=lang, at=instant)
            yield f"{intent}, {state}", partial(talk.answer, asked, reminder)


def _letters(content: Content, lang: str, instant: datetime) -> Iterator[Rendering]:
    """Every kind of notice of every date."""
    letters = Letters(content.base, content.phrasebook, A_MONTH)
    for item in dated_items(content.base):
        for kind in Kind:
            notice = Notice(item.id, kind, "", instant, instant)
            yield f"notice {kind} of {item.id}", partial(letters.compose, [notice], lang, instant)
    yield "news of a campaign", partial(letters.news, "stalled", CAMPAIGN, lang, instant)


def _desk(content: Content, lang: str, instant: datetime) -> Iterator[Rendering]:
    """What the editors' desk says, in every way."""
    for what, told in desk_samples(content, instant):
        yield f"the desk's {what}", partial(told, lang)
