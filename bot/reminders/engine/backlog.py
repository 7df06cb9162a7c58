"""The rows of one chunk that still have to be sent: those whose turn it is, and those that wait to be tried again."""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

ATTEMPTS: Final = 10  # tries of one message, over at least four minutes, while other messages do arrive
FIRST_PAUSE: Final = 1.0  # seconds before a second try; doubled with each
LONGEST_PAUSE: Final = 60.0  # seconds


class Backlog:
    """Rows by their subscription's id, with the number of attempts that were made; instants are of `rate.elapsed`."""

    def __init__(self, waiting: Mapping[int, int]) -> None:
        self._attempts = dict(waiting)
        # Those that may have arrived: of attempts in an earlier run nobody knows any more how they failed.
        self._doubtful = {row for row, attempts in waiting.items() if attempts}
        self._fresh = deque(sorted(waiting, key=lambda row: (waiting[row], row)))
        self._later: list[tuple[float, int]] = []

    def take(self, count: int, now: float) -> list[int]:
        """The next rows whose turn it is, at most `count`."""
        while self._later and self._later[0][0] <= now:
            self._fresh.append(heapq.heappop(self._later)[1])
        return [self._fresh.popleft() for _ in range(min(count, len(self._fresh)))]

    def put_back(self, rows: Iterable[int]) -> None:
        """Rows that were taken and not tried: they come first again."""
        self._fresh.extendleft(reversed(list(rows)))

    def put_off(self, row: int, until: float) -> None:
        """A row that is not to be tried before that."""
        heapq.heappush(self._later, (until, row))

    def tried(self, row: int, *, unsure: bool = False) -> float | None:
        """Count an attempt that failed: how many seconds to wait before the next; None when there were enough. Of those
        that are `unsure`, that is where the message may have arrived, two are enough."""
        attempts = self._attempts[row] = self._attempts[row] + 1
        if unsure and row in self._doubtful:
            return None
        if unsure:
            self._doubtful.add(row)
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1)) if attempts < ATTEMPTS else None

    def next_at(self, now: float) -> float | None:
        """When a row's turn comes; None when none is left."""
        if self._fresh:
            return now
        return self._later[0][0] if self._later else None
