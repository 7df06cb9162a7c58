"""The editors' desk: what its commands ask, told in the words of the content folder, to its administrators alone."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isinf
from typing import Any, Final, Protocol

from bot.conversation.preview import Previews
from bot.conversation.tally import NOT_COVERED, Tally
from bot.core.clock import Clock
from bot.core.errors import ServiceError
from bot.core.messages import Command, Reply, Turn
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.factbase.when import parse_moment
from bot.phrasebook.book import Phrasebook
from bot.reminders.ledger import Progress

STATS, CAMPAIGNS, PREVIEW, RELOAD = "stats", "campaigns", "preview", "reload"
COMMANDS: Final = (STATS, CAMPAIGNS, PREVIEW, RELOAD)
OFF: Final = "off"
MOST_TOPICS: Final = 12
MOST_CAMPAIGNS: Final = 10
MOST_FINDINGS: Final = 8
LONGEST_FINDING: Final = 400  # characters, so that all fit into two messages
EXAMPLE: Final = "%Y-%m-%dT%H:%M"
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
NOON: Final = "T12:00"  # of a day that is written without an hour

Values = Mapping[str, Any]


class Reloaded(Protocol):
    """What became of a reload: the lines that say why nothing changed (empty: the content is served), and whether the
    new questions are still being learnt."""

    @property
    def problems(self) -> Sequence[str]: ...

    @property
    def is_learning(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """How the program runs: since when, what its understanding is (as `PackInterpreter.status`), which content it
    serves (a hash), its memory in bytes where the machine tells, whether no other replica can run beside it."""

    begun_at: datetime
    understanding: str
    version: str
    memory: int | None
    is_alone: bool


@dataclass(frozen=True, slots=True)
class Office:
    """What the desk looks at and does, whichever content is served; `admins` are ids of people. `subscribers` and
    `campaigns` raise ServiceError."""

    admins: Collection[int]
    tally: Tally
    previews: Previews
    subscribers: Callable[[], Awaitable[int]]
    campaigns: Callable[[], Awaitable[Sequence[Progress]]]
    operation: Callable[[], Operation]
    reload: Callable[[], Awaitable[Reloaded]]


class Desk:
    """Serves one content; `office` outlives it."""

    def __init__(self, base: FactBase, phrasebook: Phrasebook, clock: Clock, office: Office) -> None:
        self._base = base
        self._phrasebook = phrasebook
        self._clock = clock
        self._office = office

    @property
    def admins(self) -> Collection[int]:
        """Who may give its commands, by the platform's ids of people."""
        return self._office.admins

    @property
    def commands(self) -> Sequence[Command]:
        """Its commands for their menu."""
        languages = self._base.topic.languages
        return [
            Command(name, Turn(_template(name)), {lang: self._described(name, lang) for lang in languages})
            for name in COMMANDS
        ]

    async def __call__(self, name: str, rest: str, person: int, lang: str) -> Reply | None:
        """The answer to the command `name` with the words behind it; None for everybody else, and for other commands:
        there is no such command then."""
        if person not in self.admins or name not in COMMANDS:
            return None
        return self.tell(name, lang, await self._values(name, rest.strip(), str(person), lang))

    def line(self, at: datetime, lang: str) -> str:
        """What stands above each answer of a preview."""
        return self._phrasebook.render(Turn(_template(PREVIEW)), self._base.at(at), lang, {"state": "line"}).html

    def tell(self, name: str, lang: str, values: Values) -> Reply:
        """The answer to a command with these values, as of now. Raises ContentError."""
        facts = self._base.at(self._clock.now())
        turn = Turn(_template(name))
        html = self._phrasebook.render(turn, facts, lang, values).html
        return Reply(turn.intent, None, "answer", 1.0, lang, facts.now, html, is_repeatable=False)

    async def _values(self, name: str, rest: str, chat: str, lang: str) -> Values:
        if name == STATS:
            return await self._stats(lang)
        if name == CAMPAIGNS:
            return await self._campaigns()
        if name == PREVIEW:
            return self._preview(rest, chat)
        before = self._office.operation().version
        return reload_values(await self._office.reload(), self._office.operation(), before)

    async def _stats(self, lang: str) -> Values:
        try:
            subscribers = await self._office.subscribers()
        except ServiceError:
            subscribers = None
        operation, facts = self._office.operation(), self._base.at(self._clock.now())

        def called(intent: str) -> str:
            return self._phrasebook.label(Turn(intent), facts, lang) if intent in self._phrasebook.presets else intent

        return stats_values(self._office.tally, operation, newest(facts), subscribers, called)

    async def _campaigns(self) -> Values:
        try:
            campaigns = await self._office.campaigns()
        except ServiceError:
            return {"campaigns": None, "more": 0}
        return {"campaigns": campaigns[:MOST_CAMPAIGNS], "more": max(0, len(campaigns) - MOST_CAMPAIGNS)}

    def _preview(self, rest: str, chat: str) -> Values:
        previews, now = self._office.previews, self._clock.now().astimezone(self._base.zone)
        example = (now + timedelta(days=1)).strftime(EXAMPLE)
        if not self._office.operation().is_alone:  # another one, which knows of no preview, may take the next question
            return {"state": "replicas", "at": None, "example": example}
        if rest.casefold() == OFF:
            return {"state": "off" if previews.end(chat) else "none", "at": None, "example": example}
        if not rest:
            preview = previews.of(chat)
            return {"state": "on" if preview else "none", "at": preview.at if preview else None, "example": example}
        try:
            at = parse_moment(rest + NOON if DAY.fullmatch(rest) else rest, self._base.zone)
        except (ValueError, OverflowError):
            return {"state": "wrong", "at": None, "example": example}
        previews.begin(chat, at)
        return {"state": "on", "at": at, "example": example}

    def _described(self, name: str, lang: str) -> str:
        return self._phrasebook.phrase(f"{name}_command", lang)


