"""Times of the pack: days, windows and moments, and everything that is none of them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.factbase.when import Precision, When, parse_moment, parse_when

DALLAS = ZoneInfo("America/Chicago")
SAMPLES = {
    "2025-11-06": (date(2025, 11, 6), date(2025, 11, 6), Precision.DAY),
    "2025-11": (date(2025, 11, 1), date(2025, 11, 30), Precision.MONTH),
    "2024-02": (date(2024, 2, 1), date(2024, 2, 29), Precision.MONTH),
    "2026-21": (date(2026, 3, 1), date(2026, 5, 31), Precision.SEASON),
    "2026-22": (date(2026, 6, 1), date(2026, 8, 31), Precision.SEASON),
    "2026-23": (date(2026, 9, 1), date(2026, 11, 30), Precision.SEASON),
    "2025": (date(2025, 1, 1), date(2025, 12, 31), Precision.YEAR),
    "2025-11-01/2025-11-07": (date(2025, 11, 1), date(2025, 11, 7), Precision.WINDOW),
    "2025-12/2026-02": (date(2025, 12, 1), date(2026, 2, 28), Precision.WINDOW),
    "2025-11-06T09:00": (date(2025, 11, 6), date(2025, 11, 6), Precision.MOMENT),
    "2025-11-06T23:59": (date(2025, 11, 6), date(2025, 11, 6), Precision.MOMENT),
}


@pytest.mark.parametrize("written", SAMPLES)
def test_days_and_precision_are_read(written: str) -> None:
    when = parse_when(written, DALLAS)
    assert (when.first_day, when.last_day, when.precision) == SAMPLES[written]
    assert when.start.tzinfo is DALLAS
    assert not when.approximate


@pytest.mark.parametrize("written", ["2025-10-24~", "2025-10-24?", "2025-10-24%", "2025~", "2025-11-01~/2025-11-07"])
def test_approximate_times_say_so(written: str) -> None:
    assert parse_when(written, DALLAS).approximate


def test_approximation_does_not_widen_the_bounds() -> None:
    about, exact = parse_when("2025-10-24~", DALLAS), parse_when("2025-10-24", DALLAS)
    assert (about.start, about.end) == (exact.start, exact.end)


def test_a_day_is_known_from_its_end_and_a_moment_from_itself() -> None:
    assert parse_when("2025-11-05", DALLAS).known_at == datetime(2025, 11, 6, tzinfo=DALLAS)
    assert parse_when("2025-11-05T09:00", DALLAS).known_at == datetime(2025, 11, 5, 9, tzinfo=DALLAS)


def test_a_day_with_25_hours_ends_at_local_midnight() -> None:
    when = parse_when("2025-11-02", DALLAS)  # the clocks go back
    assert (when.end.astimezone(UTC) - when.start.astimezone(UTC)).total_seconds() == 25 * 3600
    assert when.day_over_at == datetime(2025, 11, 3, tzinfo=DALLAS)


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(ValueError, match=r"does not exist in America/Chicago.*: write another hour"):
        parse_when("2026-03-08T02:30", DALLAS)


def test_an_hour_that_comes_twice_needs_an_offset() -> None:
    with pytest.raises(ValueError, match=r"comes twice .*: add the offset"):
        parse_when("2025-11-02T01:30", DALLAS)
    first, second = (parse_moment(f"2025-11-02T01:30{offset}", DALLAS) for offset in ("-05:00", "-06:00"))
    assert (second.astimezone(UTC) - first.astimezone(UTC)).total_seconds() == 3600


def test_offsets_lead_into_the_topics_zone() -> None:
    assert parse_moment("2025-11-06T15:00Z", DALLAS) == datetime(2025, 11, 6, 9, tzinfo=DALLAS)
    assert parse_moment("2025-11-06T15:00Z", DALLAS).hour == 9


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2025-11-31", "November has 30"),
        ("2025-02-29", "February has 28"),
        ("2025-13-01", "there is no month 13"),
        ("2025-11-31T09:00", "November has 30"),
        ("2025-11-01/2025-11-31", "November has 30"),
        ("2025-11-07/2025-11-01", "ends before it begins"),
        ("2025-11-06T24:00", "is not a moment"),
        ("2025-11-06T9:00", "is not a moment"),
        ("2025-11-06T09:00+25:00", "is not a moment"),
        ("2025-11-06T09:00/2025-11-06T11:00", "is not a moment"),
        ("2025-11-06 09:00", "is not a time"),
        ("11/06/2025", "is not a time"),
        ("Nov 6, 2025", "is not a time"),
        ("2025-11-06Z", "is not a time"),
        ("20251106", "is not a time"),
        ("", "is not a time"),
        ("2025-11-XX", "is not a time"),  # could only be told as a day
        ("2025-XX", "is not a time"),
        ("201X", "is not a time"),
        ("{2025-11-01,2025-11-05}", "is not a time"),
        ("2025-24", "not a season that lies in one year"),
        ("2025-33", "not a season"),
        ("Y10000000000000", "is not a time"),
        ("0001-01-01T00:00Z", "out of range"),
        ("9999-12-31T23:59", "out of range"),
        ("9999-12-31", "out of range"),
        ("0000", "out of range"),
        ("２０２５-11-06", "is not a time"),
        ("x" * 100_000, "is not a time"),
    ],
)
def test_wrong_times_are_refused_with_a_remedy(written: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        parse_when(written, DALLAS)
    text, _, remedy = str(caught.value).rpartition(": ")
    assert text
    assert remedy
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("written", ["2025-11-01/..", "../2025-11-01", "2025/", "/2025", "[..2025]", "[2025..]"])
def test_open_intervals_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no end or no beginning: write both days"):
        parse_when(written, DALLAS)


EDTF_LIKE = st.text("0123456789-/.T:~?%XY[]{}, Z+eSu()", max_size=30)


@given(st.one_of(st.text(max_size=60), EDTF_LIKE))
@example("0001-01-01T00:00Z")
@example("2025-21/2025-22")
@example("Y" + "9" * 30)
def test_any_text_is_a_time_or_a_sentence_with_a_remedy(written: str) -> None:
    try:
        when = parse_when(written, DALLAS)
    except ValueError as error:
        problem, _, remedy = str(error).rpartition(": ")
        assert problem
        assert remedy
        return
    assert isinstance(when, When)
    assert when.start <= when.end <= when.day_over_at
    assert when.first_day <= when.last_day


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_every_day_of_the_calendar_is_read_back(day: date) -> None:
    when = parse_when(day.isoformat(), DALLAS)
    assert (when.first_day, when.last_day) == (day, day)
    assert when.start.astimezone(UTC) < when.end.astimezone(UTC)
