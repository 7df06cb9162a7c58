"""What a ledger grants: rows claimed by one owner, campaigns steered and ended, one rate for all."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from bot.reminders.campaign import Plan, Seen
from bot.reminders.ledger import CampaignState, DeliveryState, Result, TakenOverError
from bot.reminders.notice import Kind
from bot.storage.keys import Keys
from bot.storage.ledger import open_ledger
from tests.unit.storage.campaigns import NOW, RATE, begun, campaign, notice, plain, planned, settled, subscribe
from tests.unit.storage.conftest import SECRET, TOPIC, on_server

pytestmark = pytest.mark.asyncio


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


@on_server
async def test_settling_opens_no_pipeline(storage, ledger, monkeypatch):
    def enter(pipeline):
        pytest.fail("no limit of the server holds in it: a suspended replica would keep its locks")

    await subscribe(storage, plain(), plain())
    await planned(ledger, campaign())
    work = await begun(ledger)
    rows = list((await ledger.claim(work, list(work.waiting), 0, RATE)).rows)
    monkeypatch.setattr(psycopg.Pipeline, "__enter__", enter)
    await ledger.acknowledge(work, settled(work, DeliveryState.SENT, rows))
    (progress,) = await ledger.progress()
    assert progress.sent == 2


async def test_every_row_of_a_batch_is_settled_as_its_own(storage, ledger, rows):
    await subscribe(storage, *[plain()] * 5)
    await planned(ledger, campaign())
    work = await begun(ledger)
    one, other, late, back, untried = (await ledger.claim(work, list(work.waiting), 0, RATE)).rows
    sent, waiting = DeliveryState.SENT, DeliveryState.WAITING
    results = [Result(one, sent, 11), Result(other, sent, None), Result(late, sent, 13, tried=False)]
    await ledger.acknowledge(work, [*results, Result(back, waiting), Result(untried, waiting, tried=False)])
    kept = {row: rest for row, *rest in rows("SELECT subscription_id, state, attempt, message_id FROM delivery")}
    assert kept == {
        one: [sent, 1, 11],
        other: [sent, 1, None],
        late: [sent, 0, 13],
        back: [waiting, 1, None],
        untried: [waiting, 0, None],
    }


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
