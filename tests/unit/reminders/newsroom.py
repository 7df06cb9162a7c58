"""An editor and a ledger for tests: packs with any reports, and campaigns written down as plans say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.clock import FixedClock
from bot.factbase.base import FactBase
from bot.factbase.loader import Pack
from bot.factbase.models import Deadline, Decision, Report
from bot.reminders.campaign import Campaign, Past, Plan, Seen
from bot.reminders.notice import ENDING, Kind, Notice
from bot.reminders.planning import plan, stale
from bot.reminders.subscription import Subscription

DALLAS = ZoneInfo("America/Chicago")
FIRST_KNOWN = "2025-10-21T00:00"  # when a report counts as known that says nothing else
Reports = Mapping[str, Iterable[Mapping[str, Any]]]

WINDOW = {"state": "expected", "when": "2025-11-01/2025-11-07"}
EARLY = {"state": "scheduled", "when": "2025-11-06T13:00"}
LATE = {"state": "scheduled", "when": "2025-11-20T13:00"}
PUT_OFF = {"state": "postponed", "until": "indefinitely", "held": "2025-10-20"}
SETTLED = {"state": "decided", "held": "2025-10-20", "outcome": "adopted"}
MORNING = {"state": "scheduled", "when": "2025-10-28T08:30"}
NEWS = "2025-10-27T12:00"  # when the later report is known; a Monday noon


def at(written: str) -> datetime:
    """A wall time in Dallas."""
    return datetime.fromisoformat(written).replace(tzinfo=DALLAS)


def clock(written: str) -> FixedClock:
    return FixedClock(at(written))


def later(report: dict[str, str], known_from: str = NEWS) -> dict[str, str]:
    return {**report, "known_from": known_from}


class Newsroom:
    """Writes packs: the small pack with other decisions and deadlines, each with the reports given."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    def base(self, reports: Reports) -> FactBase:
        """Items named `…deadline` are deadlines, all others votes."""
        decisions = [self._item(item, of) for item, of in reports.items()]
        topic = self.pack.topic.model_copy(update={"decision": next(iter(reports))})
        return FactBase(replace(self.pack, topic=topic, decisions=decisions))

    def _item(self, item: str, reports: Iterable[Mapping[str, Any]]) -> Any:
        kind: type[Decision | Deadline] = Deadline if item.endswith("deadline") else Decision
        template = next(entry for entry in self.pack.decisions if isinstance(entry, kind))
        read = tuple(
            Report.model_validate(
                {"sources": ["paper"], "known_from": FIRST_KNOWN, **report}, context={"zone": self.pack.zone}
            )
            for report in reports
        )
        return template.model_copy(update={"id": item, "reports": read})


@dataclass
class Made:
    """A campaign in the ledger; `sent` holds what each subscriber was told by it."""

    campaign: Campaign
    ended_at: datetime | None
    is_running: bool = True
    sent: dict[str, tuple[Notice, ...]] = field(default_factory=dict)


@dataclass
class Ledger:
    """Keeps what plans say, and refuses a notice that is in a campaign already, as the database does."""

    seen: dict[str, Seen] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    made: dict[str, Made] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    @property
    def past(self) -> Past:
        told = [one.campaign.send_at for one in self.made.values() if one.campaign.is_told]
        return Past(
            seen=dict(self.seen),
            spent=frozenset(self.spent),
            running={key: one.campaign.notices for key, one in self.made.items() if one.is_running},
            last_at=max(told, default=None),
        )

    def tick(self, base: FactBase, now: datetime) -> Plan:
        """Plans, writes the plan down, and sends what is to be sent."""
        planned = plan(base, FixedClock(now), self.past)
        for key in planned.cancel:
            assert self.made[key].is_running
            self.made[key].is_running = False
        self.seen |= {record.item: record for record in planned.seen}
        ended_at = max(
            (of.send_at for one in self.made.values() for of in one.campaign.notices if of.kind in ENDING),
            default=None,
        )
        for campaign in planned.create:
            keys = {notice.key for notice in campaign.notices}
            assert len(keys) == len(campaign.notices)
            assert not keys & self.spent
            assert campaign.key not in self.made
            self.spent |= keys
            self.made[campaign.key] = Made(campaign, ended_at)
        for one in self.made.values():
            self._send(one, base, now)
        return planned

    def _send(self, made: Made, base: FactBase, now: datetime) -> None:
        if not made.is_running or now < made.campaign.send_at:
            return
        for name, subscription in self.subscriptions.items():
            ended = made.ended_at is not None and subscription.since <= made.ended_at
            wanted = made.campaign.notices_for(subscription, ended=ended)
            told = tuple(one for one in wanted if not stale(one, base, FixedClock(now), self.past))
            if told and name not in made.sent:
                made.sent[name] = told
        made.is_running = now < made.campaign.closes_at


def kinds(planned: Plan) -> list[list[Kind]]:
    """The kinds of each campaign that a plan makes."""
    return [[notice.kind for notice in campaign.notices] for campaign in planned.create]


def first(planned: Plan) -> Campaign:
    """The only campaign of a plan."""
    (campaign,) = planned.create
    return campaign
