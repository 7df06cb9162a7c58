"""Nobody is woken, also in the nights when the clocks change."""

import pytest

from bot.reminders.quiet_hours import is_quiet, local_moment, morning_after, out_of_quiet_hours
from tests.unit.reminders.newsroom import DALLAS, at


@pytest.mark.parametrize(
    ("instant", "quiet"),
    [
        ("2025-11-01T20:59:59", False),
        ("2025-11-01T21:00", True),
        ("2025-11-02T01:30", True),
        ("2025-11-02T07:59:59", True),
        ("2025-11-02T08:00", False),
        ("2026-03-08T07:59", True),
        ("2026-03-08T08:00", False),
    ],
)
def test_quiet_hours_go_from_nine_in_the_evening_to_eight(instant: str, quiet: bool) -> None:
    assert is_quiet(at(instant), DALLAS) is quiet


@pytest.mark.parametrize(
    ("instant", "morning", "hours"),
    [
        ("2025-11-01T22:00", "2025-11-02T08:00", 11),  # the night has an hour more
        ("2026-03-07T22:00", "2026-03-08T08:00", 9),  # and here one less
        ("2028-02-28T23:00", "2028-02-29T08:00", 9),
        ("2025-11-05T00:30", "2025-11-05T08:00", 7.5),
        ("2025-11-05T12:00", "2025-11-05T12:00", 0),
    ],
)
def test_morning_comes_at_eight_however_long_the_night(instant: str, morning: str, hours: float) -> None:
    found = morning_after(at(instant), DALLAS)

    assert found == at(morning)
    assert (found.timestamp() - at(instant).timestamp()) / 3600 == hours


@pytest.mark.parametrize(
    ("instant", "start", "moved"),
    [
        ("2025-11-06T07:00", "2025-11-06T09:00", "2025-11-06T08:00"),  # just an hour remains
        ("2025-11-06T06:59", "2025-11-06T08:59", "2025-11-05T20:00"),
        ("2025-11-05T23:00", "2025-11-06T01:00", "2025-11-05T20:00"),
        ("2025-11-05T01:00", "2025-11-06T01:00", "2025-11-05T08:00"),
        ("2025-11-05T21:30", "2025-11-05T23:30", "2025-11-05T20:00"),
        ("2025-11-05T12:00", "2025-11-05T14:00", "2025-11-05T12:00"),
        ("2026-03-08T06:00", "2026-03-08T08:00", "2026-03-07T20:00"),
        ("2025-11-02T00:30", "2025-11-02T01:30", "2025-11-01T20:00"),
    ],
)
def test_reminder_in_the_night_moves_to_the_morning_or_to_the_evening_before(
    instant: str, start: str, moved: str
) -> None:
    assert out_of_quiet_hours(at(instant), at(start), DALLAS) == at(moved)


def test_hour_that_the_clocks_skip_is_the_one_after_it() -> None:
    skipped = at("2026-03-08T02:30")

    assert local_moment(skipped.date(), skipped.time(), DALLAS) == at("2026-03-08T03:30")
