"""Who may subscribe on Telegram, what happens when a chat leaves or moves, and the calendar entry as a file."""

import logging

import pytest

from tests.double import Chat, Sent
from tests.double.stage import CALENDAR, VOTE, KeptReaders, Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def _offer(on: Stage, chat: Chat) -> Sent:
    """An answer with the button "Remind me" under it."""
    sent = await chat.ask("/vote")
    assert on.double.called("getChatMember") == []  # rights are asked for only when it comes to reminders
    return sent


async def test_reader_subscribes_by_button_in_private() -> None:
    async with stage() as on:
        chat = on.double.private()
        offer = await _offer(on, chat)
        chat.press("Remind me")
        answer = await chat.reply()
        assert (answer.text, answer.message_id, answer.edited) == ("subscribed", offer.message_id, True)
        assert list(on.answers.subscriptions.kept) == [str(chat.id)]
        assert on.double.called("getChatMember") == []
        assert on.double.refused == []


@pytest.mark.parametrize("as_owner", [True, False])
async def test_administrator_subscribes_a_group(as_owner: bool) -> None:
    async with stage() as on:
        group = on.double.group()
        group.appoint(group.person, as_owner=as_owner)
        await _offer(on, group)
        group.press("Remind me")
        assert (await group.reply()).text == "subscribed"
        assert list(on.answers.subscriptions.kept) == [str(group.id)]
        assert len(on.double.called("getChatMember")) == 1
        assert on.double.refused == []


async def test_member_who_presses_is_refused_and_the_message_of_all_stays() -> None:
    async with stage() as on:
        group = on.double.group()
        group.appoint(group.person)
        offer = await _offer(on, group)
        group.press("Remind me", by=on.double.person())
        answer = await group.reply()
        assert (answer.text, answer.edited) == ("ask an administrator", False)
        assert answer.parameters["reply_parameters"]["message_id"] == offer.message_id
        assert on.answers.subscriptions.kept == {}
        await on.double.until(lambda: not on.double.unanswered_presses)
        assert on.double.called("answerCallbackQuery")[0].parameters.get("show_alert") is None
        assert on.double.refused == []


async def test_anonymous_administrator_subscribes_the_group_unasked() -> None:
    async with stage() as on:
        group = on.double.group()
        anonymous = on.double.person(is_bot=True)
        group.say("/remind", by=anonymous, sender_chat={"id": group.id, "type": "supergroup", "title": "Neighbours"})
        assert (await group.reply()).text == "subscribed"
        assert on.double.called("getChatMember") == []


async def test_group_is_not_subscribed_where_telegram_does_not_tell(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on:
        group = on.double.group()
        on.double.fail("getChatMember", 502, times=3)
        assert (await group.ask("/remind")).text == "ask an administrator"
        group.appoint(group.person)
        on.double.fail("getChatMember", 502)
        assert (await group.ask("/remind")).text == "subscribed"
    assert "telegram.rights_unknown" in caplog.text


async def test_subscription_in_a_forum_keeps_its_topic() -> None:
    async with stage() as on:
        group = on.double.group(is_forum=True)
        group.appoint(group.person)
        await group.ask("/remind", is_topic_message=True, message_thread_id=7)
        assert on.answers.subscriptions.kept[str(group.id)].thread == 7


@pytest.mark.parametrize("kind", ["private", "group"])
async def test_blocked_or_removed_bot_ends_the_subscription(kind: str) -> None:
    async with stage() as on:
        chat, other = getattr(on.double, kind)(), on.double.private()
        chat.appoint(chat.person)
        for one in (chat, other):
            assert (await one.ask("/remind")).text == "subscribed"
        chat.block()
        assert (await other.ask("/vote")).text.startswith("when_is_the_vote")
        await on.double.until(lambda: list(on.answers.subscriptions.kept) == [str(other.id)])
        chat.unblock()
        assert (await chat.ask("/vote")).text.startswith("when_is_the_vote")
        assert list(on.answers.subscriptions.kept) == [str(other.id)]


async def test_block_while_the_storage_is_down_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on:
        chat = on.double.private()
        on.answers.subscriptions.is_broken = True
        chat.block()
        assert (await on.double.private().ask("/vote")).text.startswith("when_is_the_vote")
    assert "telegram.chat_not_noted change=Left error=ServiceError" in caplog.text
    assert str(chat.id) not in caplog.text


async def test_group_that_becomes_a_supergroup_keeps_subscription_and_language() -> None:
    readers = KeptReaders()
    async with stage(readers=readers) as on:
        group = on.double.group(type="group")
        group.appoint(group.person)
        await group.ask("/remind")
        readers.languages[str(group.id)] = "es"
        successor = on.double.upgrade(group)
        assert await group.is_quiet()
        assert (await successor.ask("/vote")).text.startswith("when_is_the_vote in es")
        assert list(on.answers.subscriptions.kept) == [str(successor.id)]
        assert readers.languages == {str(successor.id): "es"}


async def test_answer_to_a_group_that_has_moved_arrives_there_and_takes_the_subscription_along() -> None:
    async with stage() as on:
        group = on.double.group(type="group")
        group.appoint(group.person)
        await group.ask("/remind")
        group.say("/vote")
        group.successor = (successor := on.double.group()).id  # the notice of the move is still on its way
        assert (await successor.reply()).text.startswith("when_is_the_vote")
        await on.double.until(lambda: str(successor.id) in on.answers.subscriptions.kept)
        assert on.double.refused == []


async def test_calendar_entry_follows_the_text_as_a_file() -> None:
    async with stage() as on:
        chat = on.double.private()
        offer = await chat.ask("hello")
        chat.press("Calendar")
        text, file = await chat.reply(), await chat.reply()
        assert (text.message_id, text.edited, text.labels[0]) == (offer.message_id, True, "Who said what")
        assert file.document is not None
        assert (file.document.name, file.document.media_type, file.rows) == ("vote.ics", "text/calendar", ())
        assert file.document.content == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        assert on.double.refused == []
    assert on.readers.turns[str(chat.id)] == CALENDAR


async def test_calendar_entry_in_a_forum_stays_in_its_topic_and_outlives_flood_control() -> None:
    async with stage() as on:
        group = on.double.group(is_forum=True)
        await group.ask("/vote", is_topic_message=True, message_thread_id=7)
        on.double.fail("sendDocument", 429, retry_after=0.1)
        group.press_data("calendar", group.messages[2])
        await group.reply()
        assert (await group.reply()).document is not None
        assert on.double.refused == []


async def test_messages_that_answers_use_are_counted_and_acknowledgements_are_not() -> None:
    async with stage() as on:
        courier, chat = on.platform.courier(), on.double.private()
        await chat.ask("hello")
        chat.press("Calendar")
        await chat.reply()
        await chat.reply()
        await on.double.until(lambda: not on.double.unanswered_presses)
        on.double.fail("sendMessage", 429, retry_after=0.1)
        await chat.ask("again")
        chat.say("long")
        await chat.reply()
        assert on.double.refused == []
    assert courier.answers_sent() == 5  # three texts, an edit, a file


async def test_logs_of_leaving_and_moving_hold_no_ids(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with stage() as on:
            chat, group = on.double.private(), on.double.group(type="group")
            chat.block()
            successor = on.double.upgrade(group)
            await on.double.private().ask("/vote")
            await successor.ask("/vote")
    assert {"telegram.chat_left subscribed=False", "telegram.chat_moved"} <= {
        one.getMessage() for one in caplog.records
    }
    for kept in (on.double.token, str(chat.id), str(group.id), str(successor.id), VOTE.intent):
        assert kept not in caplog.text
