"""What is planned when dates come near, come late into the pack, or the clock was away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.reminders.campaign import Past, Seen
from bot.reminders.notice import Kind
from bot.reminders.planning import as_of, current, plan
from bot.reminders.subscription import Subscription
from tests.unit.reminders.newsroom import (
    EARLY,
    LATE,
    MORNING,
    NEWS,
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


def test_first_sight_of_a_pack_tells_nothing_and_is_remembered(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base({"mending": [SETTLED], "second-vote": [WINDOW]})

    assert not ledger.tick(base, at("2025-10-22T12:00")).create
    assert set(ledger.seen) == {"mending", "second-vote"}
    assert ledger.tick(base, at("2025-10-22T12:01")) == plan(base, clock("2025-10-22T12:02"), ledger.past)
    assert not ledger.tick(base, at("2025-10-22T12:02")).seen


def test_reminder_that_is_due_soon_goes_with_the_change(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base({"mending": [WINDOW, later({"state": "scheduled", "when": "2025-11-03T13:59"})]})
    ledger.tick(base, at("2025-10-27T11:59"))

    made = first(ledger.tick(base, at(NEWS)))

    assert [notice.kind for notice in made.notices] == [Kind.DATE_KNOWN, Kind.WEEK]
    assert made.closes_at == at("2025-10-27T13:59")
    assert not ledger.tick(base, made.closes_at).create


def test_dates_of_one_afternoon_are_one_message(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base(
        {
            "mending": [{"state": "scheduled", "when": "2025-11-06T13:00"}],
            "second-vote": [{"state": "scheduled", "when": "2025-11-06T14:59"}],
            "grant-deadline": [{"state": "scheduled", "when": "2025-11-06T15:00"}],
        }
    )
    ledger.tick(base, at("2025-10-29T13:00"))

    week = first(ledger.tick(base, at("2025-10-30T13:00")))
    rest = [ledger.tick(base, at(f"2025-10-30T{now}")).create for now in ("13:30", "14:59", "15:00")]

    assert [notice.item for notice in week.notices] == ["mending", "second-vote"]
    assert week.closes_at == at("2025-10-30T14:59")
    assert [[notice.item for made in one for notice in made.notices] for one in rest] == [[], [], ["grant-deadline"]]


def test_who_subscribes_before_a_reminder_that_went_early_gets_that_alone(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base(
        {
            "mending": [{"state": "scheduled", "when": "2025-11-06T13:00"}],
            "second-vote": [{"state": "scheduled", "when": "2025-11-06T14:30"}],
        }
    )
    ledger.subscriptions["old"] = Subscription("en", at("2025-10-22T12:00"))
    ledger.tick(base, at("2025-10-30T13:00"))
    ledger.subscriptions["new"] = Subscription("en", at("2025-10-30T13:30"))
    ledger.tick(base, at("2025-10-30T14:30"))

    (made,) = ledger.made.values()
    assert {name: [notice.item for notice in told] for name, told in made.sent.items()} == {
        "old": ["mending", "second-vote"],
        "new": ["second-vote"],
    }


@pytest.mark.parametrize(
    ("back_at", "expected"),
    [
        ("2025-11-05T10:59", [[Kind.WEEK]]),
        ("2025-11-05T11:00", []),  # the day's is next
        ("2025-11-05T22:00", []),  # can wait for the morning
        ("2025-11-06T10:00", []),
        ("2025-11-06T12:59", [[Kind.HOURS]]),
        ("2025-11-06T13:00", []),
        ("2025-11-20T12:00", []),
    ],
)
def test_process_that_was_down_for_a_week_tells_what_is_still_of_use(
    newsroom: Newsroom, ledger: Ledger, back_at: str, expected: list[list[Kind]]
) -> None:
    base = newsroom.base({"mending": [{"state": "scheduled", "when": "2025-11-06T13:00"}]})
    ledger.tick(base, at("2025-10-29T12:00"))

    assert kinds(ledger.tick(base, at(back_at))) == expected


@pytest.mark.parametrize(
    ("start", "silent"), [("2025-11-06T07:00", True), ("2025-11-06T08:30", True), ("2025-11-06T09:00", None)]
)
def test_last_reminder_missed_in_the_evening_comes_without_a_sound_if_morning_is_too_late(
    newsroom: Newsroom, ledger: Ledger, start: str, silent: bool | None
) -> None:
    base = newsroom.base({"mending": [{"state": "scheduled", "when": start}]})
    ledger.tick(base, at("2025-11-05T17:00"))

    made = ledger.tick(base, at("2025-11-05T22:00")).create

    assert [one.silent for one in made] == ([] if silent is None else [silent])


def test_outcome_added_days_late_is_told_then(newsroom: Newsroom, ledger: Ledger) -> None:
    early = {"state": "scheduled", "when": "2025-10-28T13:00"}
    ledger.tick(newsroom.base({"mending": [early]}), at("2025-10-28T14:00"))
    late = newsroom.base({"mending": [early, later({**SETTLED, "held": "2025-10-28"}, "2025-10-28T18:00")]})

    made = first(ledger.tick(late, at("2025-11-03T09:00")))

    assert [notice.kind for notice in made.notices] == [Kind.OUTCOME]
    assert made.useful_until == at("2025-11-17T09:00")


def test_date_that_had_passed_when_it_came_into_the_pack_is_told_to_nobody(newsroom: Newsroom, ledger: Ledger) -> None:
    window = {"state": "expected", "when": "2025-10-27/2025-10-31"}
    ledger.tick(newsroom.base({"mending": [window]}), at("2025-11-01T12:00"))
    late = newsroom.base({"mending": [window, later({"state": "scheduled", "when": "2025-10-30T13:00"})]})

    assert not ledger.tick(late, at("2025-11-02T12:00")).create
    assert ledger.seen["mending"].number == 1


def test_clock_set_back_changes_nothing_and_repeats_nothing(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base({"mending": [WINDOW, later(EARLY), later(LATE, "2025-10-31T12:00")]})
    hours = [at("2025-10-22T12:00") + timedelta(hours=hour) for hour in range(24 * 32)]
    for now in hours:
        ledger.tick(base, now)
    told, seen = set(ledger.spent), dict(ledger.seen)

    for now in hours:
        ledger.tick(base, now)

    assert (ledger.spent, ledger.seen) == (told, seen)


def test_clock_that_steps_back_by_a_second_cancels_nothing(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base({"mending": [WINDOW, later(LATE)]})
    ledger.tick(base, at("2025-10-27T11:59"))
    made = first(ledger.tick(base, at(NEWS)))
    past, before = replace(ledger.past, running={made.key: made.notices}), clock("2025-10-27T11:59:59")

    assert plan(base, before, past).cancel == ()
    assert current(made.notices, base, before, past) == made.notices
    assert as_of(made.notices, before, past) == at(NEWS)
    assert as_of(made.notices, clock("2025-10-27T13:00"), past) == at("2025-10-27T13:00")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"since": "2025", "told": {"old": 1}}'])
def test_what_another_version_wrote_down_is_begun_anew(newsroom: Newsroom, text: str) -> None:
    past = Past(seen={"mending": Seen("mending", text, 3)})

    planned = plan(newsroom.base({"mending": [LATE]}), clock("2025-10-27T12:00"), past)

    assert not planned.create
    assert [seen.number for seen in planned.seen] == [3]


def test_reminder_of_a_date_new_to_the_pack_keeps_two_hours_from_the_message_before(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    first_vote = {"mending": [{"state": "scheduled", "when": "2025-11-06T13:00"}]}
    ledger.tick(newsroom.base(first_vote), at("2025-10-29T12:00"))
    ledger.tick(newsroom.base(first_vote), at("2025-10-30T13:00"))
    both = newsroom.base({**first_vote, "second-vote": [{"state": "scheduled", "when": "2025-11-06T10:00"}]})

    told = [kinds(ledger.tick(both, at(f"2025-10-30T{now}"))) for now in ("13:30", "14:59:59", "15:00")]

    assert told == [[], [], [[Kind.WEEK]]]


def test_last_reminder_of_a_date_new_to_the_pack_does_not_wait_until_it_is_late(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    first_vote = {"mending": [{"state": "scheduled", "when": "2025-11-06T13:00"}]}
    ledger.tick(newsroom.base(first_vote), at("2025-10-29T12:00"))
    ledger.tick(newsroom.base(first_vote), at("2025-10-30T13:00"))
    both = newsroom.base({**first_vote, "second-vote": [{"state": "scheduled", "when": "2025-10-30T15:30"}]})

    assert kinds(ledger.tick(both, at("2025-10-30T13:31"))) == [[Kind.HOURS]]


def test_outcome_added_late_reaches_who_subscribed_before_it_was_in_the_pack(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    without = newsroom.base({"mending": [MORNING]})
    ledger.tick(without, at("2025-10-28T09:00"))
    for name, since in (("between", "2025-11-02T22:30"), ("after", "2025-11-03T03:00")):
        ledger.subscriptions[name] = Subscription("en", at(since))
    held = {**SETTLED, "held": "2025-10-28"}
    late = newsroom.base({"mending": [MORNING, later(held, "2025-10-28T18:00")]})
    ledger.tick(without, at("2025-11-02T22:59"))
    ledger.tick(late, at("2025-11-02T23:00"))

    ledger.tick(late, at("2025-11-03T08:00"))

    (made,) = ledger.made.values()
    assert set(made.sent) == {"between"}
