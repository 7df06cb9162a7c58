"""Reminders stand where the newest report puts them, in the wall time of the topic's zone."""

from datetime import timedelta

import pytest

from bot.reminders.notice import Kind, Notice
from bot.reminders.quiet_hours import is_quiet
from bot.reminders.schedule import due, upcoming
from tests.unit.reminders.newsroom import DALLAS, Newsroom, at, clock

NEVER_OR_TWICE = {("2025-11-02", 1), ("2026-03-08", 2)}  # hours that the pack's check refuses


def spans(notices: tuple[Notice, ...]) -> dict[Kind, tuple[str, str]]:
    """Each kind's first and last instant, in Dallas."""
    return {
        one.kind: tuple(f"{end.astimezone(DALLAS):%Y-%m-%dT%H:%M}" for end in (one.send_at, one.useful_until))
        for one in notices
    }


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (
            {"state": "scheduled", "when": "2025-11-06T13:00"},  # the clocks go back within the week before
            {
                Kind.WEEK: ("2025-10-30T13:00", "2025-11-05T11:00"),
                Kind.DAY: ("2025-11-05T13:00", "2025-11-06T09:00"),
                Kind.HOURS: ("2025-11-06T11:00", "2025-11-06T13:00"),
            },
        ),
        (
            {"state": "scheduled", "when": "2025-11-06T09:00"},
            {
                Kind.WEEK: ("2025-10-30T09:00", "2025-11-05T07:00"),
                Kind.DAY: ("2025-11-05T09:00", "2025-11-06T06:00"),
                Kind.HOURS: ("2025-11-06T08:00", "2025-11-06T09:00"),
            },
        ),
        (
            {"state": "scheduled", "when": "2025-11-06T08:30"},
            {
                Kind.WEEK: ("2025-10-30T08:30", "2025-11-05T06:30"),
                Kind.DAY: ("2025-11-05T08:30", "2025-11-05T18:00"),
                Kind.HOURS: ("2025-11-05T20:00", "2025-11-06T08:30"),
            },
        ),
        (
            {"state": "scheduled", "when": "2026-03-08T23:30"},
            {
                Kind.WEEK: ("2026-03-02T08:00", "2026-03-08T06:00"),
                Kind.DAY: ("2026-03-08T08:00", "2026-03-08T18:00"),
                Kind.HOURS: ("2026-03-08T20:00", "2026-03-08T23:30"),
            },
        ),
        (
            {"state": "scheduled", "when": "2028-02-29"},
            {
                Kind.WEEK: ("2028-02-22T08:00", "2028-02-28T06:00"),
                Kind.DAY: ("2028-02-28T08:00", "2028-02-29T06:00"),
                Kind.HOURS: ("2028-02-29T08:00", "2028-03-01T00:00"),
            },
        ),
        (
            {"state": "postponed", "until": "2025-12-01", "held": "2025-10-20"},
            {
                Kind.WEEK: ("2025-11-24T08:00", "2025-11-30T06:00"),
                Kind.DAY: ("2025-11-30T08:00", "2025-12-01T06:00"),
                Kind.HOURS: ("2025-12-01T08:00", "2025-12-02T00:00"),
            },
        ),
        (
            {"state": "expected", "when": "2025-11-01/2025-11-07"},
            {Kind.WINDOW: ("2025-10-31T08:00", "2025-11-01T00:00")},
        ),
        ({"state": "expected", "when": "2025-11"}, {Kind.WINDOW: ("2025-10-31T08:00", "2025-11-01T00:00")}),
        ({"state": "expected", "when": "2026-21"}, {Kind.WINDOW: ("2026-02-28T08:00", "2026-03-01T00:00")}),
        ({"state": "scheduled", "when": "2026"}, {Kind.WINDOW: ("2025-12-31T08:00", "2026-01-01T00:00")}),
        ({"state": "scheduled", "when": "2025-11-06~"}, {Kind.WINDOW: ("2025-11-05T08:00", "2025-11-06T00:00")}),
        ({"state": "postponed", "until": "indefinitely", "held": "2025-10-20"}, {}),
        ({"state": "cancelled"}, {}),
        ({"state": "cancelled", "when": "2025-11-06"}, {}),
        ({"state": "held", "held": "2025-10-20"}, {}),
        ({"state": "decided", "held": "2025-10-20", "outcome": "adopted"}, {}),
        ({"state": "scheduled", "when": "2025-10-20"}, {}),
    ],
)  # fmt: skip
def test_reminders_follow_the_date(
    newsroom: Newsroom, report: dict[str, str], expected: dict[Kind, tuple[str, str]]
) -> None:
    base = newsroom.base({"mending": [report]})

    assert spans(upcoming(base, clock("2025-10-22T12:00"))) == expected


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        ("2025-10-30T08:59:59", []),
        ("2025-10-30T09:00", [Kind.WEEK]),
        ("2025-11-05T06:59:59", [Kind.WEEK]),
        ("2025-11-05T07:00", []),
        ("2025-11-05T09:00", [Kind.DAY]),
        ("2025-11-06T07:59:59", []),
        ("2025-11-06T08:00", [Kind.HOURS]),
        ("2025-11-06T08:59:59", [Kind.HOURS]),
        ("2025-11-06T09:00", []),
        ("2030-01-01T00:00", []),
    ],
)
def test_reminder_is_due_from_its_moment_until_it_is_of_no_use(newsroom: Newsroom, now: str, kinds: list[Kind]) -> None:
    base = newsroom.base({"mending": [{"state": "scheduled", "when": "2025-11-06T09:00"}]})

    assert [notice.kind for notice in due(base, clock(now))] == kinds


