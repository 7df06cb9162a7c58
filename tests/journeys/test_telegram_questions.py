"""A resident asks, presses and switches on Telegram: the platform over real HTTP against the double."""

import pytest

from bot.core.messages import Turn
from tests.double.stage import ICE, VOTE, WHO, stage

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def test_message_is_answered_with_marks_and_buttons() -> None:
    async with stage() as on:
        sent = await on.double.private().ask("/vote")
        assert sent.text == "when_is_the_vote in en [1]"
        assert sent.entities == ({"type": "bold", "offset": 0, "length": 16},)
        assert [[button["text"] for button in row] for row in sent.rows] == [
            ["Who said what", "Vote"],
            ["Long answer to a long question"],
            ["Español", "Forget me"],
            ["City", "Remind me"],
            ["Calendar", "As a picture"],
        ]
        assert sent.parameters["link_preview_options"] == {"is_disabled": True}
        assert on.double.refused == []
        assert on.platform.healthy


async def test_pressed_button_edits_the_message_in_place() -> None:
    async with stage() as on:
        chat = on.double.private()
        sent = await chat.ask("hello")
        chat.press("Vote")
        edited = await chat.reply()
        assert (edited.message_id, edited.edited) == (sent.message_id, True)
        assert edited.text == "when_is_the_vote in en [1]"
        await on.double.until(lambda: not on.double.unanswered_presses)
        assert len(on.double.called("sendMessage")) == 1
        assert on.double.refused == []


async def test_pressing_the_same_button_twice_changes_nothing_and_is_acknowledged() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("/vote")
        chat.press("Vote")
        await on.double.until(lambda: len(on.answers.asked) == 2 and not on.double.unanswered_presses)
        assert await chat.is_quiet()
        assert on.double.called("editMessageText") == []
        assert on.double.refused == []


async def test_edit_that_another_press_already_made_is_fine() -> None:
    async with stage() as on:
        chat = on.double.private()
        before = await chat.ask("hello")
        chat.press("Vote", before)
        after = await chat.reply()
        chat.messages[before.message_id] = before  # the press still tells of the message as it was
        chat.press("Vote", before)
        chat.messages[before.message_id] = after
        await on.double.until(lambda: on.double.refused)
        await on.double.until(lambda: not on.double.unanswered_presses)
        assert [call.description.partition(":")[2][:25] for call in on.double.refused] == [" message is not modified:"]
        assert (await chat.ask("next")).text == "heard 4: next"


async def test_old_message_that_cannot_be_edited_is_answered_anew() -> None:
    async with stage() as on:
        chat = on.double.private()
        old = await chat.ask("hello")
        chat.press("Vote", too_old=True)
        anew = await chat.reply()
        assert (anew.message_id != old.message_id, anew.edited) == (True, False)
        del chat.messages[old.message_id]  # deleted meanwhile
        chat.press("Vote", old)
        assert (await chat.reply()).text == "when_is_the_vote in en [1]"
        assert [call.description for call in on.double.refused] == ["Bad Request: message to edit not found"]


async def test_old_button_that_the_pack_forgot_gets_help_and_says_why() -> None:
    async with stage() as on:
        chat = on.double.private()
        sent = await chat.ask("hello")
        for data in ("gone-code", "", "☃" * 20, "vote.xx.yy"):
            chat.press_data(data, sent, too_old=True)
            assert (await chat.reply()).text == "help in en [1]"
        await on.double.until(lambda: not on.double.unanswered_presses)
        words = [answer["text"] for answer in on.double.account.press_answers.values()]
        assert words == ["answer_updated in en"] * 4


async def test_long_answer_is_one_message_with_pages_that_lose_no_word() -> None:
    async with stage() as on:
        chat = on.double.private()
        pages = [await chat.ask("long")]
        assert pages[0].text.startswith("Long\nOne sentence")
        assert pages[0].labels[-1] == "more in en"
        while pages[-1].labels[-1] == "more in en":
            chat.press("more in en")
            pages.append(await chat.reply())
        assert len(pages) > 3
        assert {page.message_id for page in pages} == {pages[0].message_id}
        assert [page.labels for page in pages[1:]] == [["back in en", "more in en"]] * (len(pages) - 2) + [
            ["back in en"]
        ]
        assert "".join("".join(page.text for page in pages).split()).count("Onesentence") == 60
        chat.press("back in en")
        assert (await chat.reply()).text == pages[-2].text
        assert on.double.refused == []


