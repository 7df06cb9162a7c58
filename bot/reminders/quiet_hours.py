"""The hours in which nobody is woken: from 9 p.m. to 8 a.m. in the topic's zone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BEGIN: Final = time(21)
END: Final = time(8)
EVENING: Final = time(20)  # when somebody is told what cannot wait for the morning
ENOUGH: Final = timedelta(hours=1)  # what has to remain in the morning for a notice to be of use
DAY: Final = timedelta(days=1)


def is_quiet(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether an instant lies in the quiet hours; 8 a.m. does not, 9 p.m. does."""
    local = instant.astimezone(zone).time()
    return local >= BEGIN or local < END


def local_moment(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """A wall time of a day; one that the clocks skip is the same stretch after the hour before it."""
    return datetime.combine(day, hour, zone).astimezone(UTC).astimezone(zone)


def morning_after(instant: datetime, zone: ZoneInfo) -> datetime:
    """The end of the quiet night that an instant lies in; any other instant itself."""
    return local_moment(_evening_of(instant, zone) + DAY, END, zone) if is_quiet(instant, zone) else instant


def out_of_quiet_hours(instant: datetime, start: datetime, zone: ZoneInfo) -> datetime:
    """When to remind of what begins at `start` instead of at `instant`: in the quiet hours at 8 a.m. if at least an
    hour then remains, else at 8 p.m. of the evening before that night."""
    morning = morning_after(instant, zone)
    if morning == instant or start.astimezone(UTC) - morning >= ENOUGH:
        return morning
    return local_moment(_evening_of(instant, zone), EVENING, zone)


def _evening_of(instant: datetime, zone: ZoneInfo) -> date:
    """The day on whose evening the quiet night of an instant begins."""
    local = instant.astimezone(zone)
    return local.date() if local.time() >= BEGIN else local.date() - DAY
