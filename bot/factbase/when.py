"""Time as the pack writes it: days and windows in EDTF, moments in ISO 8601; never a naive time.

EDTF: Library of Congress, Extended Date/Time Format (ISO 8601-2:2019), levels 0 and 1.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from time import struct_time
from zoneinfo import ZoneInfo

from edtf import EDTFParseException, parse_edtf

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
# Of EDTF, what can be told in words: a year, month, season or day, or two of them as a window. Winter is not among
# them: it lies in two years, and nobody can tell which of them is meant.
TELLABLE = re.compile(r"\d{4}(-\d{2}){0,2}[~?%]?(/\d{4}(-\d{2}){0,2}[~?%]?)?", re.ASCII)
OPEN = re.compile(r"(\.\.)?/[^/]+|[^/]+/(\.\.)?|\[\.\..*|.*\.\.\]")
SEASONS = range(21, 24)
SHOWN = 40  # characters of a wrong time that a finding repeats
YEARS = range(2, 9999)  # the arithmetic of dates and zones stays inside the calendar
PRECISIONS = {4: "year", 7: "month", 10: "day"}


class Precision(StrEnum):
    """How exactly a time is known."""

    MOMENT = "moment"
    DAY = "day"
    MONTH = "month"
    SEASON = "season"
    YEAR = "year"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class When:
    """A stretch of time in the topic's zone: from `start` up to, not including, `end`; for a moment both are it.

    `written` is the text of the pack; `approximate` is EDTF's `~` or `?`.
    """

    start: datetime
    end: datetime
    precision: Precision
    approximate: bool
    written: str

    @property
    def first_day(self) -> date:
        return self.start.date()

    @property
    def last_day(self) -> date:
        """The last day that belongs to the stretch."""
        return (
            self.start.date() if self.precision is Precision.MOMENT else (self.end - timedelta(microseconds=1)).date()
        )

    @property
    def known_at(self) -> datetime:
        """The instant from which something known 'on' this time counts: a moment itself, else the end of it."""
        return self.end

    @property
    def day_over_at(self) -> datetime:
        """The instant at which the last day ends."""
        return midnight(self.last_day + timedelta(days=1), self.start.tzinfo)


def midnight(day: date, zone: object) -> datetime:
    """The first instant of a day in a zone."""
    return datetime.combine(day, time(), zone)  # type: ignore[arg-type]


def parse_when(written: str, zone: ZoneInfo) -> When:
    """Reads a day, a window (EDTF) or a moment (ISO 8601, in `zone` where it carries no offset).

    Raises ValueError with a sentence `problem: remedy` for an editor.
    """
    written = written.strip()
    if len(written) > SHOWN:
        raise ValueError(f"{written[:SHOWN]!r} … is not a time: write a day (2025-11-06)")
    if "T" in written:
        moment = parse_moment(written, zone)
        return When(moment, moment, Precision.MOMENT, False, written)
    for year, month, day in DAY.findall(written):
        _require_day(written, int(year), int(month), int(day))
    start, last = _bounds(written)
    if last < start:
        raise ValueError(f"{written!r} ends before it begins: put the earlier day first")
    return When(
        midnight(start, zone), midnight(last + timedelta(days=1), zone),
        _precision(written), bool(re.search(r"[~?%]", written)), written,
    )  # fmt: skip


def parse_moment(written: str, zone: ZoneInfo) -> datetime:
    """Reads an ISO 8601 moment into `zone`. Raises ValueError with a sentence `problem: remedy`."""
    if not MOMENT.fullmatch(written):
        shown = repr(written[:SHOWN])
        raise ValueError(f"{shown} is not a moment: write it like 2025-11-06T09:00, an offset only if you need one")
    _require_day(written, *(int(part) for part in written[:10].split("-")))
    if int(written[:4]) not in YEARS:
        raise ValueError(f"{written!r} is out of range: write a year from {YEARS.start} to {YEARS.stop - 1}")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f"{written!r} is not a moment: {error}: write it like 2025-11-06T09:00") from error
    if moment.tzinfo:
        return moment.astimezone(zone)
    local = moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise ValueError(f"{written!r} does not exist in {zone.key}, where the clocks went forward: write another hour")
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError(
            f"{written!r} comes twice in {zone.key}, where the clocks went back: add the offset, as in -06:00"
        )
    return local


def _require_day(written: str, year: int, month: int, day: int) -> None:
    if not 1 <= month <= 12:
        raise ValueError(f"{written!r} is not a day: there is no month {month}: write months as 01 to 12")
    if year < 1:
        raise ValueError(f"{written!r} is not a day: there is no year 0: write the year in four digits")
    length = calendar.monthrange(year, month)[1]
    if not 1 <= day <= length:
        raise ValueError(f"{written!r} is not a day: {calendar.month_name[month]} has {length}: correct the day")


@lru_cache(maxsize=1_000)
def _bounds(written: str) -> tuple[date, date]:
    """The first and the last day of an EDTF text. Kept, since the parser takes 10 ms and packs repeat their days."""
    if OPEN.fullmatch(written):
        raise ValueError(f"{written!r} has no end or no beginning: write both days of the window")
    try:
        if not TELLABLE.fullmatch(written):
            raise ValueError("EDTF that cannot be told in words")
        parsed = parse_edtf(written)
        lower, upper = parsed.lower_strict(), parsed.upper_strict()
    except (EDTFParseException, ValueError, OverflowError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{written!r} is not a time: write a day (2025-11-06), a window (2025-11-01/2025-11-07) "
            "or a moment (2025-11-06T09:00)"
        ) from error
    if any(int(season) > 12 and int(season) not in SEASONS for season in re.findall(r"^\d{4}-(\d{2})[~?%]?$", written)):
        raise ValueError(f"{written!r} is not a season that lies in one year: write its months (2025-12/2026-02)")
    return _day(lower, written), _day(upper, written)


def _day(parsed: struct_time, written: str) -> date:
    if parsed.tm_year not in YEARS:
        raise ValueError(f"{written!r} is out of range: write a year from {YEARS.start} to {YEARS.stop - 1}")
    return date(*parsed[:3])


def _precision(written: str) -> Precision:
    bare = re.sub(r"[~?%]", "", written)
    if "/" in bare:
        return Precision.WINDOW
    if len(bare) == 7 and int(bare[5:]) in SEASONS:
        return Precision.SEASON
    return Precision(PRECISIONS[len(bare)])
