"""Clocks: the real one, one that starts elsewhere, one that stands still."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from bot.core.clock import FixedClock, RehearsalClock, SystemClock

EVENING = datetime(2025, 10, 24, 18, tzinfo=ZoneInfo("America/Chicago"))


def test_the_real_clock_is_not_set_and_gives_the_time_with_a_zone() -> None:
    clock = SystemClock()
    assert not clock.is_set
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)


def test_a_rehearsal_begins_at_its_instant_and_runs_on() -> None:
    clock = RehearsalClock(EVENING, begun=monotonic() - 90)
    assert clock.is_set
    assert timedelta(seconds=90) <= clock.now() - EVENING < timedelta(seconds=95)
    assert clock.now().tzinfo is UTC


def test_a_rehearsal_runs_evenly_through_the_night_when_clocks_go_back() -> None:
    start = datetime(2025, 11, 2, 0, 30, tzinfo=ZoneInfo("America/Chicago"))
    clock = RehearsalClock(start, begun=monotonic() - 7_200)
    local = clock.now().astimezone(start.tzinfo)
    assert (local.hour, local.minute) == (1, 30)


def test_a_fixed_clock_stands_still() -> None:
    clock = FixedClock(EVENING)
    assert clock.is_set
    assert clock.now() == clock.now() == EVENING
