"""The replies of the present moment: each is made once, and the same one given until the clock makes it another."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from bot.conversation.rendering import Asked
from bot.core.clock import Clock
from bot.core.messages import Reply
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot

MINUTE = timedelta(minutes=1)  # each answer says as of which minute it is true
MOST = 512  # replies: every turn of a pack in both languages, and what is offered in doubt


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of time in which no reply changes, from `begins` up to, not including, `ends` (UTC): at most what is
    left of a minute of the topic's clocks. `facts` are as of its beginning."""

    begins: datetime
    ends: datetime
    facts: Snapshot
    reply: Callable[[Asked], Reply]


class Present:
    """`make` gives a reply as of a snapshot, the same for the same; of its replies the latest `most` are kept, and none
    beyond the step that it was made in. For one thread."""

    def __init__(
        self, base: FactBase, clock: Clock, make: Callable[[Asked, Snapshot], Reply], most: int = MOST
    ) -> None:
        self._base = base
        self._clock = clock
        self._make = make
        self._most = most
        self._step: Step | None = None

    @property
    def facts(self) -> Snapshot:
        """What is known in the present step."""
        return self._at(self._clock.now()).facts

    def reply(self, asked: Asked) -> Reply:
        """The reply of the present step, the same object each time. Raises what `make` raises."""
        now = self._clock.now()
        reply = self._at(now).reply(asked)
        if reply.until and reply.until <= now:  # it counts the minutes to a moment that is not on a full one
            self._step = self._begun(now)
            reply = self._step.reply(asked)
        return reply

    def _at(self, now: datetime) -> Step:
        step = self._step
        if step is None or not step.begins <= now < step.ends:  # a machine's clock is also set back
            step = self._step = self._begun(now)
        return step

    def _begun(self, now: datetime) -> Step:
        facts = self._base.at(now)
        minute = facts.instant + MINUTE - timedelta(seconds=facts.now.second, microseconds=facts.now.microsecond)
        change = self._base.next_change(now)
        ends = min(minute, change) if change else minute
        return Step(facts.instant, ends, facts, lru_cache(self._most)(lambda asked: self._make(asked, facts)))
