"""What time it is: the only place that asks the machine for the time of day."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol


class Clock(Protocol):
    """Gives the present instant; `is_set` says that somebody chose it, so that readers can be told."""

    @property
    def is_set(self) -> bool: ...

    def now(self) -> datetime: ...


class SystemClock:
    """The real time."""

    is_set = False

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class RehearsalClock:
    """Starts at `start` (an instant with a zone) and then runs on as real time does."""

    start: datetime
    begun: float = field(default_factory=monotonic)
    is_set = True

    def now(self) -> datetime:
        return self.start.astimezone(UTC) + timedelta(seconds=monotonic() - self.begun)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Stands still at `instant`."""

    instant: datetime
    is_set = True

    def now(self) -> datetime:
        return self.instant.astimezone(UTC)
