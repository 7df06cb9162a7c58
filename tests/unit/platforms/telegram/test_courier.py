"""Notices through the courier to the double: what arrives, and what becomes of each failure."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import pytest

from bot.core.messages import Button, Reply
from bot.platforms.telegram import courier as room
from bot.platforms.telegram.connections import Connections, Limits
from bot.platforms.telegram.courier import TelegramCourier
from bot.reminders import courier as port
from tests.double import BotApiDouble
from tests.double.stage import VOTE, FixedCodes

LONG = "<h3>Long</h3>" + "<p>One sentence of many that say little. [1]</p>" * 250

pytestmark = pytest.mark.asyncio(loop_scope="function")

ADMINS = 3
NOTICE = '<p><b>Tomorrow</b>: <time datetime="2025-11-06T09:00-06:00">Thursday, November 6, 9:00 a.m.</time></p>'


@dataclass(frozen=True)
class Desk:
    """The double, and a courier on it."""

    double: BotApiDouble
    courier: port.Courier


@asynccontextmanager
async def desk(admins: tuple[int, ...] = ()) -> AsyncIterator[Desk]:
    async with BotApiDouble() as double:
        connections = Connections(double.url, 4)
        await connections.open()
        url = f"{double.url}/bot{double.token}/sendMessage"
        yield Desk(double, TelegramCourier(connections, url, FixedCodes, lambda: 100, admins, _announce))
        await connections.close()


def _announce(event: str, numbers: Mapping[str, str | int]) -> Reply:
    return _reply(f"<p>{event} {numbers['key']} {numbers['sent']}</p>")


def _reply(html: str) -> Reply:
    at = datetime(2025, 11, 5, tzinfo=UTC)
    buttons = (Button("When", turn=VOTE), Button("City", url="https://dallascityhall.com/"))
    return Reply("remind_me", None, "answer", 1.0, "en", at, html, buttons=buttons)


async def test_notice_arrives_with_marks_buttons_and_no_preview() -> None:
    async with desk() as at:
        chat = at.double.private()
        prepared = at.courier.prepare(_reply(NOTICE))
        number = await at.courier.send(str(chat.id), None, prepared, silent=False)
        sent = await chat.reply()
        assert (sent.message_id, sent.text) == (number, "Tomorrow: Thursday, November 6, 9:00 a.m.")
        assert {
            "type": "date_time",
            "unix_time": 1762441200,
            "date_time_format": "wDt",
            "offset": 10,
            "length": 31,
        } in (sent.entities)
        assert sent.labels == ["When", "City"]
        assert sent.parameters["link_preview_options"] == {"is_disabled": True}
        assert "disable_notification" not in sent.parameters
        assert at.courier.answers_sent() == 100
        assert at.double.refused == []


async def test_one_payload_serves_many_chats_loud_and_silent_and_topics_of_forums() -> None:
    async with desk() as at:
        prepared = at.courier.prepare(_reply(NOTICE))
        forum, chat = at.double.group(is_forum=True), at.double.private()
        forum.say("hello", is_topic_message=True, message_thread_id=7)
        await at.courier.send(str(forum.id), 7, prepared, silent=True)
        await at.courier.send(str(chat.id), None, prepared, silent=False)
        in_topic, alone = await forum.reply(), await chat.reply()
        assert (in_topic.parameters["message_thread_id"], in_topic.parameters["disable_notification"]) == (7, True)
        assert in_topic.text == alone.text
        assert at.double.refused == []


async def test_topic_that_is_gone_lets_the_notice_go_to_the_group() -> None:
    async with desk() as at:
        forum = at.double.group(is_forum=True)
        await at.courier.send(str(forum.id), 7, at.courier.prepare(_reply(NOTICE)), silent=True)
        sent = await forum.reply()
        assert "message_thread_id" not in sent.parameters
        assert sent.parameters["disable_notification"] is True


async def test_reader_who_blocked_the_bot_and_unknown_chats_are_gone() -> None:
    async with desk() as at:
        chat, prepared = at.double.private(), at.courier.prepare(_reply(NOTICE))
        chat.blocked = True
        for gone in (chat.id, 999):
            with pytest.raises(port.ChatGoneError) as caught:
                await at.courier.send(str(gone), None, prepared, silent=False)
            assert str(gone) not in str(caught.value)


async def test_group_that_moved_names_its_new_id_and_gets_nothing() -> None:
    async with desk() as at:
        group = at.double.group()
        successor = at.double.upgrade(group)
        with pytest.raises(port.ChatMovedError) as caught:
            await at.courier.send(str(group.id), None, at.courier.prepare(_reply(NOTICE)), silent=False)
        assert caught.value.to == str(successor.id)
        assert await successor.is_quiet(0.1)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, port.RefusedError), (401, port.TryAgainError), (403, port.ChatGoneError), (404, port.TryAgainError),
        (413, port.RefusedError), (429, port.ThrottledError), (500, port.TryAgainError), (502, port.TryAgainError),
        (503, port.TryAgainError), (504, port.UnsureError), (302, port.TryAgainError),
    ],
)  # fmt: skip
async def test_every_status_means_one_thing(status: int, expected: type[port.SendError]) -> None:
    async with desk() as at:
        chat, prepared = at.double.private(), at.courier.prepare(_reply(NOTICE))
        at.double.fail("sendMessage", status, retry_after=12)
        with pytest.raises(expected) as caught:
            await at.courier.send(str(chat.id), None, prepared, silent=False)
        assert type(caught.value) is expected
        assert at.double.token not in repr(caught.value)
        if isinstance(caught.value, port.ThrottledError):
            assert caught.value.seconds == 12
        await at.courier.send(str(chat.id), None, prepared, silent=False)


async def test_message_that_never_left_may_be_sent_again_and_one_on_its_way_may_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "LIMITS", Limits(pool=0.5, reach=0.5, read=0.3))
    async with desk() as at:
        chat, prepared = at.double.private(), at.courier.prepare(_reply(NOTICE))
        at.double.hang("sendMessage", 2.0)
        at.double.drop("sendMessage")
        for _ in range(2):
            with pytest.raises(port.UnsureError):
                await at.courier.send(str(chat.id), None, prepared, silent=False)
    closed = TelegramCourier(Connections("http://127.0.0.1:1", 1), "http://127.0.0.1:1/x", FixedCodes, lambda: 0)
    with pytest.raises(port.TryAgainError):
        await closed.send("1", None, prepared, silent=False)


async def test_limit_is_kept_within_the_ten_seconds_of_the_port() -> None:
    limits = room.LIMITS
    assert limits.timeout().total == room.WITHIN < 10


async def test_flood_control_of_the_double_throttles_the_second_message_of_a_second() -> None:
    async with desk() as at:
        control = at.double.limit()
        chat, prepared = at.double.private(), at.courier.prepare(_reply(NOTICE))
        await at.courier.send(str(chat.id), None, prepared, silent=False)
        with pytest.raises(port.ThrottledError) as caught:
            await at.courier.send(str(chat.id), None, prepared, silent=False)
        assert (caught.value.seconds, control.refused, at.double.refused) == (1, 1, [])


async def test_notice_too_long_for_one_message_loses_no_word_and_counts_every_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "APART", 0.1)
    async with desk() as at:
        chat, prepared = at.double.private(), at.courier.prepare(_reply(LONG))
        at.double.fail("sendMessage", 503)
        with pytest.raises(port.TryAgainError):
            await at.courier.send(str(chat.id), None, prepared, silent=False)
        number = await at.courier.send(str(chat.id), None, prepared, silent=False)
        parts = [await chat.reply() for _ in range(3)]
        assert "".join(part.text for part in parts).count("One sentence") == 250
        assert [bool(part.rows) for part in parts] == [False, False, True]
        assert [part.parameters.get("disable_notification") for part in parts] == [None, True, True]
        assert number == parts[0].message_id
        assert at.courier.answers_sent() == 102


async def test_further_messages_are_sent_again_and_do_not_undo_the_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "APART", 0.1)
    monkeypatch.setattr(room, "WITHIN", 1.5)
    async with desk() as at:
        chat, prepared = at.double.private(), at.courier.prepare(_reply(LONG))
        at.double.limit()
        begun = monotonic()
        await at.courier.send(str(chat.id), None, prepared, silent=False)
        assert monotonic() - begun >= 1.0
        first, second = await chat.reply(), await chat.reply()
        assert first.text.startswith("Long")
        assert second.text.startswith("One sentence")
        assert await chat.is_quiet(0.1)
    assert "telegram.notice_incomplete error=TimeoutError" in caplog.text


async def test_admins_are_told_and_one_who_left_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    numbers: dict[str, str | int] = {"key": "vote-1", "total": 5, "sent": 4, "rejected": 1, "remaining": 0}
    async with BotApiDouble() as known:
        people = [known.person() for _ in range(ADMINS)]
    async with desk(tuple(person.id for person in people)) as at:
        chats = [at.double.private(person) for person in people]
        chats[0].blocked = True
        await at.courier.tell_admins("ended", numbers)
        assert [(await chat.reply()).text for chat in chats[1:]] == ["ended vote-1 4"] * 2
        await at.courier.tell_admins("ended", {})  # words that cannot be made
        assert await chats[1].is_quiet(0.1)
    assert "telegram.admin_not_told news=ended error=ChatGoneError" in caplog.text
    assert "telegram.announcement_failed error=KeyError" in caplog.text
    assert str(chats[0].id) not in caplog.text


async def test_nothing_is_logged_of_a_delivery(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with desk() as at:
            chat, prepared = at.double.private(), at.courier.prepare(_reply(NOTICE))
            await at.courier.send(str(chat.id), None, prepared, silent=False)
            at.double.drop("sendMessage")
            with pytest.raises(port.UnsureError):
                await at.courier.send(str(chat.id), None, prepared, silent=False)
    for kept in (at.double.token, str(chat.id), "Tomorrow"):
        assert kept not in caplog.text
