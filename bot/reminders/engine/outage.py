"""Tells that nothing gets through: then one message at a time is tried, and only attempts in doubt are counted."""

from typing import Final

IN_A_ROW: Final = 5  # failures, with no success between them, that make an outage
FIRST_PAUSE: Final = 1.0  # seconds before the next probe; doubled with each
LONGEST_PAUSE: Final = 30.0  # seconds


class Outage:
    """The last sends of one replica, all chunks together; instants are of `rate.elapsed`."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = FIRST_PAUSE
        self.until = 0.0  # nothing is to be sent before that

    @property
    def is_on(self) -> bool:
        """Whether the last failures had no success between them."""
        return self._failures >= IN_A_ROW

    def failed(self, now: float) -> None:
        """One message did not get through, for no fault of its own."""
        self._failures += 1
        if self.is_on and now >= self.until:
            self.until = now + self._pause
            self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def succeeded(self) -> None:
        """The platform answered."""
        self._failures, self._pause, self.until = 0, FIRST_PAUSE, 0.0
