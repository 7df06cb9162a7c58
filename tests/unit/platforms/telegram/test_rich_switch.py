"""Rich messages on servers that take them, that refuse them, and that do not know them."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, EndPointNotFound, Forbidden, InvalidToken, TelegramError, TimedOut

from bot.platforms.telegram.connections import Connections, Limits, UnprocessedError
from bot.platforms.telegram.rich import to_rich
from bot.platforms.telegram.rich_switch import RichSwitch, edit_rich, send_rich
from bot.platforms.telegram.transport import Transport
from tests.double import BotApiDouble

pytestmark = pytest.mark.asyncio(loop_scope="function")

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="vote")]])
ANSWER = (
    '<h3>Head</h3><p>On <time datetime="2025-11-06T09:00-06:00">November 6, 9:00 a.m.</time><sup>[1]</sup></p>'
    "<ol><li>a<ul><li>b</li></ul></li></ol><blockquote><p>“c”</p><p>“d”</p></blockquote>"
    "<table><tr><th>e</th><td></td></tr></table><details><summary>More</summary><p><b>f</b> <i>g</i></p>"
    '<blockquote>h</blockquote></details><p class="notes">[1] <a href="https://a.org/?x=1&amp;y=2">KERA</a></p>'
)


@asynccontextmanager
async def _bot(*, rich: bool) -> AsyncIterator[tuple[Bot, BotApiDouble]]:
    async with BotApiDouble(rich=rich) as double:
        connections = Connections(double.url, 4)
        request = Transport(connections, Limits(1.0, 1.0, 2.0))
        async with Bot(double.token, f"{double.url}/bot", request=request, get_updates_request=request) as bot:
            yield bot, double


async def test_rich_message_is_sent_with_its_keyboard() -> None:
    async with _bot(rich=True) as (bot, double):
        chat, message = double.private(), to_rich(ANSWER)
        assert message is not None
        await send_rich(bot, chat.id, message, KEYBOARD)
        sent = await chat.reply()
        assert sent.rich is not None
        assert sent.labels == ["More"]
        assert double.refused == []


async def test_rich_message_takes_the_place_of_another() -> None:
    async with _bot(rich=True) as (bot, double):
        chat = double.private()
        await send_rich(bot, chat.id, {"html": "<p>before</p>"}, KEYBOARD)
        before = await chat.reply()
        await edit_rich(bot, chat.id, before.message_id, {"html": "<p>after</p>"})
        after = chat.messages[before.message_id]
        assert (after.edited, after.labels) == (True, [])
        assert double.called("editMessageText")[-1].parameters.keys() == {"chat_id", "message_id", "rich_message"}
        assert double.refused == []


async def test_server_that_does_not_know_them_ends_it_for_good(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    switch = RichSwitch(is_on=True)
    async with _bot(rich=False) as (bot, double):
        with pytest.raises(TelegramError) as refused:
            await send_rich(bot, double.private().id, {"html": "<p>x</p>"})
        assert switch.refuses(refused.value)
        assert not switch.is_on
        assert switch.refuses(refused.value)
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "error",
    [
        EndPointNotFound("Endpoint 'sendRichMessage' not found in Bot API"),
        InvalidToken("Not Found"),
        BadRequest("Bad Request: method not found"),
        BadRequest("Bad Request: message text is empty"),
    ],
)
async def test_refusal_that_means_unknown_ends_it_at_once(error: TelegramError) -> None:
    switch = RichSwitch(is_on=True)
    assert switch.refuses(error)
    assert not switch.is_on


@pytest.mark.parametrize(
    "reason", ["Bad Request: can't parse rich message", "RICH_MESSAGE_USER_INVALID", "Bad Request: too many blocks"]
)
async def test_refused_message_goes_in_the_classic_form_and_a_second_one_ends_it(reason: str) -> None:
    switch = RichSwitch(is_on=True)
    assert switch.refuses(BadRequest(reason))
    assert switch.is_on
    assert switch.refuses(BadRequest(reason))
    assert not switch.is_on


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("Bad Request: chat not found"),
        BadRequest("Bad Request: message to edit not found"),
        BadRequest("Bad Request: message is not modified: the same"),
        BadRequest("Bad Request: message can't be edited"),
        BadRequest("Bad Request: message thread not found"),
        BadRequest("Bad Request: not enough rights to send text messages to the chat"),
        Forbidden("Forbidden: bot was blocked by the user"),
        UnprocessedError("the server asks for a pause", 3.0),
        TimedOut(),
    ],
)
async def test_failure_of_another_cause_is_none_of_the_forms(error: TelegramError) -> None:
    switch = RichSwitch(is_on=True)
    assert not switch.refuses(error)
    assert switch.is_on