def stats_values(
    tally: Tally,
    operation: Operation,
    newest_on: datetime | None,
    subscribers: int | None,
    called: Callable[[str], str],
) -> Values:
    """What the template of `stats` is handed; times in milliseconds, None where nothing was answered yet, "" for more
    than is told apart; memory in megabytes. `called` is what an intent is called."""
    return {
        "total": tally.total,
        "topics": [(called(intent), outcome, count) for intent, outcome, count in tally.topics(MOST_TOPICS)],
        "languages": list(tally.languages().items()),
        "not_understood": tally.count("refuse", NOT_COVERED),
        "asked_back": tally.count("confirm"),
        "refused": tally.count("refuse") - tally.count("refuse", NOT_COVERED),
        "half_within": _milliseconds(tally.within(0.5)),
        "most_within": _milliseconds(tally.within(0.95)),
        "subscribers": subscribers,
        "newest_on": newest_on,
        "operation": operation,
        "memory": round(operation.memory / 1_000_000) if operation.memory else None,
    }


def reload_values(reloaded: Reloaded, operation: Operation, before: str) -> Values:
    """What the template of `reload` is handed; `before` is the version that was served until then."""
    problems = [problem[:LONGEST_FINDING] for problem in reloaded.problems[:MOST_FINDINGS]]
    more = len(reloaded.problems) - len(problems)
    return {
        "problems": problems,
        "more": more,
        "is_same": operation.version == before,
        "is_learning": reloaded.is_learning,
        "operation": operation,
    }


def newest(facts: Snapshot) -> datetime | None:
    """When the newest source that is known in a snapshot became known, in the topic's zone."""
    known = [since for since in facts.base.source_since.values() if since <= facts.instant]
    return max(known).astimezone(facts.base.zone) if known else None


def _template(name: str) -> str:
    return f"desk/{name}"


def _milliseconds(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return "" if isinf(seconds) else f"{seconds * 1000:g}"
