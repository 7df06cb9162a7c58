"""Chunks sent for real: a real ledger in a file, a courier that does what the test says."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.clock import RehearsalClock
from bot.core.errors import ContentError
from bot.core.messages import Reply
from bot.reminders.courier import (
    ChatGoneError,
    ChatMovedError,
    RefusedError,
    SendError,
    ThrottledError,
    TryAgainError,
    UnsureError,
)
from bot.reminders.engine import backlog, outage
from bot.reminders.ledger import CampaignState
from tests.unit.reminders.engine.dispatch import DUE, LAST_NIGHT, NIGHT, TOPIC, Moved, Post, compose, reader

pytestmark = pytest.mark.asyncio


async def test_everyone_gets_one_message_in_the_own_language_and_thread(room) -> None:
    async with room(reader(), reader(lang="es", thread=7), reader()) as on:
        await on.deliver()
        assert sorted(on.post.sent) == [
            ("0", None, "<p>en: week</p>", False),
            ("1", 7, "<p>es: week</p>", False),
            ("2", None, "<p>en: week</p>", False),
        ]
        assert on.post.prepared == 2
        assert (await on.progress()).sent == 3
        assert await on.ledger.finish(DUE) == [(await on.progress()).key]


async def test_blocked_chat_loses_its_subscription(room) -> None:
    async with room(reader(), reader(), post=Post(faults={"0": [ChatGoneError()]})) as on:
        await on.deliver()
        assert on.post.chats == ["1"]
        assert await on.storage.subscriptions(TOPIC).get("telegram", "0") is None
        assert (await on.progress()).remaining == 0
        assert (await on.progress()).rejected == 1


async def test_group_that_moved_gets_it_under_its_new_id(room) -> None:
    async with room(reader(), post=Post(faults={"0": [ChatMovedError("-100")]})) as on:
        await on.deliver()
        assert on.post.chats == ["-100"]


@pytest.mark.parametrize("fault", [TryAgainError(), UnsureError(), RuntimeError("?")])
async def test_message_that_failed_is_tried_again(room, fault) -> None:
    async with room(reader(), reader(), post=Post(faults={"0": [fault]})) as on:
        await on.deliver()
        assert sorted(on.post.chats) == ["0", "1"]
        assert on.tally.counts()["repeated"] == 1


@pytest.mark.parametrize("is_outage", [False, True])
async def test_message_that_may_have_arrived_is_tried_once_more_and_no_further(room, is_outage, monkeypatch) -> None:
    monkeypatch.setattr(outage, "FIRST_PAUSE", 0.05)
    faults: list[SendError] = [UnsureError() for _ in range(9)]
    async with room(reader(), reader(), post=Post(faults={"0": faults, "1": [TryAgainError()]})) as on:
        for _ in range(outage.IN_A_ROW if is_outage else 0):
            on.sender._means.posting.outage.failed(0.0)
        await asyncio.wait_for(on.deliver(), 20)
        assert len(faults) == 7
        assert on.post.chats == ["1"]
        assert (await on.progress()).rejected == 1


async def test_language_that_the_topic_does_not_speak_becomes_one_that_it_does(room) -> None:
    async with room(*(reader(lang=lang) for lang in ("pt", "EN", "es-MX", "Es-419", "es"))) as on:
        await asyncio.wait_for(on.deliver(), 20)
        told = {chat: html for chat, _, html, _ in on.post.sent}
        assert [told[str(number)][3:5] for number in range(5)] == ["en", "en", "es", "es", "es"]


async def test_words_that_cannot_be_made_are_given_up_and_keep_nobody_else_waiting(room, base_of, monkeypatch) -> None:
    def faulty(notices: Any, lang: str, now: datetime) -> Reply:
        if lang == "es":
            raise ContentError("the template is at fault")
        return compose(notices, lang, now)

    monkeypatch.setattr(backlog, "ATTEMPTS", 1)
    async with room(*[reader(lang="es")] * (outage.IN_A_ROW + 1), reader()) as on:
        on.wording.reload(faulty, base_of())
        await asyncio.wait_for(on.deliver(), 20)
        assert on.post.chats == [str(outage.IN_A_ROW + 1)]
        assert (await on.progress()).rejected == outage.IN_A_ROW + 1
        assert not on.sender._means.posting.outage.is_on


async def test_message_that_is_refused_is_given_up_loudly(room, caplog) -> None:
    async with room(reader(), reader(), post=Post(faults={"0": [RefusedError("bad HTML")]})) as on:
        await on.deliver()
        assert on.post.chats == ["1"]
        assert (await on.progress()).rejected == 1
        assert "delivery.refused" in caplog.text


async def test_throttle_is_shared_and_counts_as_no_attempt(room) -> None:
    async with room(*[reader()] * 5, post=Post(faults={"0": [ThrottledError(1)]})) as on:
        await on.deliver()
        assert sorted(on.post.chats) == list("01234")
        assert on.tally.counts()["repeated"] == 0


async def test_answers_take_from_the_rate_before_reminders(room) -> None:
    async with room(*[reader()] * 30, rate=20.0) as on:
        task = asyncio.create_task(on.deliver())
        await asyncio.sleep(0.3)
        on.post.answers += 30
        before = len(on.post.sent)
        await asyncio.sleep(1.0)
        assert len(on.post.sent) - before <= 4
        await task


async def test_paused_campaign_is_handed_back_and_goes_on_when_resumed(room) -> None:
    async with room(*[reader()] * 40, rate=20.0) as on:
        task = asyncio.create_task(on.deliver())
        await asyncio.sleep(0.5)
        key = (await on.progress()).key
        await on.ledger.set_state(key, CampaignState.PAUSED)
        await task
        assert 0 < (await on.progress()).sent < 40
        assert (await on.progress()).sent == len(on.post.sent)
        await on.ledger.set_state(key, CampaignState.RUNNING)
        await on.deliver()
        assert sorted(on.post.chats, key=int) == [str(number) for number in range(40)]


async def test_stop_finishes_what_is_claimed_and_hands_back_the_rest(room) -> None:
    async with room(*[reader()] * 40, rate=20.0, post=Post(latency=0.1)) as on:
        chunks = await on.ledger.ready(8)
        await on.ledger.handed_over(chunks)
        task = asyncio.create_task(on.sender.deliver(chunks[0]))
        await asyncio.sleep(0.6)
        assert await on.sender.stop(5.0)
        await task
        assert 0 < (await on.progress()).sent == len(on.post.sent) < 40
        (again,) = await on.ledger.ready(8)
        work = await on.ledger.begin(again, "next")
        assert work is not None
        assert len(work.waiting) == 40 - len(on.post.sent)


async def test_outage_costs_no_attempts_and_ends_by_itself(room) -> None:
    faults = {str(number): [TryAgainError() for _ in range(3)] for number in range(8)}
    async with room(*[reader()] * 8, post=Post(faults=faults)) as on:
        on.post.faults = {chat: list(errors) for chat, errors in faults.items()}
        task = asyncio.create_task(on.deliver())
        await asyncio.sleep(1.0)
        on.post.faults.clear()
        await asyncio.wait_for(task, 30)
        assert sorted(on.post.chats) == [str(number) for number in range(8)]
        assert (await on.progress()).rejected == 0


async def test_choice_that_was_switched_off_meanwhile_is_respected(room) -> None:
    async with room(reader(), reader()) as on:
        off = reader(off=frozenset({"week"}))
        await on.storage.subscriptions(TOPIC).put("telegram", "0", off)
        await on.deliver()
        assert on.post.chats == ["1"]
        assert (await on.progress()).skipped == 1


async def test_chunk_of_another_owner_is_left_alone(room) -> None:
    async with room(*[reader()] * 40, rate=20.0) as on:
        (chunk,) = await on.ledger.ready(8)
        await on.ledger.handed_over([chunk])
        task = asyncio.create_task(on.sender.deliver(chunk))
        await asyncio.sleep(0.4)
        work = await on.ledger.begin(chunk, "other")
        assert work is not None
        await asyncio.wait_for(task, 5)
        assert len(on.post.sent) < 40


async def test_nothing_goes_out_once_its_use_is_over(room) -> None:
    async with room(reader()) as on:
        on.sender._means.posting._clock = RehearsalClock(DUE + timedelta(days=30))
        await on.deliver()
        assert on.post.sent == []
        assert (await on.progress()).skipped == 1


async def test_stop_ends_also_where_the_platform_does_not_answer(room) -> None:
    async with room(*[reader()] * 5, post=Post(latency=60.0)) as on:
        chunks = await on.ledger.ready(8)
        await on.ledger.handed_over(chunks)
        task = asyncio.create_task(on.sender.deliver(chunks[0]))
        await asyncio.sleep(0.3)
        assert not await on.sender.stop(0.2)
        await asyncio.wait([task], timeout=5)
        assert task.done()


async def test_what_can_wait_rests_in_the_night_and_goes_out_in_the_morning(room: Callable[..., Any]) -> None:
    clock = Moved(NIGHT)
    async with room(reader(), reader(), sent_at=clock) as on:
        chunks = await on.ledger.ready(8)
        await on.ledger.handed_over(chunks)
        for chunk in chunks:
            await on.sender.deliver(chunk)
        assert on.post.sent == []
        (resting,) = (await on.ledger.past()).running
        assert not await on.ledger.ready(8, [resting])
        clock.instant = DUE + timedelta(days=1)
        await on.deliver()
        assert len(on.post.sent) == 2
        assert not any(silent for *_, silent in on.post.sent)


async def test_what_cannot_wait_goes_out_in_the_night_without_a_sound(room: Callable[..., Any]) -> None:
    async with room(reader(), sent_at=Moved(LAST_NIGHT)) as on:
        await on.deliver()
        assert [silent for *_, silent in on.post.sent] == [True]
