"""A notice: one thing to tell all subscribers about one date, and until when it is of use."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a notice says."""

    WEEK = "week"  # 7 days before
    DAY = "day"  # 1 day before
    HOURS = "hours"  # 2 hours before; where no hour is known, on the morning of the day
    WINDOW = "window"  # before a window opens whose day is not known
    DATE_KNOWN = "date_known"  # the day became known
    MOVED = "moved"  # another date than was told
    CANCELLED = "cancelled"
    SETTLED = "settled"  # an outcome while another vote is open: tells, ends nothing
    OUTCOME = "outcome"  # decided, held, or postponed indefinitely: ends the subscriptions made before it
    OVER = "over"  # nothing lies ahead any more: ends them too, and is sent to nobody
    CORRECTION = "correction"  # what was told was wrong


# Which of a reader's choices let a notice through; those that are not here always pass.
CHOICES_OF: Final = {Kind.WEEK: ("week",), Kind.DAY: ("day",), Kind.HOURS: ("hours",), Kind.WINDOW: ("week", "day")}
ENDING: Final = frozenset({Kind.OUTCOME, Kind.OVER})


@dataclass(frozen=True, slots=True)
class Notice:
    """`item` is the id of a decision or deadline, `version` a digest of its schedule as told: the three are unique.

    It is sent from `send_at` on and never at or after `useful_until` (both with a zone). `silent`: without a sound,
    since it could not wait for the end of the quiet hours.
    """

    item: str
    kind: Kind
    version: str
    send_at: datetime
    useful_until: datetime
    silent: bool = False

    @property
    def key(self) -> str:
        """Stable text for logs, the ledger and the operator."""
        return f"{self.item}/{self.kind}/{self.version}"
