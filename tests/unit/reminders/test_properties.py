"""Whatever editors write and whenever it is looked at: nobody is told twice, too late, in the night, or too often."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.core.clock import FixedClock
from bot.factbase.base import FactBase
from bot.reminders.campaign import Campaign
from bot.reminders.notice import Kind
from bot.reminders.planning import plan, stale
from bot.reminders.quiet_hours import is_quiet, morning_after
from bot.reminders.schedule import due, upcoming
from bot.reminders.subscription import Subscription
from tests.unit.reminders.newsroom import DALLAS, Ledger, Newsroom, at

ITEMS = ("mending", "second-vote", "grant-deadline")
CHANGES = {Kind.DATE_KNOWN, Kind.MOVED, Kind.CANCELLED, Kind.SETTLED, Kind.OUTCOME, Kind.CORRECTION}
LAST = {Kind.HOURS, Kind.WINDOW}
BEGINNINGS = ("2025-10-28T12:00", "2026-03-03T12:00", "2028-02-24T12:00")  # before the clocks change, and a leap day
TWO_HOURS = timedelta(hours=2)


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """A report, with its dates as days after the beginning; hours that come twice or never are left out."""
    day = draw(st.integers(-1, 12))
    hour = draw(st.sampled_from(["00:30", "07:00", "08:30", "09:00", "10:59", "13:00", "20:30", "21:30", "23:59"]))
    state = draw(
        st.sampled_from(["expected", "scheduled", "scheduled", "day", "postponed", "open", "cancelled", "decided"])
    )
    return {"state": state, "day": day, "hour": hour, "place": draw(st.sampled_from([None, "hall", "school"]))}


def written(report: dict[str, Any], beginning: datetime, known_from: datetime) -> dict[str, Any]:
    """The report as a pack has it."""
    day = (beginning + timedelta(days=report["day"])).date()
    common = {"known_from": f"{known_from.astimezone(DALLAS):%Y-%m-%dT%H:%M%z}", "place": report["place"]}
    common["known_from"] = f"{common['known_from'][:-2]}:{common['known_from'][-2:]}"
    dates = {
        "expected": {"state": "expected", "when": f"{day}/{day + timedelta(days=4)}"},
        "scheduled": {"state": "scheduled", "when": f"{day}T{report['hour']}"},
        "day": {"state": "scheduled", "when": f"{day}"},
        "postponed": {"state": "postponed", "until": f"{day}", "held": "2025-10-20"},
        "open": {"state": "postponed", "until": "indefinitely", "held": "2025-10-20"},
        "cancelled": {"state": "cancelled"},
        "decided": {"state": "decided", "held": "2025-10-20", "outcome": "adopted"},
    }
    return {**common, **dates[report["state"]]}


ITEM = st.sampled_from(ITEMS)
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 61, 119, 240, 600, 1440, 3000])),
    st.tuples(st.just("wait"), st.sampled_from([60, 720, 1440])),
    st.tuples(st.just("down"), st.sampled_from([90, 600, 2000, 10_000])),
    st.tuples(st.just("report"), ITEM, reports()),
    st.tuples(st.just("edit"), ITEM, reports()),
    st.tuples(st.just("withdraw"), ITEM),
)
BACK = st.tuples(st.just("back"), st.sampled_from([1, 90, 1440, 10_000]))


@dataclass
class Story:
    """One newsroom's days, planned at every instant at which something may become due."""

    newsroom: Newsroom
    beginning: datetime
    written: dict[str, list[dict[str, Any]]]
    ledger: Ledger = field(default_factory=Ledger)
    campaigns: list[Campaign] = field(default_factory=list)
    now: datetime = field(init=False)
    latest: datetime = field(init=False)
    base: FactBase = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.latest = self.beginning
        self.edited()

    def edited(self) -> None:
        self.base = self.newsroom.base(self.written)
        self.tick()

    def tick(self) -> None:
        numbers = {item: seen.number for item, seen in self.ledger.seen.items()}
        before = self.ledger.past
        self.latest = max(self.latest, self.now)
        planned = self.ledger.tick(self.base, self.now)
        for campaign in planned.create:
            assert_in_time(campaign, self.now)
        self.campaigns += [campaign for campaign in planned.create if campaign.is_told]
        for key in planned.cancel:
            assert all(stale(one, self.base, FixedClock(self.now), before) for one in before.running[key])
        assert all(seen.number >= numbers.get(item, 0) for item, seen in self.ledger.seen.items())
        again = plan(self.base, FixedClock(self.now), self.ledger.past)
        assert not again.seen
        assert all(not campaign.is_told for campaign in again.create)

    def do(self, step: tuple[Any, ...]) -> None:
        """One step of the story."""
        match step:
            case ("wait", int(minutes)):
                self.wait(self.now + timedelta(minutes=minutes))
            case ("down", int(minutes)):
                self.now += timedelta(minutes=minutes)
                self.tick()
            case ("back", int(minutes)):
                self.now -= timedelta(minutes=minutes)
                self.tick()
            case ("report", str(item), dict(report)):
                self.written[item] = [*self.written[item], written(report, self.beginning, self.now)]
                self.edited()
            case ("edit", str(item), dict(report)):
                *rest, last = self.written[item]
                kept = {"known_from": last["known_from"]}
                self.written[item] = [*rest, {**written(report, self.beginning, self.now), **kept}]
                self.edited()
            case ("withdraw", str(item)):
                self.written[item] = self.written[item][:-1] or self.written[item]
                self.edited()

    def wait(self, until: datetime) -> None:
        """Time goes by; the process looks whenever something may be due."""
        while self.now < until:
            self.now = min(until, *self.instants())
            self.tick()
            self.assert_nothing_is_left()

    def instants(self) -> list[datetime]:
        numbers = {item: seen.number for item, seen in self.ledger.seen.items()}
        ahead = [one.send_at for one in upcoming(self.base, FixedClock(self.now), numbers)]
        last = self.ledger.past.last_at
        ahead += [last + TWO_HOURS] if last and last + TWO_HOURS > self.now else []
        evening = self.now.astimezone(DALLAS).replace(hour=21, minute=0, second=0)
        mornings = [morning_after(at, DALLAS).astimezone(UTC) for at in (self.now, max(evening, self.now))]
        return [instant for instant in (*ahead, *mornings) if instant > self.now]

    def assert_nothing_is_left(self) -> None:
        """What is due is in a campaign, unless it waits for the morning or for two hours after the last message, or
        the clock was set back to before what was told last."""
        last = self.ledger.past.last_at
        if self.now < self.latest or is_quiet(self.now, DALLAS) or (last and self.now < last + TWO_HOURS):
            return
        numbers = {item: seen.number for item, seen in self.ledger.seen.items()}
        assert not [
            one.key for one in due(self.base, FixedClock(self.now), numbers) if one.key not in self.ledger.spent
        ]


