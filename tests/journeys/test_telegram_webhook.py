"""Telegram posts what residents write: answers travel back in the response where that harms nobody; none is lost."""

import asyncio
import logging
from dataclasses import replace
from io import BytesIO

import aiohttp
import pytest

from bot.core.messages import Incoming, Reply
from bot.platforms.telegram import webhook as room
from tests.double import WebhookRules
from tests.double.stage import POSTED, SECRET, Stage, webhook_stage

pytestmark = pytest.mark.asyncio(loop_scope="function")


def private_message(number: int, text: str = "/vote", chat: int = 4711) -> dict:
    person = {"id": chat, "is_bot": False, "first_name": "Ana", "language_code": "en"}
    message = {"message_id": 5, "date": 1_763_000_000, "from": person, "text": text}
    return {"update_id": number, "message": message | {"chat": {"id": chat, "type": "private", "first_name": "Ana"}}}


async def settled(on: Stage) -> None:
    await on.double.until(lambda: not on.double.pending)


async def test_answer_in_private_travels_back_in_the_response() -> None:
    async with webhook_stage() as on:
        sent = await on.double.private().ask("/vote")
        assert sent.text == "when_is_the_vote in en [1]"
        assert sent.labels[0] == "Who said what"
        [call] = on.double.called("sendMessage")
        assert call.via_webhook
        await settled(on)
        assert (on.double.refused, on.double.webhook.redeliveries) == ([], 0)
        assert on.platform.healthy


async def test_press_is_edited_by_a_call_and_acknowledged_in_the_response() -> None:
    async with webhook_stage() as on:
        chat = on.double.private()
        sent = await chat.ask("hello")
        chat.press("Vote")
        assert (await chat.reply()).message_id == sent.message_id
        await settled(on)
        assert [call.via_webhook for call in on.double.called("editMessageText")] == [False]
        assert [call.via_webhook for call in on.double.called("answerCallbackQuery")] == [True]
        assert (on.double.unanswered_presses, on.double.refused) == (set(), [])


async def test_answer_of_two_calls_and_one_to_a_group_are_called() -> None:
    async with webhook_stage() as on:
        chat, group = on.double.private(), on.double.group()
        await chat.ask("/vote")
        chat.press("Calendar")
        await chat.reply()
        assert (await chat.reply()).document is not None
        await group.ask("/vote@FactsBot")
        await settled(on)
        assert [call.via_webhook for call in on.double.called("sendMessage")] == [True, False]
        assert on.double.refused == []


async def test_answer_above_the_rate_waits_for_its_turn_and_is_called() -> None:
    async with webhook_stage(rate=2.0) as on:
        chats = [on.double.private() for _ in range(4)]
        for chat in chats:
            chat.say("/vote")
        for chat in chats:
            await chat.reply()
        assert [call.via_webhook for call in on.double.called("sendMessage")] == [True, True, False, False]
        assert on.double.refused == []


async def test_update_posted_again_is_answered_once() -> None:
    async with webhook_stage() as on:
        statuses = [await on.double.webhook.post(private_message(9), SECRET) for _ in range(3)]
        assert [status for status, _ in statuses] == [200, 200, 200]
        assert [bool(body) for _, body in statuses] == [True, False, False]
        assert len(on.answers.asked) == 1


async def test_update_posted_again_while_it_is_in_hand_is_answered_once() -> None:
    async with webhook_stage() as on:
        answer, go = on.answers.__call__, asyncio.Event()

        async def slow(incoming: Incoming) -> Reply:
            await go.wait()
            return await answer(incoming)

        on.platform.serve(replace(on.platform.edition, answer=slow))
        posts = [asyncio.create_task(on.double.webhook.post(private_message(9), SECRET)) for _ in range(2)]
        await asyncio.sleep(0.1)
        go.set()
        bodies = [body for _, body in await asyncio.gather(*posts)]
        assert sorted(map(bool, bodies)) == [False, True]
        assert len(on.answers.asked) == 1


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x"])
async def test_post_without_the_secret_changes_nothing(secret: str) -> None:
    async with webhook_stage() as on:
        status, body = await on.double.webhook.post(private_message(9), secret)
        assert (status, body) == (403, b"")
        assert on.answers.asked == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (b"\xff\xfe", 400),
        (b"[1, 2]", 400),
        (b'{"update_id": "9"}', 400),
        (b'{"message": {}}', 400),
        (b'{"update_id": 9}', 200),  # a kind of update that is not known
        (b'{"update_id": 9, "message": {"text": 5}}', 200),
        (b'{"update_id": 9, "poll": {"id": "1"}, "new_kind": {}}', 200),
        (b"[" * 100_000, 400),
        (b'{"update_id": 9, "x": "' + b"x" * (10 * 1024 * 1024) + b'"}', 413),
    ],
)
async def test_body_that_is_no_update_changes_nothing(body: bytes, status: int) -> None:
    async with webhook_stage() as on, aiohttp.ClientSession() as session:
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        try:
            async with session.post(on.double.webhook.url, data=BytesIO(body), headers=headers) as answer:
                assert (answer.status, await answer.read()) == (status, b"")
        except aiohttp.ClientConnectionError:  # the server need not read all of what it refuses
            assert status == 413
        assert on.answers.asked == []
        assert (await on.double.private().ask("/vote")).text.startswith("when_is_the_vote")


