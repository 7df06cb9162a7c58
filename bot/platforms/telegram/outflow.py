"""How fast this process sends answers: never above the rate, and a short crowd at once."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

BURST: Final = 1.0  # seconds' worth of messages that may go at once


class Outflow:
    """Lets `rate` messages a second through, in the order of asking. Reminders take what answers leave: they are told
    what was used."""

    def __init__(self, rate: float, clock: Callable[[], float] = monotonic) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._even_at = 0.0  # when all that went so far is made up for

    def try_take(self) -> bool:
        """Takes leave for one message if it may go now."""
        now = self._clock()
        even_at = max(self._even_at, now) + self._interval
        if even_at - now > max(BURST, self._interval):
            return False
        self._even_at = even_at
        return True

    async def take(self) -> None:
        """Returns when the next message may go."""
        now = self._clock()
        self._even_at = max(self._even_at, now) + self._interval
        if (wait := self._even_at - now - max(BURST, self._interval)) > 0:
            await asyncio.sleep(wait)
