"""When subscriptions end: after the outcome, and while nothing else lies ahead."""

from datetime import timedelta

import pytest

from bot.factbase.base import FactBase
from bot.reminders.notice import ENDING, Kind
from bot.reminders.subscription import Subscription
from tests.unit.reminders.newsroom import (
    EARLY,
    LATE,
    NEWS,
    PUT_OFF,
    SETTLED,
    WINDOW,
    Ledger,
    Newsroom,
    at,
    first,
    kinds,
    later,
)


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