async def test_other_methods_are_refused() -> None:
    async with (
        webhook_stage() as on,
        aiohttp.ClientSession() as session,
        session.get(on.double.webhook.url) as answer,
    ):
        assert answer.status == 405


async def test_flood_gets_one_calm_word_and_then_silence_while_others_are_answered() -> None:
    async with webhook_stage() as on:
        chat = on.double.private()
        for _ in range(40):
            chat.say("/vote")
        told = [(await chat.reply()).text for _ in range(16)]
        assert (told.count("when_is_the_vote in en [1]"), told.count("too_fast in en")) == (15, 1)
        assert (await on.double.private().ask("/vote")).text.startswith("when_is_the_vote")
        await settled(on)
        assert await chat.is_quiet()
        assert on.double.refused == []


async def test_slow_answer_goes_by_a_call_once_the_response_was_held_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "HOLD", 0.2)
    async with webhook_stage() as on:
        answer = on.answers.__call__

        async def slow(incoming: Incoming) -> Reply:
            await asyncio.sleep(0.5)
            return await answer(incoming)

        on.platform.serve(replace(on.platform.edition, answer=slow))
        await on.double.private().ask("/vote")
        assert [call.via_webhook for call in on.double.called("sendMessage")] == [False]
        assert on.double.webhook.redeliveries == 0


async def test_long_wait_shows_that_an_answer_is_being_made() -> None:
    async with webhook_stage() as on:
        answer = on.answers.__call__

        async def slow(incoming: Incoming) -> Reply:
            await asyncio.sleep(1.3 if incoming.text else 0)
            return await answer(incoming)

        on.platform.serve(replace(on.platform.edition, answer=slow))
        chat, other = on.double.private(), on.double.private()
        await asyncio.gather(chat.ask("something long"), other.ask("/vote"))
        assert (chat.actions, other.actions) == (["typing"], [])


async def test_what_is_posted_while_the_bot_stops_is_posted_again() -> None:
    async with webhook_stage() as on:
        chat = on.double.private()
        await chat.ask("/vote")
        await on.platform.stop()
        chat.say("/vote")
        await on.double.until(lambda: on.double.webhook.redeliveries)
        assert len(on.answers.asked) == 1
        assert on.double.pending == 1


async def test_messages_of_a_chat_are_answered_in_their_order() -> None:
    async with webhook_stage(replace(POSTED, in_turn=True)) as on:
        chat = on.double.private()
        for number in range(8):
            chat.say("x" * (number + 1))
        assert [(await chat.reply()).text for _ in range(8)] == [f"heard {n}: {'x' * n}" for n in range(1, 9)]


async def test_slow_network_of_one_holds_up_no_other() -> None:
    async with webhook_stage(WebhookRules(takes_http=True, timeout=30)) as on:
        slow, others = on.double.private(), [on.double.private() for _ in range(50)]
        sent = await slow.ask("hello")
        on.double.hang("editMessageText")
        slow.press("Vote", sent)
        for chat in others:
            chat.say("/vote")
        for chat in others:
            assert (await chat.reply()).text.startswith("when_is_the_vote")


async def test_logs_of_the_webhook_hold_no_secret_no_words_and_no_ids(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with webhook_stage() as on:
            chat = on.double.private()
            await chat.ask("my very own words")
            await on.double.webhook.post({"update_id": 77, "message": {"text": "my very own words"}}, SECRET)
            await on.double.webhook.post(private_message(78), "wrong")
            token = on.double.token
    bot_logs = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot."))
    for secret in (SECRET, token, "very own", str(chat.id)):
        assert secret not in bot_logs


async def test_answer_that_the_stop_cuts_short_is_posted_again() -> None:
    async with webhook_stage() as on:

        async def endless(_: Incoming) -> Reply:
            await asyncio.sleep(60)
            raise AssertionError

        on.platform.serve(replace(on.platform.edition, answer=endless))
        on.double.private().say("/vote")
        await on.double.until(lambda: on.double.webhook.busiest)
        await asyncio.sleep(0.2)
        await on.platform.stop()
        await on.double.until(lambda: on.double.webhook.redeliveries)
        assert on.double.pending == 1
