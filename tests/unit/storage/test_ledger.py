import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot.reminders.campaign import Campaign, Plan, Seen, campaign_of
from bot.reminders.ledger import CampaignState, DeliveryState, Result, TakenOverError, Work
from bot.reminders.notice import Kind, Notice
from bot.reminders.subscription import Subscription
from bot.storage import Storage
from bot.storage.keys import Keys
from bot.storage.ledger import LedgerStore, open_ledger
from bot.storage.subscription_list import Entry
from tests.unit.storage.conftest import SECRET

pytestmark = pytest.mark.asyncio

NOW = datetime(2025, 11, 1, 12, tzinfo=UTC)
TOPIC = "old-bridge"
RATE = 400.0


def notice(kind: Kind = Kind.WEEK, version: str = "v1", send_at: datetime = NOW, days: int = 5) -> Notice:
    return Notice("mending", kind, version, send_at, NOW + timedelta(days=days))


def campaign(*notices: Notice, at: datetime = NOW) -> Campaign:
    return campaign_of(notices or (notice(),), at)


@pytest_asyncio.fixture
async def storage(opened) -> AsyncIterator[Storage]:
    async with opened() as storage:
        yield storage


@pytest_asyncio.fixture
async def ledger(storage, url, folder) -> AsyncIterator[LedgerStore]:
    opened = open_ledger(url, folder, Keys([SECRET]), TOPIC)
    yield opened
    await opened.close()


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


async def test_campaign_is_written_and_read_back_as_it_was(storage, ledger):
    await subscribe(storage, plain())
    made = campaign(notice(), notice(Kind.CORRECTION, "v2", NOW + timedelta(hours=1)))
    await planned(ledger, made)
    work = await begun(ledger)
    assert work.campaign == made
    assert work.ended_at is None


async def test_notice_goes_into_one_campaign_and_the_slower_replica_writes_nothing(ledger):
    first, again = campaign(notice()), campaign(notice(), notice(Kind.DAY, "v2"))
    assert await ledger.apply(Plan(create=(first,)))
    assert not await ledger.apply(Plan(create=(again,), seen=(Seen("mending", "told", 1),)))
    past = await ledger.past()
    assert past.spent == {notice().key}
    assert past.seen == {}
    assert list(past.running) == [first.key]
    assert past.last_at == NOW


async def test_two_replicas_that_plan_at_once_make_one_campaign(ledger, url, folder):
    other = open_ledger(url, folder, Keys([SECRET]), TOPIC)
    plan = Plan(create=(campaign(),), seen=(Seen("mending", "told", 0),))
    assert sorted(await asyncio.gather(ledger.apply(plan), other.apply(plan))) == [False, True]
    await other.close()


async def test_recipients_are_those_who_want_it_and_came_before_it(storage, ledger):
    await subscribe(
        storage,
        plain(),
        plain(paused=True),
        plain(off=frozenset({"week"})),
        plain(off=frozenset({"day", "hours"})),
        plain(since=NOW),
    )
    await planned(ledger, campaign())
    assert await chats(ledger, await begun(ledger)) == {"0", "3"}


async def test_reader_who_came_before_a_later_notice_of_the_campaign_is_looked_up_once_more(storage, ledger):
    late = NOW + timedelta(hours=1)
    await subscribe(storage, plain())
    await planned(ledger, campaign(notice(), notice(Kind.DAY, "v2", late)))
    assert len((await begun(ledger)).waiting) == 1
    await subscribe(storage, plain(since=NOW + timedelta(minutes=30)), plain(since=late), first=10)
    while await ledger.plan_page(late):
        pass
    assert await chats(ledger, await begun(ledger)) == {"10"}
    (progress,) = await ledger.progress()
    assert (progress.total, progress.planned) == (2, True)


async def test_all_who_came_late_are_looked_up_beside_those_who_still_wait(storage, ledger):
    late = NOW + timedelta(hours=1)
    await subscribe(storage, *[plain()] * 100)
    await planned(ledger, campaign(notice(), notice(Kind.DAY, "v2", late)))
    await subscribe(storage, *[plain(since=NOW + timedelta(minutes=30))] * 600, first=100)
    while await ledger.plan_page(late):
        pass
    (progress,) = await ledger.progress()
    assert (progress.total, progress.planned) == (700, True)


