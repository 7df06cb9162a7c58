"""The quiet hours of a delivery that lasts: what can wait rests until the morning, what cannot goes without a sound."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.clock import Clock
from bot.reminders.notice import Kind, Notice
from bot.reminders.quiet_hours import ENOUGH, is_quiet, morning_after

AT_ALL: Final = timedelta(0)
NEEDED: Final = {Kind.HOURS: ENOUGH}  # what has to remain in the morning


class Night:
    """The nights of `zone`, by the topic's clock."""

    def __init__(self, clock: Clock, zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = zone

    @property
    def is_on(self) -> bool:
        """Whether readers are not to be woken now."""
        return is_quiet(self._clock.now(), self._zone)

    def rests(self, notices: Iterable[Notice]) -> bool:
        """Whether a campaign of these waits for the morning: it is night, and each of them is still of use then.

        Those that were planned as silent could not wait when they were planned, and cannot now.
        """
        if not self.is_on:
            return False
        now = self._clock.now()
        morning = morning_after(now, self._zone)
        useful = [notice for notice in notices if now < notice.useful_until]
        return bool(useful) and all(
            not notice.silent and morning + NEEDED.get(notice.kind, AT_ALL) < notice.useful_until for notice in useful
        )
