"""What `explainer doctor` sees of one thing that the program needs, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

CLOCK: Final = "clock"
DRIFT, ASTRAY = 30.0, 600.0  # seconds between two clocks: from which on reminders come late, and at the wrong time


class Condition(StrEnum):
    """An error keeps the program from doing its work, a warning may; what is ok needs nobody."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Observation:
    """One line: which `check` saw what, and the remedy (none where all is well). No part names a token, a secret path,
    a key or a chat. `is_out_of_reach` says that not the setup is at fault but something outside the program."""

    check: str
    condition: Condition
    seen: str
    remedy: str = ""
    is_out_of_reach: bool = False

    def __str__(self) -> str:
        return f"{self.condition:<8} {self.check}: {self.seen}" + (f": {self.remedy}." if self.remedy else ".")

    def written(self) -> dict[str, str]:
        """As a script reads it."""
        return {"check": self.check, "level": self.condition.value, "seen": self.seen, "remedy": self.remedy}


def fine(check: str, seen: str) -> Observation:
    """All is well."""
    return Observation(check, Condition.OK, seen)


def doubtful(check: str, seen: str, remedy: str) -> Observation:
    """Something to know of; the program works on."""
    return Observation(check, Condition.WARNING, seen, remedy)


def wrong(check: str, seen: str, remedy: str, *, is_out_of_reach: bool = False) -> Observation:
    """Something keeps the program from its work."""
    return Observation(check, Condition.ERROR, seen, remedy, is_out_of_reach)


def compare_clocks(here: datetime, there: datetime, whose: str) -> Observation:
    """How this machine's time differs from another's, both with a zone."""
    apart = (here - there).total_seconds()
    if abs(apart) < DRIFT:
        return fine(CLOCK, f"this machine's clock agrees with {whose}")
    seen = f"this machine's clock is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} {whose}"
    remedy = "set it, and keep it right by NTP, since reminders go by it"
    return doubtful(CLOCK, seen, remedy) if abs(apart) < ASTRAY else wrong(CLOCK, seen, remedy)


def exit_status(observations: list[Observation]) -> int:
    """What a command ends with: 1 where the setup or the content is at fault, 3 where only something else is out of
    reach, 0 where there is no error."""
    errors = [one for one in observations if one.condition is Condition.ERROR]
    if not errors:
        return 0
    return 3 if all(one.is_out_of_reach for one in errors) else 1