async def test_nobody_counts_as_ended_long_ago_while_a_campaign_may_still_tell_them(storage, ledger):
    await subscribe(storage, plain())
    outcome, later = campaign(notice(Kind.OUTCOME)), NOW + timedelta(seconds=10)
    await planned(ledger, outcome)
    await planned(ledger, campaign(notice(Kind.OVER, "v2", later), at=later), now=later)  # over at once
    assert await ledger.ended_at() == later
    assert await ledger.ended_at(later + timedelta(days=1)) is None
    work = await begun(ledger)
    rows = list((await ledger.claim(work, list(work.waiting), 0, RATE)).rows)
    await ledger.acknowledge(work, settled(work, DeliveryState.SENT, rows))
    assert await ledger.close_chunk(work)
    assert await ledger.finish(later) == [outcome.key]
    assert await ledger.ended_at(later + timedelta(days=1)) == later


async def test_ended_subscription_gets_corrections_only(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign(notice(Kind.OUTCOME)))
    assert len((await begun(ledger)).waiting) == 1
    later = NOW + timedelta(hours=3)
    assert await ledger.ended_at() == NOW
    assert await ledger.ended_at(NOW) is None
    await planned(ledger, campaign(notice(Kind.MOVED, "v2", later), at=later), now=later)
    await planned(ledger, campaign(notice(Kind.CORRECTION, "v3", later), at=later), now=later)
    totals = {one.key.partition("-")[0]: one.total for one in await ledger.progress()}
    assert totals == {"outcome": 1, "moved": 0, "correction": 1}


async def test_cancelled_outcome_ends_nobody_and_one_paused_until_its_end_ends_all(storage, ledger):
    await subscribe(storage, plain())
    taken_back, silenced = campaign(notice(Kind.OUTCOME)), campaign(notice(Kind.OUTCOME, "v2"))
    await planned(ledger, taken_back)
    assert await ledger.set_state(taken_back.key, CampaignState.CANCELLED)
    assert await ledger.ended_at() is None
    await planned(ledger, silenced)
    assert await ledger.set_state(silenced.key, CampaignState.PAUSED)
    after = NOW + timedelta(days=6)
    assert await ledger.finish(after) == [silenced.key]
    assert await ledger.ended_at() == await ledger.ended_at(after) == NOW
    (progress, _) = await ledger.progress()
    assert (progress.state, progress.sent) == ("done", 0)


async def test_known_recipients_leave_no_number_of_a_subscription_behind(storage, ledger, rows):
    await subscribe(storage, plain())
    later = NOW + timedelta(hours=1)
    again = campaign(notice(), notice(Kind.DAY, "v2", later))
    await planned(ledger, campaign(notice(Kind.OVER)), again)
    assert await ledger.plan_page(later)
    await planned(ledger, campaign(notice(Kind.MOVED, "v3", later), at=later), now=later)
    assert rows("SELECT max(planned_to) FROM campaign WHERE round = 2") == [(-1,)]
    await ledger.finish(NOW + timedelta(days=60))
    assert rows("SELECT DISTINCT planned_to, round FROM campaign") == [(-1, 2)]


async def test_campaign_that_tells_nobody_is_done_at_once_and_ends_subscriptions(ledger):
    await planned(ledger, campaign(notice(Kind.OVER)))
    (progress,) = await ledger.progress()
    assert (progress.state, progress.total) == ("done", 0)
    assert await ledger.ended_at() == NOW
    assert (await ledger.past()).last_at is None


async def test_many_recipients_fill_chunks_of_five_hundred(storage, ledger):
    await subscribe(storage, *[plain()] * 1200)
    await planned(ledger, campaign())
    sizes = [len((await begun(ledger)).waiting) for _ in range(3)]
    assert sizes == [500, 500, 200]
    assert not await ledger.ready(8)


async def test_lookup_goes_on_after_a_crash_and_takes_nobody_twice(storage, ledger, url, folder):
    await subscribe(storage, *[plain()] * 1200)
    await ledger.apply(Plan(create=(campaign(),)))
    await ledger.plan_page(NOW)
    again = open_ledger(url, folder, Keys([SECRET]), TOPIC)
    while await again.plan_page(NOW):
        pass
    (progress,) = await again.progress()
    await again.close()
    assert (progress.total, progress.planned) == (1200, True)