async def test_pressed_buttons_lead_back_the_way_they_came() -> None:
    async with stage() as on:
        chat = on.double.private()
        asked = await chat.ask("hello")
        assert "back in en" not in asked.labels
        for label, intent in (("Vote", "when_is_the_vote"), ("Who said what", "who_said_what")):
            chat.press(label)
            assert (await chat.reply()).text.startswith(intent)
        chat.press("back in en")
        back = await chat.reply()
        assert (back.message_id, back.text[:16]) == (asked.message_id, "when_is_the_vote")
        chat.press("back in en")
        assert (await chat.reply()).text.startswith("not_covered")  # the answer to words is asked again without them
        assert on.double.refused == []


async def test_way_back_fits_the_data_of_a_button_however_long_it_was() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("hello")
        for label in ("Vote", "Who said what", "Long answer to a long question", "Remind me", "Vote", "Who said what"):
            chat.press(label)
            await chat.reply()
        assert on.double.refused == []


async def test_answer_that_does_something_is_no_place_to_come_back_to() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("hello")
        chat.press("Forget me")
        await chat.reply()
        chat.press("Vote")
        assert "back in en" not in (await chat.reply()).labels


async def test_group_answer_leads_to_the_private_chat() -> None:
    async with stage() as on:
        group = on.double.group()
        sent = await group.ask("/vote@FactsBot")
        link = next(button for row in sent.rows for button in row if button["text"] == "in_private in en")
        assert link["url"] == "https://t.me/FactsBot?start=vote"


async def test_chosen_language_is_kept_and_forgotten_on_demand() -> None:
    async with stage() as on:
        chat = on.double.private(lang="de-AT")
        assert (await chat.ask("/vote")).text.startswith("when_is_the_vote in de")
        chat.press("Español")
        assert (await chat.reply()).text.startswith("language in es")
        assert on.readers.languages == {str(chat.id): "es"}
        assert (await chat.ask("/vote")).text.startswith("when_is_the_vote in es")
        chat.press("Forget me")
        assert (await chat.reply()).text.startswith("forget_me in es")
        assert (await chat.ask("/vote")).text.startswith("when_is_the_vote in de")
        assert on.readers.languages == {}


async def test_last_turn_comes_with_the_next_question() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("/vote")
        await chat.ask("and who said that?")
        await chat.ask("thanks")
        await chat.ask("and then?")
        contexts = [incoming.context for incoming in on.answers.asked]
        assert contexts == [None, VOTE, VOTE, VOTE]  # neither a refusal nor thanks is remembered


async def test_start_links_lead_to_their_answer() -> None:
    async with stage() as on:
        chat = on.double.private()
        assert (await chat.ask("/start")).text.startswith("help")
        assert (await chat.ask("/start ice")).text.startswith("what_is")
        assert (await chat.ask("/start unknown-code")).text.startswith("help")
        assert [incoming.turn for incoming in on.answers.asked] == [Turn("help"), ICE, Turn("help")]


async def test_unknown_command_is_read_as_words() -> None:
    async with stage() as on:
        chat = on.double.private()
        assert (await chat.ask("/where_they_stand on it")).text == "heard 22: where they stand on it"
        assert (await chat.ask("/287g")).text.startswith("what_is")
        assert (await chat.ask("/Vote@FactsBot please")).text.startswith("when_is_the_vote")


async def test_other_content_is_told_that_only_text_is_read_and_captions_are_text() -> None:
    async with stage() as on:
        chat = on.double.private()
        for kind in ("photo", "voice", "sticker", "location"):
            chat.send(kind)
            assert (await chat.reply()).text == "only_text in en"
        chat.send("photo", "when is the vote?")
        assert (await chat.reply()).text == "heard 17: when is the vote?"
        for _ in range(4):
            chat.send("photo", media_group_id="album")
        assert (await chat.reply()).text == "only_text in en"
        assert await chat.is_quiet()


async def test_bare_mention_in_a_group_gets_help() -> None:
    async with stage() as on:
        assert (await on.double.group().ask("@FactsBot")).text.startswith("help in en")


async def test_presses_keep_the_language_of_their_message() -> None:
    async with stage() as on:
        group = on.double.group()
        sent = await group.ask("/vote@FactsBot")  # by somebody whose app is English
        group.press("Who said what", sent, by=on.double.person("es"))
        assert (await group.reply()).text.startswith("who_said_what in en")


