"""Who is told by a campaign: looked up once, page by page, by one replica alone."""

import asyncio
from datetime import timedelta

import pytest

from bot.reminders.campaign import Plan, Seen
from bot.reminders.ledger import CampaignState, DeliveryState
from bot.reminders.notice import Kind
from bot.storage.keys import Keys
from bot.storage.ledger import open_ledger
from tests.unit.storage.campaigns import NOW, RATE, begun, campaign, chats, notice, plain, planned, settled, subscribe
from tests.unit.storage.conftest import SECRET, TOPIC

pytestmark = pytest.mark.asyncio


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