async def test_claimed_rows_are_settled_and_counted(storage, ledger):
    await subscribe(storage, *[plain()] * 6)
    await planned(ledger, campaign())
    work = await begun(ledger)
    rows = list((await ledger.claim(work, list(work.waiting), 0, RATE)).rows)
    states = [DeliveryState.SENT, DeliveryState.SENT, DeliveryState.GONE, DeliveryState.FAILED, DeliveryState.SKIPPED]
    await ledger.acknowledge(work, [Result(row, state) for row, state in zip(rows, states, strict=False)])
    assert not await ledger.close_chunk(work)
    await ledger.acknowledge(work, settled(work, DeliveryState.SENT, rows[5:]))
    assert await ledger.close_chunk(work)
    assert await ledger.finish(NOW) == [work.campaign.key]
    (progress,) = await ledger.progress()
    assert (progress.sent, progress.rejected, progress.skipped, progress.state) == (3, 2, 1, "done")


async def test_row_is_claimed_once_until_it_is_handed_back(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    work = await begun(ledger)
    (row,) = (await ledger.claim(work, list(work.waiting), 0, RATE)).rows
    assert not (await ledger.claim(work, [row], 0, RATE)).rows
    await ledger.acknowledge(work, [Result(row, DeliveryState.WAITING)])
    assert row in (await ledger.claim(work, [row], 0, RATE)).rows
    again = await ledger.begin(work.chunk, "one")
    assert again is not None
    assert again.waiting == {row: 1}


async def test_new_owner_takes_back_what_the_old_one_claimed_and_fences_it_off(storage, ledger):
    await subscribe(storage, plain(), plain())
    await planned(ledger, campaign())
    old = await begun(ledger)
    sent, unsent = (await ledger.claim(old, list(old.waiting), 0, RATE)).rows
    new = await ledger.begin(old.chunk, "other")
    assert new is not None
    assert new.waiting == {sent: 0, unsent: 0}
    with pytest.raises(TakenOverError):
        await ledger.claim(old, [unsent], 0, RATE)
    with pytest.raises(TakenOverError):
        await ledger.close_chunk(old)
    await ledger.claim(new, [unsent], 0, RATE)
    await ledger.acknowledge(old, [Result(unsent, DeliveryState.WAITING), Result(sent, DeliveryState.SENT, 7)])
    assert not (await ledger.claim(new, [unsent, sent], 0, RATE)).rows  # one is the new owner's, the other was sent


async def test_late_word_of_a_sent_message_counts_once(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    old = await begun(ledger)
    (row,) = (await ledger.claim(old, list(old.waiting), 0, RATE)).rows
    new = await ledger.begin(old.chunk, "other")
    assert new is not None
    for work in (old, new):
        await ledger.acknowledge(work, settled(work, DeliveryState.SENT, [row]))
    (progress,) = await ledger.progress()
    assert progress.sent == 1


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED])
async def test_campaign_that_does_not_run_grants_nothing(storage, ledger, state):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    work = await begun(ledger)
    assert await ledger.set_state(work.campaign.key, state)
    claim = await ledger.claim(work, list(work.waiting), 0, RATE)
    assert (claim.state, claim.rows) == (state, {})
    await ledger.release(work.chunk)
    assert not await ledger.ready(8)


