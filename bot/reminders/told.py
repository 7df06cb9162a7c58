"""What subscribers are told of a date, apart from words: the part of a report whose change is worth a notice."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Self

from bot.factbase.models import Report
from bot.factbase.when import Precision, When
from bot.reminders.notice import Kind

AHEAD: Final = "ahead"  # a date is expected, scheduled, or known after a postponement
OPEN: Final = "open"  # postponed, and nobody knows until when
CANCELLED: Final = "cancelled"
ENDED: Final = frozenset({OPEN, "held", "decided"})
DETAILS: Final = ("body", "place", "tally")  # what a report may leave out without taking it back
DIGEST: Final = 4  # bytes
AWAITED_FOR: Final = timedelta(days=180)  # for how long after its date a vote's outcome may still be reported
EXACT: Final = frozenset({Precision.MOMENT, Precision.DAY})


def date_ahead(report: Report | None) -> When | None:
    """The date that a report says is to come: when, or until when it is postponed."""
    if report is None or report.state not in {"expected", "scheduled", "postponed"}:
        return None
    if report.state == "postponed":
        return report.until if isinstance(report.until, When) else None
    return report.when


def is_exact(report: Report) -> bool:
    """Whether the day is known, and not only a window in which it may lie."""
    ahead = date_ahead(report)
    return bool(ahead and ahead.precision in EXACT and not ahead.approximate and report.state != "expected")


def is_open(report: Report | None, at: datetime) -> bool:
    """Whether an outcome may still come: the date lies ahead, or passed not too long ago and nobody has reported it."""
    ahead = date_ahead(report)
    return ahead is not None and at < ahead.end + AWAITED_FOR


@dataclass(frozen=True, slots=True)
class Told:
    """One report, reduced: `start` and `end` are ISO instants in UTC of the date ahead, equal for a moment; `held` is
    the ISO day of a meeting that took place; `postponed`, whether the date is that of a postponement."""

    standing: str
    exact: bool = False
    start: str | None = None
    end: str | None = None
    postponed: bool = False
    held: str | None = None
    outcome: str | None = None
    body: str | None = None
    place: str | None = None
    tally: str | None = None

    @property
    def starts_at(self) -> datetime | None:
        return datetime.fromisoformat(self.start) if self.start else None

    @property
    def ends_at(self) -> datetime | None:
        return datetime.fromisoformat(self.end) if self.end else None

    @property
    def _date(self) -> tuple[Any, ...]:
        return (self.standing, self.exact, self.start, self.end, self.held, self.outcome)

    def version(self, number: int) -> str:
        """Names this schedule after `number` changes; without the details, which may be added while a notice is on
        its way and are told as they are when it is sent."""
        text = json.dumps(self._date)
        return f"{number}-{blake2b(text.encode(), digest_size=DIGEST).hexdigest()}"

    def agrees_with(self, other: Self) -> bool:
        """Whether neither says anything else than the other, though it may say more."""
        return self._date == other._date and all(
            None in (getattr(self, name), getattr(other, name)) or getattr(self, name) == getattr(other, name)
            for name in DETAILS
        )

    def with_details_of(self, other: Self) -> Self:
        """This one, with the details that it leaves out and the other tells."""
        missing = {name: getattr(other, name) for name in DETAILS if getattr(self, name) is None}
        return replace(self, **missing)


def told_of(report: Report) -> Told:
    """What is told of a date by one report of it."""
    ahead = date_ahead(report)
    held = report.held.first_day.isoformat() if report.held else None
    tally = json.dumps(report.tally if isinstance(report.tally, str) else dict(report.tally)) if report.tally else None
    if ahead:
        start, end = (at.astimezone(UTC).isoformat() for at in (ahead.start, ahead.end))
        told = Told(AHEAD, is_exact(report), start, end, report.state == "postponed")
    else:
        standing = OPEN if report.state == "postponed" else report.state
        told = Told(standing, held=held, outcome=report.outcome)
    return replace(told, body=report.body, place=report.place, tally=tally)


@dataclass(frozen=True, slots=True)
class Sight:
    """What was told of an item, and since when the pack has it known: the text that the ledger keeps of it.

    `waiting` is the version of a change that is to be told in the morning, `seen_at` when it was first seen.
    """

    told: Told
    since: datetime
    waiting: str | None = None
    seen_at: datetime | None = None

    def text(self) -> str:
        """Canonical JSON."""
        kept: dict[str, Any] = {"since": self.since.astimezone(UTC).isoformat(), "told": asdict(self.told)}
        if self.waiting and self.seen_at:
            kept |= {"waiting": self.waiting, "seen_at": self.seen_at.astimezone(UTC).isoformat()}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Reads what `text` wrote; None where another version of the program wrote it otherwise."""
        try:
            kept = json.loads(text)
            seen_at = datetime.fromisoformat(kept["seen_at"]) if "seen_at" in kept else None
            return cls(Told(**kept["told"]), datetime.fromisoformat(kept["since"]), kept.get("waiting"), seen_at)
        except (ValueError, TypeError, KeyError):
            return None


def change_of(old: Told, new: Told, known: Iterable[Told]) -> Kind | None:
    """What kind of notice tells those who were told `old` that it is `new` now; None where nothing needs telling.

    `known` are all reports of the item that are known. One that was told and is not among them any more was wrong.
    """
    if old.agrees_with(new):
        return None
    if not any(old.agrees_with(report) for report in known):
        return Kind.CORRECTION
    if new.standing == CANCELLED:
        return Kind.CANCELLED
    if new.standing in ENDED:
        return Kind.CORRECTION if new.standing == old.standing != OPEN else Kind.OUTCOME
    if new.exact and not new.postponed and _is_better_known(old, new):
        return Kind.DATE_KNOWN
    return Kind.MOVED


def _is_better_known(old: Told, new: Told) -> bool:
    """Whether there was no exact date before, or the same day without its hour."""
    if not old.exact or old.start is None or old.end is None:
        return True
    assert new.start is not None  # noqa: S101 - it is ahead
    return old.start < old.end and old.start <= new.start < old.end
