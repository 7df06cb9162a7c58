"""How fast all replicas together may send: one row that moves forward with every message, by one common clock."""

import time
from dataclasses import dataclass, replace
from typing import Final

from bot.reminders.ledger import Grant

GRANTED: Final = 0.25  # seconds' worth of messages that one grant holds at most
AHEAD: Final = 0.3  # seconds before its time that a grant may be had
FARTHEST: Final = (
    5.0  # seconds: what lies further ahead was written before the clock was set back, or a machine's restart
)
LONGEST_THROTTLE: Final = 900.0  # seconds: a platform that wants more says so again
SHARE: Final = 0.97  # of the rate, so that sending that comes unevenly late stays below it in every second


def elapsed() -> float:
    """Seconds that went by since some past instant, those in which the machine or this process slept included.

    The same clock for all processes of a machine, which nobody sets.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # macOS has none, but its monotonic one serves
    return time.clock_gettime(clock)


@dataclass(frozen=True, slots=True)
class Bucket:
    """When the next message may go, and from when to when none may at all (a throttle), in seconds of one clock."""

    next_at: float = 0.0
    closed_from: float = 0.0
    closed_until: float = 0.0

    def reserve(self, now: float, wanted: int, answers: int, rate: float) -> tuple["Bucket", Grant]:
        """Take leave for up to `wanted` messages at `rate` a second, after the `answers` that went out already.

        The grant's times are of the same clock as `now`.
        """
        interval = 1 / (rate * SHARE)
        next_at = self.next_at if self.next_at <= now + FARTHEST else now
        next_at = max(next_at, now) + answers / rate
        if self.closed_from <= now < self.closed_until:
            return replace(self, next_at=next_at), Grant(0, max(next_at, self.closed_until), interval)
        if next_at > now + AHEAD:
            return replace(self, next_at=next_at), Grant(0, next_at - AHEAD, interval)
        count = min(wanted, max(1, int(rate * GRANTED)))
        return replace(self, next_at=next_at + count * interval), Grant(count, next_at, interval)

    def throttled(self, now: float, seconds: float) -> "Bucket":
        """Closed for `seconds` from `now`, or as long as it was before."""
        until = now + min(seconds, LONGEST_THROTTLE)
        still = self.closed_until if self.closed_from <= now else 0.0
        return replace(self, closed_from=now, closed_until=max(until, min(still, now + LONGEST_THROTTLE)))