async def test_resumed_campaign_goes_on_in_another_run(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    work = await begun(ledger)
    await ledger.set_state(work.campaign.key, CampaignState.PAUSED)
    await ledger.release(work.chunk)
    await ledger.set_state(work.campaign.key, CampaignState.RUNNING)
    (chunk,) = await ledger.ready(8)
    assert (chunk.id, chunk.run) == (work.chunk.id, work.chunk.run + 1)
    assert await ledger.begin(work.chunk, "one") is None


async def test_chunk_is_not_handed_back_from_under_its_new_owner(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    old = await begun(ledger)
    new = await ledger.begin(old.chunk, "other")
    assert new is not None
    await ledger.release(old.chunk, old.epoch)
    assert (await ledger.claim(new, list(new.waiting), 0, RATE)).rows


async def test_cancelled_campaign_stays_so_and_an_unknown_one_is_said(storage, ledger):
    await planned(ledger, campaign())
    assert await ledger.set_state(campaign().key, CampaignState.CANCELLED)
    assert not await ledger.set_state(campaign().key, CampaignState.RUNNING)
    assert not await ledger.set_state("none", CampaignState.PAUSED)


async def test_unsubscribed_reader_is_not_sent_to_and_keeps_no_chunk_open(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    work = await begun(ledger)
    assert await storage.subscriptions(TOPIC).remove("telegram", "0")
    assert not (await ledger.claim(work, list(work.waiting), 0, RATE)).rows
    assert await ledger.close_chunk(work)
    (progress,) = await ledger.progress()
    assert (progress.total, progress.remaining) == (0, 0)


async def test_more_urgent_campaign_goes_first(storage, ledger):
    await subscribe(storage, plain())
    slow, urgent = campaign(notice(days=9)), campaign(notice(Kind.DAY, "v2", days=1))
    await planned(ledger, slow, urgent)
    assert (await begun(ledger)).campaign.key == urgent.key
    assert not await ledger.ready(8)


async def test_next_campaign_need_not_wait_for_mere_repetitions(storage, ledger):
    await subscribe(storage, plain())
    slow, urgent = campaign(notice(days=9)), campaign(notice(Kind.DAY, "v2", days=1))
    await planned(ledger, slow, urgent)
    await ledger.trail(await begun(ledger))
    assert (await begun(ledger)).campaign.key == slow.key


async def test_campaign_ends_when_its_use_is_over(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign(notice(days=1)))
    assert await ledger.finish(NOW + timedelta(hours=23)) == []
    assert await ledger.finish(NOW + timedelta(days=1)) == [campaign(notice(days=1)).key]
    (progress,) = await ledger.progress()
    assert (progress.state, progress.remaining, progress.skipped) == ("done", 0, 1)


async def test_rate_is_one_for_all_who_ask(storage, ledger, url, folder):
    await subscribe(storage, *[plain()] * 40)
    await planned(ledger, campaign())
    work = await begun(ledger)
    other = open_ledger(url, folder, Keys([SECRET]), TOPIC)
    rows = list(work.waiting)
    first = (await ledger.claim(work, rows[:7], 0, 28)).grant
    second = (await other.claim(work, rows[7:14], 0, 28)).grant
    await other.close()
    assert (first.count, second.count) == (7, 7)
    assert second.first_at >= first.first_at + 6 * first.interval


async def test_answers_come_out_of_the_rate_first(storage, ledger):
    await subscribe(storage, *[plain()] * 40)
    await planned(ledger, campaign())
    work = await begun(ledger)
    grant = (await ledger.claim(work, list(work.waiting), 28, 28)).grant
    assert grant.count == 0


async def test_throttle_closes_the_rate(storage, ledger):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    work = await begun(ledger)
    await ledger.throttle(60)
    claim = await ledger.claim(work, list(work.waiting), 0, RATE)
    assert (claim.grant.count, claim.rows) == (0, {})


async def test_content_that_was_adopted_last_counts(ledger):
    assert await ledger.adopted() is None
    await ledger.adopt("old dates", "one")
    await ledger.adopt("new dates", "other")
    assert await ledger.adopted() == ("new dates", "other")


async def test_replicas_that_start_together_adopt_together(ledger, url, folder):
    for number in range(10):  # topics that have no row yet, where two could both mean to be the first
        topics = [open_ledger(url, folder, Keys([SECRET]), f"topic-{number}") for _ in range(4)]
        await asyncio.gather(*(one.adopt("dates", f"replica-{count}") for count, one in enumerate(topics)))
        assert (await topics[0].adopted())[0] == "dates"
        await asyncio.gather(*(one.close() for one in topics))


async def test_replicas_see_each_other_live(ledger):
    assert await ledger.beat("one") == {"one": 0}
    assert await ledger.beat("other") == {"one": 0, "other": 0}
    assert await ledger.beat("one") == {"one": 1, "other": 0}
    await ledger.bury("other")
    assert await ledger.beat("one") == {"one": 2}


async def test_old_deliveries_are_forgotten_but_not_that_they_were(storage, ledger, rows):
    await subscribe(storage, plain())
    await planned(ledger, campaign())
    assert await ledger.prune(NOW + timedelta(days=1)) == 0
    await ledger.set_state(campaign().key, CampaignState.CANCELLED)
    assert await ledger.prune(NOW) == 0
    assert await ledger.prune(NOW + timedelta(seconds=1)) == 1
    assert rows("SELECT count(*) FROM delivery") == [(0,)]
    assert not await ledger.apply(Plan(create=(campaign(),)))


async def test_what_was_seen_is_kept_as_it_is(ledger):
    await ledger.apply(Plan(seen=(Seen("mending", '{"a": "ñ"}', 0),)))
    await ledger.apply(Plan(seen=(Seen("mending", '{"b": 1}', 3),)))
    assert (await ledger.past()).seen == {"mending": Seen("mending", '{"b": 1}', 3)}


async def test_ledger_holds_no_chat_id(storage, ledger, on_disk):
    await subscribe(storage, plain(), first=987654321012)
    await planned(ledger, campaign())
    work = await begun(ledger)
    await ledger.acknowledge(work, settled(work, DeliveryState.SENT, list(work.waiting)))
    assert b"987654321012" not in on_disk()
