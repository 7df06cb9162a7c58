"""The library's calls over the transport of our own: files, errors by their meaning, and what an answer must be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from telegram import Bot, InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from bot.platforms.telegram.connections import Connections, Limits, UnprocessedError
from bot.platforms.telegram.transport import Transport, asked_pause
from tests.double import BotApiDouble

pytestmark = pytest.mark.asyncio(loop_scope="function")

LIMITS = Limits(pool=1.0, reach=1.0, read=1.0)


@asynccontextmanager
async def bot_on(double: BotApiDouble, limits: Limits = LIMITS, token: str | None = None) -> AsyncIterator[Bot]:
    """The library's bot, over two transports of ours."""
    transports = [Transport(Connections(double.url, 2), limits) for _ in range(2)]
    bot = Bot(token or double.token, f"{double.url}/bot", request=transports[0], get_updates_request=transports[1])
    async with bot:
        yield bot


async def test_files_and_parameters_travel_as_a_form() -> None:
    async with BotApiDouble() as double, bot_on(double) as bot:
        chat = double.private()
        content = bytes(range(256)) * 500
        await bot.send_document(chat.id, InputFile(content, "días.ics"), caption="<b>é</b> 🧊", parse_mode="HTML")
        sent = await chat.reply()
        assert sent.document is not None
        assert (sent.document.name, sent.document.content) == ("días.ics", content)
        assert (sent.text, sent.parameters["chat_id"]) == ("é 🧊", chat.id)
        assert double.refused == []


async def test_parameters_of_every_shape_travel_as_json() -> None:
    async with BotApiDouble() as double, bot_on(double) as bot:
        double.private().say("🧊 ñ \x00")
        updates = await bot.get_updates(timeout=timedelta(seconds=1), allowed_updates=("message",))
        assert updates[0].message is not None
        assert updates[0].message.text == "🧊 ñ \x00"
        assert double.called("getUpdates")[0].parameters == {"timeout": 1, "allowed_updates": ["message"]}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, BadRequest),
        (401, InvalidToken),
        (403, Forbidden),
        (404, InvalidToken),
        (409, Conflict),
        (504, NetworkError),
    ],
)
async def test_refusals_stay_what_the_library_makes_of_them(status: int, expected: type[TelegramError]) -> None:
    async with BotApiDouble() as double, bot_on(double) as bot:
        double.fail("sendMessage", status)
        with pytest.raises(expected) as caught:
            await bot.send_message(1, "x")
        assert type(caught.value) is expected


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_call_that_the_server_did_not_carry_out_says_so(status: int) -> None:
    async with BotApiDouble() as double, bot_on(double) as bot:
        double.fail("sendMessage", status, retry_after=7)
        with pytest.raises(UnprocessedError) as caught:
            await bot.send_message(1, "x")
        assert caught.value.wait == (7 if status == 429 else 0)


async def test_group_that_moved_is_named_by_its_new_id() -> None:
    async with BotApiDouble() as double, bot_on(double) as bot:
        group = double.group()
        successor = double.upgrade(group)
        with pytest.raises(ChatMigrated) as caught:
            await bot.send_message(group.id, "x")
        assert caught.value.new_chat_id == successor.id


async def test_time_asked_for_one_call_counts_for_that_call() -> None:
    async with BotApiDouble() as double, bot_on(double) as bot:
        double.hang("getMe", 0.6, times=2)
        with pytest.raises(TimedOut):
            await bot.get_me(read_timeout=0.1)
        with pytest.raises(NetworkError, match="ordered fault"):  # the double's 504, which came in time
            await bot.get_me(read_timeout=None, connect_timeout=None, pool_timeout=None)


async def test_shutdown_without_a_start_is_fine() -> None:
    transport = Transport(Connections("http://127.0.0.1:1", 1), LIMITS)
    await transport.shutdown()
    assert transport.read_timeout == 1.0


@pytest.mark.parametrize("payload", [b"", b"<html>", b"[]", b"\xff{}", b'"x"'])
async def test_answer_that_is_no_object_is_an_error_without_its_words(payload: bytes) -> None:
    with pytest.raises(TelegramError, match="not a JSON object") as caught:
        Transport.parse_json_payload(payload)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"parameters": {"retry_after": "soon"}}'])
async def test_pause_that_cannot_be_read_is_a_second(payload: bytes) -> None:
    assert asked_pause(payload) == 1.0
