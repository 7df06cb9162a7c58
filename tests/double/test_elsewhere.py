"""Inline and guest mode of the double: what may be offered, once, and what becomes of what is chosen."""

from typing import Any

import pytest

from tests.double import BotApiDouble
from tests.double.caller import call

pytestmark = pytest.mark.asyncio(loop_scope="function")

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
KEYBOARD = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}


def article(name: str = "a", **more: Any) -> dict[str, Any]:
    content = {"message_text": "<b>7</b> votes", "parse_mode": "HTML"}
    return {"type": "article", "id": name, "title": "Votes", "input_message_content": content} | more


async def test_query_reaches_the_bot_and_its_results_the_person() -> None:
    async with BotApiDouble() as double:
        query = double.elsewhere.type("287g", by=double.person("es"))
        update = (await call(double, "getUpdates"))[1][0]["inline_query"]
        assert (update["id"], update["query"], update["from"]["language_code"]) == (query, "287g", "es")
        offer: dict[str, Any] = {
            "inline_query_id": query,
            "results": [article()],
            "cache_time": 60,
            "is_personal": True,
        }
        assert await call(double, "answerInlineQuery", **offer) == (200, True)
        seen = await double.elsewhere.results(query)
        assert (seen.titles, seen.cache_time, seen.is_personal, seen.next_offset) == (["Votes"], 60, True, "")
        assert seen.result("Votes").message.text == "7 votes"
        assert (await call(double, "answerInlineQuery", **offer))[1] == f"Bad Request: {TOO_OLD}"


async def test_query_that_is_too_old_takes_no_answer() -> None:
    async with BotApiDouble() as double:
        query = double.elsewhere.type("287g")
        double.expire(query)
        status, why = await call(double, "answerInlineQuery", inline_query_id=query, results=[])
        assert (status, why) == (400, f"Bad Request: {TOO_OLD}")


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ({"results": [article(str(number)) for number in range(51)]}, "RESULTS_TOO_MUCH"),
        ({"results": [article(), article()]}, "RESULT_ID_DUPLICATE"),
        ({"results": [article("é" * 33)]}, "id must be 1 to 64, not 66"),
        ({"results": [article(title="")]}, "title is empty"),
        ({"results": [article(type="pigeon")]}, "it is no InlineQueryResult that the double knows"),
        ({"results": [article(thumb_url="https://a.org/x.png")]}, "unknown field of results: thumb_url"),
        ({"results": [article(url="somewhere")]}, "url is no address"),
        ({"results": [article(input_message_content={"message_text": "<b>x", "parse_mode": "HTML"})]}, "end tag"),
        ({"results": [article(input_message_content={"message_text": " "})]}, "result: message text is empty"),
        ({"results": [article(input_message_content={"message_text": "x" * 4097})]}, "result: message is too long"),
        ({"results": [article(input_message_content={"pigeon": 1})]}, "it is no InputMessageContent"),
        ({"results": [], "cache_time": -1}, "cache_time must be 0 to 2147483647, not -1"),
        ({"results": [], "next_offset": "x" * 65}, "next_offset must be 0 to 64, not 65"),
        ({"results": [], "button": {"text": "Ask"}}, "exactly one kind, not 0"),
        ({"results": [], "button": {"text": "Ask", "start_parameter": "a b"}}, "START_PARAM_INVALID"),
        ({"results": [], "button": {"text": "Ask", "start_parameter": "a" * 65}}, "start_parameter must be 1 to 64"),
        ({"results": [], "button": {"text": "Ask", "web_app": {"url": "http://a.org"}}}, "Only HTTPS links"),
        (
            {"results": [article(reply_markup={"inline_keyboard": [[{"text": "Go", "url": "http://localhost/"}]]})]},
            "inline keyboard button URL 'http://localhost/' is invalid",
        ),
    ],
)
async def test_offer_that_telegram_refuses_is_refused_and_may_be_mended(offer: dict[str, Any], why: str) -> None:
    async with BotApiDouble() as double:
        query = double.elsewhere.type("287g")
        status, description = await call(double, "answerInlineQuery", inline_query_id=query, **offer)
        assert status == 400
        assert why in description
        button = {"text": "Ask", "start_parameter": "vote"}
        assert (await call(double, "answerInlineQuery", inline_query_id=query, results=[], button=button))[0] == 200
        assert (await double.elsewhere.results(query)).button == button


async def test_chosen_result_can_be_pressed_and_edited() -> None:
    async with BotApiDouble() as double:
        query = double.elsewhere.type("287g")
        results = [article(reply_markup=KEYBOARD), article("b", title="Plain")]
        await call(double, "answerInlineQuery", inline_query_id=query, results=results)
        sent = double.elsewhere.choose(query, "Votes")
        press = double.elsewhere.press("More", sent)
        update = (await call(double, "getUpdates"))[1][-1]["callback_query"]
        assert (update["inline_message_id"], update["data"], "message" in update) == (
            sent.inline_message_id,
            "more",
            False,
        )
        assert (await call(double, "answerCallbackQuery", callback_query_id=press))[0] == 200
        edit: dict[str, Any] = {"inline_message_id": sent.inline_message_id, "text": "all of it"}
        assert await call(double, "editMessageText", **edit) == (200, True)
        assert (await double.elsewhere.edited(sent)).text == "all of it"
        assert (await call(double, "editMessageText", **edit))[1].startswith("Bad Request: message is not modified")
        assert double.elsewhere.choose(query, "Plain").inline_message_id == ""
        wrong = await call(double, "editMessageText", inline_message_id="x", text="y")
        assert wrong == (400, "Bad Request: MESSAGE_ID_INVALID")


async def test_choice_is_told_only_where_the_bot_asked_for_it() -> None:
    async with BotApiDouble() as double:
        query = double.elsewhere.type("287g")
        await call(double, "answerInlineQuery", inline_query_id=query, results=[article()])
        double.elsewhere.choose(query, "Votes", is_told=True)
        told = (await call(double, "getUpdates"))[1][-1]["chosen_inline_result"]
        assert (told["result_id"], told["query"]) == ("a", "287g")


async def test_guest_is_named_where_it_is_not_and_answers_once() -> None:
    async with BotApiDouble() as double:
        query = double.elsewhere.summon("when is the vote?", reply_to="I wonder")
        message = (await call(double, "getUpdates"))[1][0]["guest_message"]
        assert (message["guest_query_id"], message["text"]) == (query, "@FactsBot when is the vote?")
        assert message["entities"] == [{"type": "mention", "offset": 0, "length": 9}]
        assert message["reply_to_message"]["text"] == "I wonder"
        assert (await call(double, "sendMessage", chat_id=message["chat"]["id"], text="x"))[0] == 400
        answer: dict[str, Any] = {"guest_query_id": query, "result": article(reply_markup=KEYBOARD)}
        status, sent = await call(double, "answerGuestQuery", **answer)
        reply = await double.elsewhere.guest_reply(query)
        assert (status, sent, reply.text) == (200, {"inline_message_id": reply.inline_message_id}, "7 votes")
        assert double.elsewhere.press("More", reply)
        assert (await call(double, "answerGuestQuery", **answer))[1] == f"Bad Request: {TOO_OLD}"


async def test_what_is_switched_on_is_told_by_get_me() -> None:
    async with BotApiDouble(inline=False) as double:
        about = (await call(double, "getMe"))[1]
        assert (about["supports_inline_queries"], about["supports_guest_queries"]) == (False, True)
        with pytest.raises(AssertionError, match="inline mode is switched off"):
            double.elsewhere.type("287g")
