"""Inline mode, guest mode, rich messages and pictures, through the whole platform against the double."""

import asyncio
from pathlib import Path

import pytest

from tests.double import BotApiDouble
from tests.double.stage import POSTED, FixedAnswers, KeptReaders, platform_on, png, stage, webhook_stage
from tests.journeys.test_telegram_process import running

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def test_typed_query_gets_cards_with_a_way_to_the_private_chat() -> None:
    async with stage() as on:
        offered = await on.double.elsewhere.offered("")
        assert offered.titles == ["Vote", "Who"]
        assert offered.is_personal
        assert offered.button == {"text": "in_private in en", "start_parameter": "help"}
        query = on.double.elsewhere.type("")
        await on.double.elsewhere.results(query)
        sent = on.double.elsewhere.choose(query, "Vote")
        assert sent.text == "when_is_the_vote in en [1]"
        assert on.double.refused == []


async def test_typed_query_is_answered_in_the_response_of_the_webhook() -> None:
    async with webhook_stage() as on:
        await on.double.elsewhere.offered("")
        await on.double.until(lambda: not on.double.pending)
        assert [call.via_webhook for call in on.double.called("answerInlineQuery")] == [True]
        assert on.double.refused == []


async def test_cards_come_in_the_language_that_the_reader_chose_in_private() -> None:
    async with stage() as on:
        chat = on.double.private(lang="en")
        await chat.ask("/vote")
        chat.press("Español")
        await chat.reply()
        offered = await on.double.elsewhere.offered("", by=chat.person)
        assert offered.result("Vote").message.text == "when_is_the_vote in es [1]"


async def test_of_what_is_typed_quickly_only_the_last_counts() -> None:
    async with stage() as on:
        person = on.double.person("en")
        queries = [on.double.elsewhere.type("vote"[: n + 1], by=person) for n in range(4)]
        await on.double.elsewhere.results(queries[-1])
        await asyncio.sleep(0.1)
        assert len(on.double.called("answerInlineQuery")) < 4
        assert on.double.refused == []


async def test_summoned_bot_answers_in_a_foreign_chat() -> None:
    async with stage() as on:
        query = on.double.elsewhere.summon("/vote")
        sent = await on.double.elsewhere.guest_reply(query)
        assert sent.text == "when_is_the_vote in en [1]"
        assert on.readers.turns == {}
        assert on.double.refused == []


@pytest.mark.parametrize(
    ("asked", "lang", "told"),
    [
        ("is this true?", "en", "I read only the message that names me"),
        ("¿es cierto esto?", "es", "Leo solo el mensaje que me nombra"),
    ],
)
async def test_asked_whether_a_message_is_true_the_bot_says_that_it_reads_none(
    data: Path, asked: str, lang: str, told: str
) -> None:
    async with BotApiDouble() as double, running(double, data, "2025-11-05T12:00"):
        guests, ana = double.elsewhere, double.person(lang)
        theirs = "They have voted yes"
        answer = await guests.guest_reply(guests.summon(asked, by=ana, reply_to=theirs), 30)
        assert answer.text.startswith(told)
        assert theirs not in answer.text
        assert "[1]" in (await guests.guest_reply(guests.summon("/vote", by=ana, reply_to=theirs), 30)).text
        assert told not in (await guests.guest_reply(guests.summon(asked, by=ana), 30)).text
        assert double.refused == []


async def test_summoned_bot_answers_by_webhook_too() -> None:
    async with webhook_stage(POSTED) as on:
        query = on.double.elsewhere.summon("what now?")
        assert (await on.double.elsewhere.guest_reply(query)).text.startswith("heard")
        assert on.double.refused == []


@pytest.mark.parametrize("knows", [True, False])
async def test_rich_form_is_used_while_the_server_takes_it(knows: bool, caplog: pytest.LogCaptureFixture) -> None:
    async with (
        BotApiDouble(rich=knows) as double,
        platform_on(double, FixedAnswers(), KeptReaders(), is_rich=True),
    ):
        chat = double.private()
        for _ in range(2):
            sent = await chat.ask("/vote")
            assert sent.text.startswith("when_is_the_vote in en")
            assert sent.labels[0] == "Who said what"
        chat.press("Who said what")
        assert (await chat.reply()).message_id == sent.message_id
        assert len(double.called("sendRichMessage")) == (2 if knows else 1)
        assert len(double.called("sendMessage")) == (0 if knows else 2)
        assert double.refused == []
    assert ("telegram.rich_off" in caplog.text) is not knows


async def test_picture_is_uploaded_once_and_then_named() -> None:
    async with stage() as on:
        first, second = on.double.private(), on.double.private()
        for chat in (first, second):
            await chat.ask("hello")
            chat.press("As a picture")
            sent = await chat.reply()
            assert sent.photo is not None
            assert sent.text == "picture in en [1]"
        calls = on.double.called("sendPhoto")
        assert [isinstance(call.parameters["photo"], str) for call in calls] == [False, True]
        on.double.files.forget()
        chat.press("As a picture", sent)
        assert (await chat.reply()).photo is not None
        assert [call.description for call in on.double.refused] == [
            "Bad Request: wrong file identifier/HTTP URL specified"
        ]


async def test_words_of_a_picture_go_alone_where_a_group_allows_no_pictures(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on:
        group = on.double.group()
        await group.ask("/vote@FactsBot")
        group.allows_photos = False
        group.press("As a picture")
        sent = await group.reply()
        assert (sent.photo, sent.text) == (None, "picture in en [1]")
        assert "Vote" in sent.labels
        assert await group.is_quiet()
        refused = ["Bad Request: not enough rights to send photos to the chat"]
        assert [call.description for call in on.double.refused] == refused
    assert "telegram.picture_refused" in caplog.text
    assert "update_failed" not in caplog.text


async def test_words_of_a_picture_go_alone_where_telegram_does_not_take_its_sides() -> None:
    async with stage() as on:
        on.answers.picture = png(900, 30)
        chat = on.double.private()
        await chat.ask("hello")
        chat.press("As a picture")
        assert (await chat.reply()).text == "picture in en [1]"
        assert [call.description for call in on.double.refused] == ["Bad Request: PHOTO_INVALID_DIMENSIONS"]


async def test_button_under_a_picture_is_answered_below_it() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("hello")
        chat.press("As a picture")
        picture = await chat.reply()
        chat.press("Vote", picture)
        below = await chat.reply()
        assert (below.message_id > picture.message_id, below.edited) == (True, False)
        assert on.double.refused == []


async def test_flood_of_keys_still_gets_cards() -> None:
    async with stage() as on:
        person = on.double.person("en")
        for number in range(76):
            on.double.elsewhere.type("v" * (number % 5), by=person)
        await on.double.until(lambda: on.double.called("answerInlineQuery"))
        assert on.double.refused == []


async def test_queries_in_hand_outlive_a_reload() -> None:
    async with stage() as on:
        query = on.double.elsewhere.type("")
        on.platform.serve(on.platform.edition)
        assert (await on.double.elsewhere.results(query)).titles == ["Vote", "Who"]
