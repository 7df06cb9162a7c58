"""Campaigns, subscriptions and the steps of a delivery, for the tests of the ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.reminders.campaign import Campaign, Plan, campaign_of
from bot.reminders.ledger import DeliveryState, Result, Work
from bot.reminders.notice import Kind, Notice
from bot.reminders.subscription import Subscription
from bot.storage import Storage
from bot.storage.ledger import LedgerStore
from bot.storage.subscription_list import Entry
from tests.unit.storage.conftest import TOPIC

NOW = datetime(2025, 11, 1, 12, tzinfo=UTC)
RATE = 400.0


def notice(kind: Kind = Kind.WEEK, version: str = "v1", send_at: datetime = NOW, days: int = 5) -> Notice:
    return Notice("mending", kind, version, send_at, NOW + timedelta(days=days))


def campaign(*notices: Notice, at: datetime = NOW) -> Campaign:
    return campaign_of(notices or (notice(),), at)


async def subscribe(storage: Storage, *subscriptions: Subscription, first: int = 0) -> None:
    entries = [Entry("telegram", str(first + number), TOPIC, one) for number, one in enumerate(subscriptions)]
    await storage.subscription_list().add(entries)


def plain(**changes) -> Subscription:
    return replace(Subscription("en", NOW - timedelta(days=30)), **changes)


async def planned(ledger: LedgerStore, *campaigns: Campaign, now: datetime = NOW) -> None:
    assert await ledger.apply(Plan(create=campaigns))
    while await ledger.plan_page(now):
        pass


async def begun(ledger: LedgerStore, replica: str = "one") -> Work:
    (chunk, *_) = await ledger.ready(8)
    await ledger.handed_over([chunk])
    work = await ledger.begin(chunk, replica)
    assert work is not None
    return work


async def chats(ledger: LedgerStore, work: Work) -> set[str]:
    claim = await ledger.claim(work, list(work.waiting), 0, RATE)
    return {address.chat for address in claim.rows.values() if address}


def settled(work: Work, state: DeliveryState, rows: Sequence[int]) -> list[Result]:
    return [Result(row, state, 7 if state is DeliveryState.SENT else None) for row in rows]