def assert_in_time(campaign: Campaign, now: datetime) -> None:
    """Each notice is of use, not early by two hours, and silent if it comes in the quiet hours, which few may."""
    found = {notice.kind for notice in campaign.notices}
    assert campaign.send_at == now
    assert all(notice.send_at < now + TWO_HOURS and now < notice.useful_until for notice in campaign.notices)
    assert campaign.useful_until == max(notice.useful_until for notice in campaign.notices)
    if campaign.is_told:
        assert campaign.silent == is_quiet(now, DALLAS)
        assert not campaign.silent or found & (CHANGES | LAST)


FIRST = st.fixed_dictionaries({item: reports() for item in ITEMS})
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def story(newsroom: Newsroom, beginning: str, first: dict[str, Any], steps: list[tuple[Any, ...]]) -> Story:
    """The story told from its beginning, with subscribers who came at different times."""
    begun = at(beginning).astimezone(UTC)
    known = begun - timedelta(days=1)
    told = Story(newsroom, begun, {item: [written(report, begun, known)] for item, report in first.items()})
    told.ledger.subscriptions["early"] = Subscription("en", begun - timedelta(days=2))
    for number, step in enumerate(steps):
        told.ledger.subscriptions[f"at step {number}"] = Subscription("es", told.now, frozenset({"day"}))
        told.do(step)
    return told


def check_story(newsroom: Newsroom, beginning: str, first: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
    """Every reader is told in time, of nothing twice, and not too often."""
    told = story(newsroom, beginning, first, steps)
    told.wait(told.now + timedelta(days=2))

    for sooner, later in pairwise(told.campaigns):
        is_news = any(notice.kind in CHANGES for notice in later.notices)
        assert is_news or later.send_at - sooner.send_at >= TWO_HOURS
    for reader in told.ledger.subscriptions:
        keys = [one.key for made in told.ledger.made.values() for one in made.sent.get(reader, ())]
        assert len(keys) == len(set(keys))


@MANY
@given(st.sampled_from(BEGINNINGS), FIRST, st.lists(STEPS, max_size=14))
def test_whatever_editors_write_every_reader_is_told_in_time_and_not_too_often(
    newsroom: Newsroom, beginning: str, first: dict[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    check_story(newsroom, beginning, first, steps)


@pytest.mark.long
def test_many_longer_stories_are_told_as_well(newsroom: Newsroom, is_bounded: bool) -> None:
    @settings(MANY, max_examples=100 if is_bounded else 3000)
    @given(st.sampled_from(BEGINNINGS), FIRST, st.lists(STEPS, max_size=30))
    def check(beginning: str, first: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
        check_story(newsroom, beginning, first, steps)

    check()


EXPECTED = {"state": "expected", "day": 0, "hour": "00:30", "place": None}
TOLD_IN_THE_MORNING = [("wait", 720), ("back", 1440), ("report", "mending", EXPECTED), ("back", 1440)]


@MANY
@given(st.sampled_from(BEGINNINGS), FIRST, st.lists(st.one_of(STEPS, BACK), max_size=14))
@example(BEGINNINGS[0], dict.fromkeys(ITEMS, EXPECTED) | {"mending": EXPECTED | {"day": 1}}, TOLD_IN_THE_MORNING)
def test_clock_set_back_and_forth_repeats_nothing(
    newsroom: Newsroom, beginning: str, first: dict[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    told = story(newsroom, beginning, first, steps)
    whole = max(told.latest, told.now) + timedelta(days=1)
    told.wait(morning_after(whole, DALLAS) + TWO_HOURS)  # when nothing waits for its morning, or for its turn, any more
    spent, end = set(told.ledger.spent), told.now

    told.now = told.beginning
    told.tick()
    told.wait(end)

    again = {key.split("/")[1] for key in told.ledger.spent - spent}
    assert not again & CHANGES


@MANY
@given(st.sampled_from(BEGINNINGS), FIRST, st.lists(STEPS, max_size=8), st.integers(0, 7))
def test_of_two_replicas_that_plan_at_once_only_one_can_write_its_plan_down(
    newsroom: Newsroom, beginning: str, first: dict[str, Any], steps: list[tuple[Any, ...]], seconds: int
) -> None:
    told = story(newsroom, beginning, first, steps)
    past = replace(told.ledger.past, last_at=None)

    one, other = (plan(told.base, FixedClock(told.now + timedelta(seconds=late)), past) for late in (0, seconds))

    keys = [{notice.key for made in planned.create for notice in made.notices} for planned in (one, other)]
    assert not keys[0] or not keys[1] or keys[0] & keys[1]
