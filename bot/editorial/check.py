"""Every finding about a pack: its files, its quotations, and every answer that it can give."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.conversation.codes import TurnCodes
from bot.conversation.conversation import Conversation
from bot.core.clock import FixedClock
from bot.core.errors import ContentError
from bot.core.findings import Finding
from bot.core.messages import Turn
from bot.core.ports import Understanding
from bot.editorial.content import Content
from bot.factbase.base import FactBase
from bot.factbase.loader import LISTS
from bot.factbase.models import Cited, Passage, Report
from bot.factbase.parts import parts_of
from bot.phrasebook.book import template_finding

MOST_INSTANTS = 12
A_MINUTE = timedelta(minutes=1)


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


def check_answers(content: Content, now: datetime) -> Iterator[Finding]:
    """Renders every turn in every language at a choice of turning points; whatever a template asks for in vain is a
    finding. Codes of buttons that clash are one, too."""
    talk = Conversation(content.base, content.phrasebook, Nobody(), FixedClock(now))
    try:
        TurnCodes(talk.turns(), {})
    except ContentError as error:
        yield Finding(str(content.base.pack.folder / "topic.yaml"), 1, "", str(error), "rename one of the two")
    points = turning_points(content, now)
    step = max(1, len(points) // MOST_INSTANTS)
    seen: set[str] = set()
    for turn, lang, instant, reply in talk.walk([*points[::step], points[-1]]):
        if isinstance(reply, ContentError) and str(reply) not in seen:
            seen.add(str(reply))
            found = template_finding(reply)
            where = f"{turn.intent}{f' of {turn.entity}' if turn.entity else ''} in {lang} at {instant:%Y-%m-%d %H:%M}"
            yield Finding(found.file, found.line, found.field, f"{found.problem} ({where})", found.remedy)
        elif isinstance(reply, Exception) and not isinstance(reply, ContentError):
            raise reply