def test_report_that_is_not_known_yet_moves_nothing(newsroom: Newsroom) -> None:
    base = newsroom.base(
        {
            "mending": [
                {"state": "scheduled", "when": "2025-11-06T09:00"},
                {"state": "scheduled", "when": "2025-11-20T09:00", "known_from": "2025-10-31T12:00"},
            ]
        }
    )

    assert spans(due(base, clock("2025-10-31T11:59")))[Kind.WEEK] == ("2025-10-30T09:00", "2025-11-05T07:00")
    assert spans(upcoming(base, clock("2025-10-31T12:00")))[Kind.WEEK] == ("2025-11-13T09:00", "2025-11-19T07:00")
    assert not due(base, clock("2025-10-31T12:00"))


def test_corrected_date_moves_the_reminder_under_another_version(newsroom: Newsroom) -> None:
    wrong, right = (
        newsroom.base({"mending": [{"state": "scheduled", "when": f"2025-11-{day}"}]}) for day in ("13", "20")
    )
    before, after = (upcoming(base, clock("2025-10-22T12:00")) for base in (wrong, right))

    assert [later.send_at - sooner.send_at for sooner, later in zip(before, after, strict=True)] == [timedelta(7)] * 3
    assert {one.version for one in before}.isdisjoint(one.version for one in after)


def test_change_counts_in_the_version_even_where_the_date_is_the_same(newsroom: Newsroom) -> None:
    base = newsroom.base({"mending": [{"state": "scheduled", "when": "2025-11-06"}]})
    first, third = (upcoming(base, clock("2025-10-22T12:00"), {"mending": number}) for number in (0, 2))

    assert not {one.key for one in first} & {one.key for one in third}


def test_deadlines_remind_and_plain_meetings_do_not(newsroom: Newsroom) -> None:
    base = newsroom.base(
        {
            "mending": [{"state": "scheduled", "when": "2025-11-06"}],
            "grant-deadline": [{"state": "scheduled", "when": "2025-11-05"}],
        }
    )

    found = upcoming(base, clock("2025-10-22T12:00"))

    assert [(one.item, one.kind) for one in found] == [
        ("grant-deadline", Kind.WEEK),
        ("mending", Kind.WEEK),
        ("grant-deadline", Kind.DAY),
        ("grant-deadline", Kind.HOURS),
        ("mending", Kind.DAY),
        ("mending", Kind.HOURS),
    ]
    assert [one.send_at for one in found] == sorted(one.send_at for one in found)


@pytest.mark.parametrize("day", ["2025-11-02", "2025-11-03", "2026-03-08", "2026-03-09", "2028-02-29", "2026-06-17"])
def test_no_hour_of_any_day_wakes_anybody_or_comes_too_late(newsroom: Newsroom, day: str) -> None:
    for hour in range(24):
        for minute in ("00", "29", "30", "59") if (day, hour) not in NEVER_OR_TWICE else ():
            moment = f"{day}T{hour:02}:{minute}"
            base = newsroom.base({"mending": [{"state": "scheduled", "when": moment}]})

            week, day_before, shortly = upcoming(base, clock("2025-10-22T12:00"))

            assert not any(is_quiet(one.send_at, DALLAS) for one in (week, day_before, shortly)), moment
            assert week.send_at < week.useful_until < day_before.send_at < day_before.useful_until, moment
            assert day_before.useful_until < shortly.send_at < shortly.useful_until == at(moment), moment
            assert shortly.useful_until - shortly.send_at >= timedelta(hours=1), moment
