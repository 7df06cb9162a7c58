"""Notices when the event loop comes late to what is due: then everybody waits."""

import asyncio
from collections import deque
from time import monotonic
from typing import Final

EVERY: Final = 0.5  # seconds between two looks; a stall is at most so much longer than it is told
KEPT: Final = 30  # looks, a quarter of a minute: what happens between two questions of Prometheus is not missed


class LoopLag:
    """How late the event loop was lately, while `watch` runs on it."""

    def __init__(self, every: float = EVERY, kept: int = KEPT) -> None:
        self._every = every
        self._late: deque[float] = deque([0.0], maxlen=kept)

    @property
    def seconds(self) -> float:
        """The latest that it was in the last looks."""
        return max(self._late)

    async def watch(self) -> None:
        """Looks again and again, until cancelled."""
        while True:
            due_at = monotonic() + self._every
            await asyncio.sleep(self._every)
            self._late.append(max(0.0, monotonic() - due_at))
