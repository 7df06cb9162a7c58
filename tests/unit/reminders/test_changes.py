"""What is told of a date that changes, and that changes back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.reminders.notice import Kind
from bot.reminders.planning import current, plan, stale
from bot.reminders.subscription import Subscription
from tests.unit.reminders.newsroom import (
    EARLY,
    LATE,
    MORNING,
    NEWS,
    PUT_OFF,
    SETTLED,
    WINDOW,
    Ledger,
    Newsroom,
    at,
    clock,
    first,
    kinds,
    later,
)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (WINDOW, EARLY, Kind.DATE_KNOWN),
        (WINDOW, {"state": "scheduled", "when": "2025-11-06"}, Kind.DATE_KNOWN),
        (PUT_OFF, LATE, Kind.DATE_KNOWN),
        ({"state": "expected", "when": "2025-11-20"}, {"state": "scheduled", "when": "2025-11-20"}, Kind.DATE_KNOWN),
        ({"state": "scheduled", "when": "2025-11-20"}, LATE, Kind.DATE_KNOWN),
        ({"state": "cancelled"}, LATE, Kind.DATE_KNOWN),
        (EARLY, LATE, Kind.MOVED),
        (LATE, {"state": "scheduled", "when": "2025-11-20"}, Kind.MOVED),
        (EARLY, {"state": "postponed", "until": "2025-11-20T13:00", "held": "2025-10-20"}, Kind.MOVED),
        (WINDOW, {"state": "postponed", "until": "2025-11-20"}, Kind.MOVED),
        (EARLY, {"state": "postponed", "until": "2025-12"}, Kind.MOVED),
        (WINDOW, {"state": "expected", "when": "2025-12"}, Kind.MOVED),
        ({**EARLY, "place": "hall"}, {**EARLY, "place": "school"}, Kind.MOVED),
        (EARLY, {"state": "cancelled"}, Kind.CANCELLED),
        (WINDOW, {"state": "cancelled"}, Kind.CANCELLED),
        (EARLY, PUT_OFF, Kind.OUTCOME),
        (EARLY, {"state": "held", "held": "2025-10-20"}, Kind.OUTCOME),
        (WINDOW, SETTLED, Kind.OUTCOME),
        ({"state": "held", "held": "2025-10-20"}, SETTLED, Kind.OUTCOME),
        (SETTLED, {**SETTLED, "outcome": "rejected"}, Kind.CORRECTION),
    ],
)
def test_newer_report_is_told_as_what_it_changes(
    newsroom: Newsroom, ledger: Ledger, before: dict[str, str], after: dict[str, str], kind: Kind
) -> None:
    base = newsroom.base({"mending": [before, later(after)]})
    ledger.tick(base, at("2025-10-27T11:59"))

    made = first(ledger.tick(base, at(NEWS)))

    assert [notice.kind for notice in made.notices if notice.send_at == at(NEWS)] == [kind]
    assert ledger.seen["mending"].number == 1
    assert not ledger.tick(base, at("2025-10-27T12:01")).create


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (EARLY, {**EARLY, "place": "hall"}),
        ({**EARLY, "place": "hall"}, EARLY),
        (EARLY, {**EARLY, "body": "council", "sources": ["radio"]}),
        (SETTLED, {**SETTLED, "tally": "unanimous"}),
        (WINDOW, {"state": "scheduled", "when": "2025-11-01/2025-11-07"}),
        (LATE, {"state": "postponed", "until": "2025-11-20T13:00-06:00"}),
    ],
)
@pytest.mark.parametrize("in_place", [True, False])
def test_report_that_only_says_more_is_told_by_the_next_reminder(
    newsroom: Newsroom, ledger: Ledger, before: dict[str, str], after: dict[str, str], in_place: bool
) -> None:
    ledger.tick(newsroom.base({"mending": [before]}), at("2025-10-27T11:59"))
    versions = {item: seen.number for item, seen in ledger.seen.items()}

    made = ledger.tick(newsroom.base({"mending": [after] if in_place else [before, later(after)]}), at(NEWS))

    assert not made.create
    assert {item: seen.number for item, seen in ledger.seen.items()} == versions


def test_detail_told_once_still_counts_when_a_later_report_leaves_it_out(newsroom: Newsroom, ledger: Ledger) -> None:
    reports = [{**EARLY, "place": "hall"}, later(EARLY), later({**EARLY, "place": "school"}, "2025-10-28T12:00")]
    base = newsroom.base({"mending": reports})
    for day in ("26", "27"):
        ledger.tick(base, at(f"2025-10-{day}T12:00"))

    assert kinds(ledger.tick(base, at("2025-10-28T12:00"))) == [[Kind.MOVED]]


@pytest.mark.parametrize(
    "after", [LATE, SETTLED, {"state": "cancelled"}, PUT_OFF, WINDOW, {**EARLY, "place": "school"}]
)
def test_what_is_changed_in_place_was_wrong(newsroom: Newsroom, ledger: Ledger, after: dict[str, str]) -> None:
    ledger.tick(newsroom.base({"mending": [{**EARLY, "place": "hall"}]}), at("2025-10-27T11:59"))

    assert kinds(ledger.tick(newsroom.base({"mending": [after]}), at(NEWS))) == [[Kind.CORRECTION]]


def test_report_taken_out_of_the_pack_was_wrong_and_may_come_back(newsroom: Newsroom, ledger: Ledger) -> None:
    short, full = newsroom.base({"mending": [WINDOW]}), newsroom.base({"mending": [WINDOW, later(LATE)]})

    told = [
        kinds(ledger.tick(base, at(f"2025-10-27T{12 + 3 * index}:00")))
        for index, base in enumerate([short, full, short])
    ]
    told.append(kinds(ledger.tick(full, at("2025-10-28T12:00"))))

    assert told == [[], [[Kind.DATE_KNOWN]], [[Kind.CORRECTION]], [[Kind.DATE_KNOWN]]]
    assert ledger.seen["mending"].number == 3


def test_date_moved_there_and_back_is_told_each_time_and_reminded_of_once(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base(
        {
            "mending": [
                EARLY,
                later(LATE, "2025-10-31T12:00"),
                later(EARLY, "2025-11-01T12:00"),
                later(LATE, "2025-11-02T12:00"),
            ]
        }
    )
    told = []
    now = at("2025-10-29T00:00")
    while now < at("2025-11-21T00:00"):
        told += [kind for made in kinds(ledger.tick(base, now)) for kind in made]
        now += timedelta(minutes=30)

    assert told == [
        *[Kind.WEEK, Kind.MOVED],  # 13 days before the other date
        *[Kind.WEEK, Kind.MOVED],  # 5 days before the old one: what is due comes along
        Kind.MOVED,
        *[Kind.WEEK, Kind.DAY, Kind.HOURS],
    ]


def test_change_cancels_what_is_left_of_the_old_campaign(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base({"mending": [EARLY, later(LATE, "2025-10-30T13:30")]})
    ledger.tick(base, at("2025-10-29T13:00"))
    week = first(ledger.tick(base, at("2025-10-30T13:00")))
    past = replace(ledger.past, running={week.key: week.notices})
    assert current(week.notices, base, clock("2025-10-30T13:29"), past) == week.notices

    after = plan(base, clock("2025-10-30T13:30"), past)

    assert after.cancel == (week.key,)
    assert kinds(after) == [[Kind.MOVED]]
    assert not current(week.notices, base, clock("2025-10-30T13:30"), past)


@pytest.mark.parametrize(
    ("before", "after", "known", "told_at", "silent"),
    [
        (WINDOW, LATE, "2025-10-27T21:00", "2025-10-28T08:00", False),
        (WINDOW, LATE, "2025-10-28T03:00", "2025-10-28T08:00", False),
        (WINDOW, LATE, "2025-10-27T20:59", "2025-10-27T20:59", False),
        (WINDOW, {"state": "cancelled"}, "2025-11-01T23:00", "2025-11-02T08:00", False),
        (WINDOW, {"state": "scheduled", "when": "2025-10-28T09:00"}, "2025-10-27T22:00", "2025-10-28T08:00", False),
        (WINDOW, {"state": "scheduled", "when": "2025-10-28T08:59"}, "2025-10-27T22:00", "2025-10-27T22:00", True),
        # nobody is to set out in the morning for a meeting that was cancelled in the night
        (MORNING, {"state": "cancelled"}, "2025-10-27T22:00", "2025-10-27T22:00", True),
        (MORNING, LATE, "2025-10-27T22:00", "2025-10-27T22:00", True),
    ],
)  # fmt: skip
def test_change_in_the_night_waits_for_the_morning_if_it_can(
    newsroom: Newsroom,
    ledger: Ledger,
    before: dict[str, str],
    after: dict[str, str],
    known: str,
    told_at: str,
    silent: bool,
) -> None:
    base = newsroom.base({"mending": [before, later(after, known)]})
    ledger.tick(base, at(known) - timedelta(minutes=1))
    now = at(known)
    while not (made := ledger.tick(base, now).create):
        now += timedelta(minutes=1)

    assert now == at(told_at)
    assert made[0].silent is silent
    assert {notice.silent for notice in made[0].notices} == {silent}


def test_edit_that_is_taken_back_in_the_night_is_never_told(newsroom: Newsroom, ledger: Ledger) -> None:
    old, new = newsroom.base({"mending": [WINDOW]}), newsroom.base({"mending": [LATE]})

    for base, now in [(old, "27T20:00"), (new, "27T22:00"), (new, "28T07:59"), (old, "28T07:59:30"), (old, "28T08:00")]:
        assert not ledger.tick(base, at(f"2025-10-{now}")).create


def test_campaign_is_not_cancelled_before_the_change_is_told(newsroom: Newsroom, ledger: Ledger) -> None:
    old, new = newsroom.base({"mending": [EARLY]}), newsroom.base({"mending": [LATE]})
    ledger.tick(old, at("2025-10-29T13:00"))
    week = first(ledger.tick(old, at("2025-10-30T13:00")))
    past, night = replace(ledger.past, running={week.key: week.notices}), clock("2025-10-30T22:00")

    assert not current(week.notices, new, night, past)
    assert plan(new, night, past).cancel == ()
    assert current(week.notices, old, night, past) == week.notices
    assert plan(new, clock("2025-10-31T08:00"), past).cancel == (week.key,)


def test_day_that_becomes_known_the_day_before_takes_the_reminder_along(newsroom: Newsroom, ledger: Ledger) -> None:
    known = "2025-11-05T09:00"
    base = newsroom.base({"mending": [WINDOW, later({"state": "scheduled", "when": "2025-11-06T09:00"}, known)]})
    ledger.tick(base, at("2025-11-05T08:59"))

    made = first(ledger.tick(base, at(known)))

    assert {notice.kind for notice in made.notices} == {Kind.DATE_KNOWN, Kind.DAY}
    assert made.useful_until == at("2025-11-06T09:00")


def test_date_brought_forward_into_the_past_is_told_while_people_wait_for_the_old_one(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    ledger.tick(newsroom.base({"mending": [LATE]}), at("2025-10-27T11:00"))
    moved = newsroom.base(
        {"mending": [LATE, later({"state": "scheduled", "when": "2025-10-27T11:30"}, "2025-10-27T11:00")]}
    )

    assert kinds(ledger.tick(moved, at(NEWS))) == [[Kind.MOVED]]


def test_item_that_left_the_pack_is_told_no_more(newsroom: Newsroom, ledger: Ledger) -> None:
    both = newsroom.base({"mending": [SETTLED], "second-vote": [{"state": "scheduled", "when": "2025-11-06T13:00"}]})
    ledger.tick(both, at("2025-10-29T12:00"))
    week = first(ledger.tick(both, at("2025-10-30T13:00")))
    less = newsroom.base({"mending": [SETTLED]})

    assert stale(week.notices[0], less, clock("2025-10-30T13:01"), ledger.past)
    assert not ledger.tick(less, at("2025-10-30T13:01")).create
    assert not ledger.tick(both, at("2025-10-30T13:02")).create


def test_change_that_is_changed_again_in_the_night_reaches_who_was_shown_the_first(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    base = newsroom.base({"mending": [WINDOW, later(EARLY, "2025-10-27T22:00"), later(LATE, "2025-10-28T04:00")]})
    ledger.subscriptions["between"] = Subscription("en", at("2025-10-28T03:00"))
    for now in ("27T21:00", "27T22:00", "28T04:00", "28T08:00"):
        ledger.tick(base, at(f"2025-10-{now}"))

    (made,) = ledger.made.values()
    assert set(made.sent) == {"between"}
