"""The connection of a posted update is lost before its response: what is posted again is answered, and only once."""

import asyncio

import aiohttp
import orjson
import pytest

from tests.double.stage import SECRET, Stage, webhook_stage
from tests.faults.webhook_bodies import MESSAGE, PRIVATE

pytestmark = pytest.mark.asyncio(loop_scope="function")

SLOW = {"update_id": 9, "message": MESSAGE | {"text": "slow"}}  # answered once the gate opens


async def lose_one(on: Stage) -> None:
    """Posts the update, and hangs up while it is in hand."""
    async with aiohttp.ClientSession() as session:
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        posting = asyncio.create_task(session.post(on.double.webhook.url, json=SLOW, headers=headers))
        while not on.answers.asked:  # noqa: ASYNC110 - the answers tell nobody
            await asyncio.sleep(0.002)
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
    await asyncio.sleep(0.05)  # until the server has seen it too


def chat_of(body: bytes) -> int:
    """Whom the call in a response goes to."""
    return int(orjson.loads(body)["chat_id"])


async def test_update_whose_response_was_lost_is_answered_when_it_is_posted_again() -> None:
    async with webhook_stage() as on:
        await lose_one(on)
        on.answers.gate.set()
        await asyncio.sleep(0.05)
        status, body = await on.double.webhook.post(SLOW, SECRET)
        assert (status, chat_of(body)) == (200, PRIVATE["id"])
        assert await on.double.webhook.post(SLOW, SECRET) == (200, b"")


async def test_update_posted_again_before_its_answer_was_ready_gets_it_then() -> None:
    async with webhook_stage() as on:
        await lose_one(on)
        again = asyncio.create_task(on.double.webhook.post(SLOW, SECRET))
        await asyncio.sleep(0.05)
        on.answers.gate.set()
        status, body = await again
        assert (status, chat_of(body)) == (200, PRIVATE["id"])
        assert len(on.answers.asked) == 1
        assert on.double.called("sendMessage") == []


async def test_answer_that_was_called_is_not_made_again_though_its_response_was_lost() -> None:
    async with webhook_stage() as on:
        group = on.double.group()
        update = {
            "update_id": 9,
            "message": MESSAGE | {"chat": {"id": group.id, "type": "supergroup"}, "text": "/vote"},
        }
        async with aiohttp.ClientSession() as session:
            group.delay = 0.2
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            posting = asyncio.create_task(session.post(on.double.webhook.url, json=update, headers=headers))
            await group.reply()
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)
        assert await on.double.webhook.post(update, SECRET) == (200, b"")
        assert await group.is_quiet()
