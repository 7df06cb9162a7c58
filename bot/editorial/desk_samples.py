"""Everything that the editors' desk can say, with numbers that stand for any."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final

from bot.conversation.desk import (
    CAMPAIGNS,
    PREVIEW,
    RELOAD,
    STATS,
    Desk,
    Office,
    Operation,
    reload_values,
    stats_values,
)
from bot.conversation.preview import Previews
from bot.conversation.tally import Tally
from bot.core.clock import FixedClock
from bot.core.messages import Reply
from bot.editorial.content import Content
from bot.editorial.serving import Reloaded
from bot.reminders.ledger import Progress

STATUSES: Final = ("ready", "words", "examples", "earlier")
STATES: Final = ("running", "paused", "done", "cancelled")
PREVIEWS: Final = ("line", "on", "off", "none", "wrong", "replicas")


def desk_samples(content: Content, now: datetime) -> Iterator[tuple[str, Callable[[str], Reply]]]:
    """Names of answers of the desk at `now`, each with what gives it in a language (raising ContentError)."""
    desk = Desk(content.base, content.phrasebook, FixedClock(now), _office(now))
    for name, values in (*_stats(content, now), *_campaigns(now), *_previews(now), *_reloads(now)):
        yield name, partial(_told, desk, name, values)


def _told(desk: Desk, name: str, values: dict[str, Any], lang: str) -> Reply:
    return desk.tell(name, lang, values)


def _office(now: datetime) -> Office:
    async def nothing() -> Any:
        return ()

    return Office((), Tally(), Previews(), nothing, nothing, partial(_operation, now, "ready", True), nothing)


def _operation(now: datetime, understanding: str, is_alone: bool) -> Operation:
    return Operation(now, understanding, "0123456789", 150_000_000, is_alone)


def _stats(content: Content, now: datetime) -> Iterator[tuple[str, Any]]:
    busy = Tally()
    for number, outcome in enumerate(("answer", "answer", "confirm", "refuse")):
        intent = next(iter(content.phrasebook.presets))
        busy.note(Reply(intent, None, outcome, 1.0, "en", now, ""), number * 10.0)  # type: ignore[arg-type]
    for status in STATUSES:
        yield STATS, stats_values(busy, _operation(now, status, True), now, 2, str)
    yield STATS, stats_values(Tally(), _operation(now, "ready", True), None, None, str)


def _campaigns(now: datetime) -> Iterator[tuple[str, Any]]:
    campaigns = [Progress(f"vote-{state}", state, now, True, 4, 2, 1, 0) for state in STATES]
    for shown in (None, [], campaigns):
        yield CAMPAIGNS, {"campaigns": shown, "more": 2 if shown else 0}


def _previews(now: datetime) -> Iterator[tuple[str, Any]]:
    for state in PREVIEWS:
        yield PREVIEW, {"state": state, "at": now, "example": "2025-11-06T09:00"}


def _reloads(now: datetime) -> Iterator[tuple[str, Any]]:
    for is_alone in (True, False):
        operation = _operation(now, "ready", is_alone)
        for before in ("", operation.version):
            yield RELOAD, reload_values(Reloaded(is_learning=is_alone), operation, before)
    yield RELOAD, reload_values(Reloaded(["file.yaml:1: field: what is wrong: how to mend it"] * 9), operation, "")
