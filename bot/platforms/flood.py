"""Keeps one who asks without end from taking the time of others: one calm word, then silence for a while."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

KEPT: Final = 50_000  # at most; whoever comes back after so many others begins anew
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


class FloodControl:
    """Takes `burst` questions at once of each, and one more every `every` seconds; who asks for more is not heard for
    `silence` seconds. Instants are seconds of any clock that only goes forward."""

    def __init__(self, burst: int, every: float, silence: float = SILENCE) -> None:
        self._slack = burst * every
        self._every = every
        self._silence = silence
        self._accounts: OrderedDict[Hashable, _Account] = OrderedDict()

    def judge(self, who: Hashable, now: float, weight: int = 1) -> Verdict:
        """What becomes of a question that `who` asks now, which counts as `weight` of them."""
        self._forget_two(now)
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

    def _forget_two(self, now: float) -> None:
        """Lets go of those seen longest ago who have made up for everything: two for each that may come."""
        for _ in range(2):
            oldest = next(iter(self._accounts), None)
            if oldest is None:
                return
            account = self._accounts[oldest]
            if max(account.even_at, account.silent_until) > now and len(self._accounts) <= KEPT:
                return
            del self._accounts[oldest]
