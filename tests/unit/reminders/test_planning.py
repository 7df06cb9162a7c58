"""What is planned when dates come near, change, and change back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.factbase.base import FactBase
from bot.reminders.campaign import Past, Seen
from bot.reminders.notice import ENDING, Kind
from bot.reminders.planning import as_of, current, plan, stale
from bot.reminders.subscription import Subscription
from tests.unit.reminders.newsroom import Ledger, Newsroom, at, clock, first, kinds

WINDOW = {"state": "expected", "when": "2025-11-01/2025-11-07"}
EARLY = {"state": "scheduled", "when": "2025-11-06T13:00"}
LATE = {"state": "scheduled", "when": "2025-11-20T13:00"}
PUT_OFF = {"state": "postponed", "until": "indefinitely", "held": "2025-10-20"}
SETTLED = {"state": "decided", "held": "2025-10-20", "outcome": "adopted"}
MORNING = {"state": "scheduled", "when": "2025-10-28T08:30"}
NEWS = "2025-10-27T12:00"  # when the later report is known; a Monday noon


def later(report: dict[str, str], known_from: str = NEWS) -> dict[str, str]:
    return {**report, "known_from": known_from}


def test_first_sight_of_a_pack_tells_nothing_and_is_remembered(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base({"mending": [SETTLED], "second-vote": [WINDOW]})

    assert not ledger.tick(base, at("2025-10-22T12:00")).create
    assert set(ledger.seen) == {"mending", "second-vote"}
    assert ledger.tick(base, at("2025-10-22T12:01")) == plan(base, clock("2025-10-22T12:02"), ledger.past)
    assert not ledger.tick(base, at("2025-10-22T12:02")).seen


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


def test_date_brought_forward_into_the_past_is_told_while_people_wait_for_the_old_one(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    ledger.tick(newsroom.base({"mending": [LATE]}), at("2025-10-27T11:00"))
    moved = newsroom.base(
        {"mending": [LATE, later({"state": "scheduled", "when": "2025-10-27T11:30"}, "2025-10-27T11:00")]}
    )

    assert kinds(ledger.tick(moved, at(NEWS))) == [[Kind.MOVED]]


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


def test_deadline_ends_the_subscriptions_once_nothing_lies_ahead(newsroom: Newsroom, ledger: Ledger) -> None:
    deadline = {"state": "scheduled", "when": "2025-12-01"}
    base = newsroom.base({"mending": [EARLY, later(SETTLED)], "grant-deadline": [deadline]})
    for now in (
        "2025-10-27T11:00",
        NEWS,
        "2025-11-24T08:00",
        "2025-11-30T08:00",
        "2025-12-01T08:00",
        "2025-12-01T23:59",
    ):
        assert Kind.OVER not in [kind for made in kinds(ledger.tick(base, at(now))) for kind in made]

    over = first(ledger.tick(base, at("2025-12-02T00:00")))

    assert [notice.kind for notice in over.notices] == [Kind.OVER]
    assert not over.is_told
    assert not over.notices_for(Subscription("en", at("2025-10-22T12:00")), ended=False)
    assert not ledger.tick(base, at("2025-12-02T00:01")).create


@pytest.mark.parametrize(
    "others",
    [
        {"mending": [EARLY]},  # passed, and nobody has reported what came of it
        {"mending": [WINDOW]},
        {"mending": [SETTLED], "far-deadline": [{"state": "scheduled", "when": "2026-12-01"}]},
        {"mending": [SETTLED], "second-vote": [{"state": "expected", "when": "2026"}]},
    ],
)
def test_deadline_is_not_over_while_something_is_open(
    newsroom: Newsroom, ledger: Ledger, others: dict[str, list[dict[str, str]]]
) -> None:
    base = newsroom.base({**others, "near-deadline": [{"state": "scheduled", "when": "2025-12-01"}]})
    ledger.tick(base, at("2025-11-25T12:00"))

    assert not ledger.tick(base, at("2025-12-02T00:00")).create


def test_outcome_is_told_before_the_subscriptions_end(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base(
        {
            "mending": [EARLY, later(SETTLED, "2025-12-01T23:30")],
            "grant-deadline": [{"state": "scheduled", "when": "2025-12-01"}],
        }
    )
    ledger.tick(base, at("2025-12-01T23:00"))

    told = [kinds(ledger.tick(base, at(now))) for now in ("2025-12-02T00:00", "2025-12-02T08:00", "2025-12-02T08:01")]

    assert told == [[], [[Kind.OUTCOME]], [[Kind.OVER]]]


def test_item_that_left_the_pack_is_told_no_more(newsroom: Newsroom, ledger: Ledger) -> None:
    both = newsroom.base({"mending": [SETTLED], "second-vote": [{"state": "scheduled", "when": "2025-11-06T13:00"}]})
    ledger.tick(both, at("2025-10-29T12:00"))
    week = first(ledger.tick(both, at("2025-10-30T13:00")))
    less = newsroom.base({"mending": [SETTLED]})

    assert stale(week.notices[0], less, clock("2025-10-30T13:01"), ledger.past)
    assert not ledger.tick(less, at("2025-10-30T13:01")).create
    assert not ledger.tick(both, at("2025-10-30T13:02")).create


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


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"second-vote": [LATE]}, Kind.SETTLED),
        (
            {"second-vote": [{"state": "scheduled", "when": "2025-10-26"}]},
            Kind.SETTLED,
        ),  # nobody reported what came of it
        ({"second-vote": [{"state": "postponed", "until": "2025-12-01"}]}, Kind.SETTLED),
        ({"second-vote": [{"state": "cancelled"}]}, Kind.OUTCOME),
        ({"second-vote": [SETTLED]}, Kind.OUTCOME),
        ({"second-vote": [LATE, later(PUT_OFF)]}, Kind.OUTCOME),  # both at once
        ({"grant-deadline": [LATE]}, Kind.OUTCOME),
    ],
)
def test_outcome_ends_nothing_while_another_vote_is_open(
    newsroom: Newsroom, ledger: Ledger, other: dict[str, list[dict[str, str]]], kind: Kind
) -> None:
    base = newsroom.base({"mending": [WINDOW, later(SETTLED)], **other})
    ledger.tick(base, at("2025-10-27T11:59"))

    made = first(ledger.tick(base, at(NEWS)))

    assert {notice.kind for notice in made.notices} == {kind}
    assert (kind in ENDING) is (kind is Kind.OUTCOME)
    assert not ledger.tick(base, at("2025-10-27T14:01")).create


def test_deadline_put_off_for_good_ends_nothing_while_anything_else_lies_ahead(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    base = newsroom.base({"mending": [SETTLED], "near-deadline": [LATE, later(PUT_OFF)], "far-deadline": [LATE]})
    ledger.tick(base, at("2025-10-27T11:59"))

    assert kinds(ledger.tick(base, at(NEWS))) == [[Kind.SETTLED]]


def test_who_subscribes_in_the_night_after_the_outcome_is_neither_told_it_nor_ended(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    deadline = {"state": "scheduled", "when": "2025-12-01T13:00"}
    base = newsroom.base({"mending": [EARLY, later(SETTLED, "2025-10-27T22:00")], "grant-deadline": [deadline]})
    for name, since in (("old", "2025-10-27T21:30"), ("new", "2025-10-28T03:00")):
        ledger.subscriptions[name] = Subscription("en", at(since))
    for now in ("27T21:59", "27T22:00", "27T22:01", "28T03:01"):
        assert not ledger.tick(base, at(f"2025-10-{now}")).create
    assert not ledger.tick(base, at("2025-10-28T03:02")).seen  # the wait is written down once

    outcome = first(ledger.tick(base, at("2025-10-28T08:00")))
    ledger.tick(base, at("2025-11-24T13:00"))

    assert [notice.send_at for notice in outcome.notices] == [at("2025-10-27T22:00")]
    assert [set(made.sent) for made in ledger.made.values()] == [{"old"}, {"new"}]
    assert "waiting" not in ledger.seen["mending"].told


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


def test_change_that_is_changed_again_in_the_night_reaches_who_was_shown_the_first(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    base = newsroom.base({"mending": [WINDOW, later(EARLY, "2025-10-27T22:00"), later(LATE, "2025-10-28T04:00")]})
    ledger.subscriptions["between"] = Subscription("en", at("2025-10-28T03:00"))
    for now in ("27T21:00", "27T22:00", "28T04:00", "28T08:00"):
        ledger.tick(base, at(f"2025-10-{now}"))

    (made,) = ledger.made.values()
    assert set(made.sent) == {"between"}


def ends_at(ledger: Ledger, base: FactBase, days: range) -> list[int]:
    """On which of the days since the news, at noon, subscriptions end."""
    noon = at(NEWS)
    planned = [(day, ledger.tick(base, noon + timedelta(days=day))) for day in days]
    return [day for day, made in planned for kind in kinds(made) if set(kind) & ENDING]


@pytest.mark.parametrize(
    ("reports", "last_day"),
    [
        ({"mending": [WINDOW, later({"state": "cancelled"})]}, 14),
        ({"mending": [SETTLED], "grant-deadline": [LATE, later({"state": "cancelled"})]}, 14),
        ({"mending": [SETTLED, later({**SETTLED, "outcome": "rejected"})]}, 14),  # a correction
        ({"mending": [{"state": "scheduled", "when": "2025-10-28"}]}, 182),  # nobody reports what came of it
        ({"mending": [{"state": "cancelled"}], "second-vote": [{"state": "expected", "when": "2025-10-28"}]}, 182),
    ],
)
def test_every_subscription_ends_some_time(
    newsroom: Newsroom, ledger: Ledger, reports: dict[str, list[dict[str, str]]], last_day: int
) -> None:
    base = newsroom.base(reports)
    ledger.tick(base, at("2025-10-27T11:59"))

    assert ends_at(ledger, base, range(400)) == [last_day]


def test_subscriptions_that_an_outcome_ended_do_not_end_again(newsroom: Newsroom, ledger: Ledger) -> None:
    base = newsroom.base({"mending": [WINDOW, later(SETTLED)]})
    ledger.tick(base, at("2025-10-27T11:59"))

    assert ends_at(ledger, base, range(60)) == [0]


def test_vote_that_is_cancelled_leaves_the_subscriptions_while_another_lies_ahead(
    newsroom: Newsroom, ledger: Ledger
) -> None:
    base = newsroom.base({"mending": [WINDOW, later({"state": "cancelled"})], "second-vote": [LATE]})
    ledger.tick(base, at("2025-10-27T11:59"))

    assert ends_at(ledger, base, range(60)) == []
