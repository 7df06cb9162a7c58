"""Telegram's flood control: how many messages a bot may send, counted as strictly as its documentation words it."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic

from tests.double.table import RefusedError

MINUTE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages to a chat and to all chats in any second, and to a group in any minute."""

    chat: int = 1
    overall: int = 30
    group: int = 20


class FloodControl:
    """Counts what is let through; a call beyond a limit is refused and counts for nothing."""

    def __init__(self, limits: Limits, now: Callable[[], float] = monotonic) -> None:
        self.limits = limits
        self.refused = 0
        self._now = now
        self._overall: deque[float] = deque()
        self._chats: dict[int, deque[float]] = defaultdict(deque)
        self._groups: dict[int, deque[float]] = defaultdict(deque)

    def admit(self, chat: int) -> None:
        """Counts a message to a chat; one too many is a RefusedError 429 with `retry_after` in whole seconds."""
        now = self._now()
        windows = [(self._overall, self.limits.overall, 1.0), (self._chats[chat], self.limits.chat, 1.0)]
        if chat < 0:
            windows.append((self._groups[chat], self.limits.group, MINUTE))
        wait = max(_wait(times, most, seconds, now) for times, most, seconds in windows)
        if wait > 0:
            self.refused += 1
            seconds = ceil(wait)
            raise RefusedError(f"Too Many Requests: retry after {seconds}", 429, {"retry_after": seconds})
        for times, _, _ in windows:
            times.append(now)


def _wait(times: deque[float], most: int, seconds: float, now: float) -> float:
    """Seconds until one more fits into the window."""
    while times and now - times[0] >= seconds:
        times.popleft()
    return times[0] + seconds - now if len(times) >= most else 0.0