async def test_link_to_what_takes_something_away_does_nothing() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("/vote")
        chat.press("Español")
        await chat.reply()
        await chat.ask("/start forget")
        assert on.answers.asked[-1].only_look
        group = on.double.group()
        await group.ask("/vote@FactsBot")
        group.press("Forget me")
        assert "in_private in en" not in (await group.reply()).labels


async def test_somebody_in_danger_is_heard_in_any_crowd() -> None:
    async with stage() as on:
        chat = on.double.private()
        for _ in range(30):
            chat.say("again")
        chat.say("help me")
        texts = [(await chat.reply()).text for _ in range(17)]
        assert (texts.count("heard 5: again"), texts.count("too_fast in en")) == (15, 1)
        assert texts[-1] == "heard 7: help me"


async def test_press_that_is_not_answered_stops_waiting() -> None:
    async with stage() as on:
        chat = on.double.private()
        sent = await chat.ask("hello")
        for _ in range(40):
            chat.press("Vote", sent)
        await on.double.until(lambda: not on.double.unanswered_presses)
        assert len(on.answers.asked) < 20


STRANGE = ["<b>&amp;</i>", "\x00 \x1f", "🧊" * 2000, "a" * 4096, "@nobody #tag /x", "\ufdfd\u202e\u200b"]


@pytest.mark.parametrize("text", STRANGE)
async def test_strange_text_gets_a_calm_answer(text: str) -> None:
    async with stage() as on:
        assert (await on.double.private().ask(text)).text.startswith("heard ")
        assert on.double.refused == []


async def test_menu_is_registered_in_every_language() -> None:
    async with stage() as on:
        await on.double.until(lambda: len(on.double.menus) == 2)
        assert on.double.menus == {
            "": [
                {"command": "vote", "description": "When the vote is"},
                {"command": "287g", "description": "What 287(g) is"},
            ],
            "es": [
                {"command": "vote", "description": "Cuándo se vota"},
                {"command": "287g", "description": "What 287(g) is"},
            ],
        }
        assert on.double.refused == []


async def test_in_a_group_only_what_is_addressed_is_answered() -> None:
    async with stage() as on:
        group = on.double.group()
        for text in ("good morning", "when is it?", "/vote@OtherBot", "/poll", "@otherbot vote?", "a@factsbot.org"):
            group.say(text)
        other_bot = on.double.person(is_bot=True)
        group.say("/vote", by=other_bot)
        group.send("photo")
        assert await group.is_quiet()
        assert on.answers.asked == []


async def test_in_a_group_commands_mentions_and_replies_are_answered() -> None:
    async with stage() as on:
        group = on.double.group()
        asked = group.say("/vote")
        command = await group.reply()
        assert command.parameters["reply_parameters"]["message_id"] == asked
        await group.ask("/vote@factsBOT")
        assert (await group.ask("hey @FactsBot who said what?")).text == "heard 18: hey who said what?"
        assert (await group.ask("and you?", reply_to=command)).text == "heard 8: and you?"
        group.send("photo", "@factsbot is this true?", caption_entities=[{"type": "mention", "offset": 0, "length": 9}])
        assert (await group.reply()).text == "heard 13: is this true?"
        group.press("Who said what", command)
        assert (await group.reply()).message_id == command.message_id
        assert on.answers.asked[-1].turn == WHO
        assert on.double.refused == []


async def test_answer_in_a_forum_stays_in_its_topic() -> None:
    async with stage() as on:
        group = on.double.group(is_forum=True)
        sent = await group.ask("/vote", is_topic_message=True, message_thread_id=7)
        assert sent.parameters["message_thread_id"] == 7


async def test_channel_posts_edits_and_unknown_updates_are_passed_over() -> None:
    async with stage() as on:
        chat = on.double.private()
        chat.say("/vote", edit_date=1)
        await chat.reply()
        channel = {"id": -100, "type": "channel", "title": "News"}
        on.double.push("channel_post", {"message_id": 1, "date": 1, "chat": channel, "text": "/vote"})
        on.double.push("edited_message", {"message_id": 1, "date": 1, "chat": chat.as_json(chat.messages[2])["chat"]})
        on.double.push("some_new_kind", {"anything": True})
        chat.say("", new_chat_title="Renamed")
        assert await chat.is_quiet()
        assert (await chat.ask("/vote")).text.startswith("when_is_the_vote")
        asked = on.double.called("getUpdates")[0].parameters["allowed_updates"]
        assert set(asked) == {"message", "callback_query", "my_chat_member", "inline_query", "guest_message"}
