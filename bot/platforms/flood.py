"""Keeps one who asks without end from taking the time of others: one calm word, then silence for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

KEPT: Final = 50_000  # at most; whoever comes back after so many others begins anew
SWEPT: Final = 30.0  # seconds from one forgetting to the next
SILENCE: Final = 30.0  # seconds that nothing is answered after the calm word, unless told otherwise


class Verdict(Enum):
    """What becomes of one question."""

    TAKE = auto()
    WARN = auto()  # say once that it was too fast
    DROP = auto()


@dataclass(slots=True)
class _Account:
    """When the burst is made up for, and until when nothing is answered, in seconds of one clock."""

    even_at: float = 0.0
    silent_until: float = 0.0

    def is_even(self, now: float) -> bool:
        return now >= max(self.even_at, self.silent_until)


class FloodControl:
    """Takes `burst` questions at once of each, and one more every `every` seconds; who asks for more is not heard for
    `silence` seconds. Who has made up for everything is forgotten within half a minute. Instants are seconds of any
    clock that only goes forward, as fast as time does."""

    def __init__(self, burst: int, every: float, silence: float = SILENCE) -> None:
        self._slack = burst * every
        self._every = every
        self._silence = silence
        self._accounts: OrderedDict[Hashable, _Account] = OrderedDict()
        self._forget_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def judge(self, who: Hashable, now: float, weight: int = 1) -> Verdict:
        """What becomes of a question that `who` asks now, which counts as `weight` of them."""
        self._forget_in_time(now)
        account = self._accounts.get(who)
        if account is None:
            account = self._accounts[who] = _Account()
        else:
            self._accounts.move_to_end(who)
        if now < account.silent_until:
            return Verdict.DROP
        even_at = max(account.even_at, now) + self._every * weight
        if even_at - now > self._slack:
            if self._silence:
                account.silent_until, account.even_at = now + self._silence, 0.0
            return Verdict.WARN
        account.even_at = even_at
        return Verdict.TAKE

    def wait(self, who: Hashable, now: float, weight: int = 1) -> float:
        """Seconds from now until a question of `who` would be taken; 0 where it would be now."""
        account = self._accounts.get(who)
        if account is None:
            return 0.0
        return max(0.0, account.silent_until - now, account.even_at + self._every * weight - self._slack - now)

    def forget(self, now: float) -> None:
        """Lets go of all who have made up for everything by now."""
        self._forget_at = now + SWEPT
        made_up = [who for who, account in self._accounts.items() if account.is_even(now)]
        for who in made_up:
            del self._accounts[who]

    def _forget_in_time(self, now: float) -> None:
        """Forgets whenever it is time; where nobody asks any more, the event loop sees to it, if there is one."""
        if now >= self._forget_at:
            self.forget(now)
        if len(self._accounts) >= KEPT:
            self._accounts.popitem(last=False)
        if self._timer is None:
            with suppress(RuntimeError):  # no loop runs
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(SWEPT, self._forget_alone, now - loop.time())

    def _forget_alone(self, ahead: float) -> None:
        """`ahead`: seconds that the callers' clock is ahead of the loop's."""
        self._timer = None
        now = asyncio.get_running_loop().time() + ahead
        self.forget(now)
        if self._accounts:
            self._forget_in_time(now)
