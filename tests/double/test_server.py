"""The double over real HTTP: tokens, chats, long polling, and its own process."""

import asyncio
import re
import sys
from pathlib import Path
from time import monotonic

import aiohttp
import httpx
import pytest

from tests.double import BotApiDouble
from tests.double.caller import call

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def test_wrong_token_unknown_method_and_unknown_chat_are_refused() -> None:
    async with BotApiDouble() as double:
        assert await call(double, "getMe", token="1:x") == (401, "Unauthorized")
        assert (await call(double, "sendPigeon"))[0] == 404
        assert await call(double, "sendMessage", chat_id=1, text="x") == (400, "Bad Request: chat not found")
        assert [call.status for call in double.refused] == [401, 404, 400]


async def test_edit_that_changes_nothing_is_refused() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        _, sent = await call(double, "sendMessage", chat_id=chat.id, text="<b>x</b>", parse_mode="HTML")
        same = {"chat_id": chat.id, "message_id": sent["message_id"], "text": "<b>x</b> ", "parse_mode": "HTML"}
        status, description = await call(double, "editMessageText", **same)
        assert (status, description[:39]) == (400, "Bad Request: message is not modified: s")
        assert (await call(double, "editMessageText", **(same | {"text": "<i>x</i>"})))[0] == 200
        assert (await call(double, "editMessageText", **(same | {"message_id": 99})))[1].endswith("to edit not found")


async def test_press_is_answered_once() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
        await call(double, "sendMessage", chat_id=chat.id, text="x", reply_markup=markup)
        query = chat.press("Go")
        assert (await call(double, "answerCallbackQuery", callback_query_id=query))[0] == 200
        assert (await call(double, "answerCallbackQuery", callback_query_id=query))[0] == 400
        with pytest.raises(AssertionError, match="no message has a button 'Stop'"):
            chat.press("Stop")


async def test_file_comes_as_a_form_and_nothing_else_is_one() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        content = b"\r\n--x\x00"
        _, told = await call(double, "sendDocument", chat_id=chat.id, caption="see", document=content)
        assert told["document"]["file_name"] == "document.bin"
        sent = await chat.reply()
        assert sent.document is not None
        assert (sent.text, sent.document.content) == ("see", content)
        name = told["document"]["file_id"]
        assert (await call(double, "sendDocument", chat_id=chat.id, document=name))[0] == 200
        assert (await chat.reply()).document == sent.document
        assert (await call(double, "sendDocument", chat_id=chat.id))[1] == "Bad Request: document is empty"
        assert "wrong file identifier" in (await call(double, "sendDocument", chat_id=chat.id, document="x"))[1]


async def test_members_are_told_apart_and_strangers_unknown() -> None:
    async with BotApiDouble() as double:
        group, other = double.group(), double.person()
        group.appoint(group.person, as_owner=True)
        for person, status in ((group.person, "creator"), (other, "member")):
            _, member = await call(double, "getChatMember", chat_id=group.id, user_id=person.id)
            assert (member["status"], member["user"]["id"]) == (status, person.id)
        assert await call(double, "getChatMember", chat_id=group.id, user_id=1) == (400, "Bad Request: user not found")


async def test_topics_that_nobody_opened_and_groups_that_moved_take_no_message() -> None:
    async with BotApiDouble() as double:
        group = double.group(is_forum=True)
        status, description = await call(double, "sendMessage", chat_id=group.id, text="x", message_thread_id=3)
        assert (status, description) == (400, "Bad Request: message thread not found")
        double.upgrade(group)
        assert "upgraded" in (await call(double, "sendMessage", chat_id=group.id, text="x"))[1]
        assert len(double.refused) == 1


async def test_flood_control_that_is_switched_on_refuses_and_keeps_nothing() -> None:
    async with BotApiDouble() as double:
        chat, control = double.private(), double.limit()
        answers = [await call(double, "sendMessage", chat_id=chat.id, text="x") for _ in range(2)]
        assert [status for status, _ in answers] == [200, 429]
        assert (len(chat.messages), control.refused, double.refused) == (1, 1, [])


async def test_updates_come_again_until_they_are_confirmed() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        for text in ("a", "b", "c"):
            chat.say(text)
        _, first = await call(double, "getUpdates", limit=2)
        _, again = await call(double, "getUpdates")
        assert ([u["message"]["text"] for u in first], len(again)) == (["a", "b"], 3)
        _, rest = await call(double, "getUpdates", offset=first[-1]["update_id"] + 1)
        assert [update["message"]["text"] for update in rest] == ["c"]
        chat.say("d")
        _, last = await call(double, "getUpdates", offset=-1)
        assert [update["message"]["text"] for update in last] == ["d"]


async def test_only_the_kinds_asked_for_arrive() -> None:
    async with BotApiDouble() as double:
        await call(double, "getUpdates", allowed_updates=["callback_query"])
        double.private().say("unheard")
        assert await call(double, "getUpdates") == (200, [])


async def test_long_poll_returns_when_an_update_comes() -> None:
    async with BotApiDouble() as double:
        begun = monotonic()
        poll = asyncio.create_task(call(double, "getUpdates", timeout=5))
        await asyncio.sleep(0.1)
        double.private().say("now")
        _, updates = await poll
        assert [update["message"]["text"] for update in updates] == ["now"]
        assert monotonic() - begun < 2


async def test_second_poll_ends_the_first_with_a_conflict() -> None:
    async with BotApiDouble() as double:
        first = asyncio.create_task(call(double, "getUpdates", timeout=5))
        await asyncio.sleep(0.1)
        assert await call(double, "getUpdates") == (200, [])
        status, description = await first
        assert (status, description[:9], double.conflicts, double.refused) == (409, "Conflict:", 1, [])


async def test_ordered_faults_come_once_each_and_are_no_refusals() -> None:
    async with BotApiDouble() as double:
        double.fail("getMe", 429, retry_after=3)
        double.drop("getMe")
        double.hang("getMe", 0.1)
        assert (await call(double, "getMe"))[0] == 429
        with pytest.raises(aiohttp.ClientError):
            await call(double, "getMe")
        assert (await call(double, "getMe"))[0] == 504
        assert (await call(double, "getMe"))[0] == 200
        assert double.refused == []


async def test_chat_on_a_slow_network_is_answered_late_and_no_other_is() -> None:
    async with BotApiDouble() as double:
        slow, quick = double.private(), double.private()
        slow.delay = 60.0
        late = asyncio.create_task(call(double, "sendMessage", chat_id=slow.id, text="x"))
        assert (await slow.reply()).text == "x"
        assert (await call(double, "sendMessage", chat_id=str(quick.id), text="y"))[0] == 200
        assert not late.done()
        late.cancel()


async def test_press_that_is_too_old_takes_no_answer() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
        await call(double, "sendMessage", chat_id=chat.id, text="x", reply_markup=markup)
        query = chat.press("Go")
        double.expire(query)
        assert (await call(double, "answerCallbackQuery", callback_query_id=query))[0] == 400


async def test_entities_beyond_a_hundred_are_counted_as_ignored() -> None:
    async with BotApiDouble() as double:
        await call(double, "sendMessage", chat_id=double.private().id, text="<b>a</b> " * 103, parse_mode="HTML")
        assert double.ignored_entities == 3


async def test_double_runs_as_its_own_process(repository: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.double", stdin=pipe, stdout=pipe, cwd=repository
    )
    assert process.stdin is not None
    assert process.stdout is not None
    where = (await process.stdout.readline()).decode()
    url, token = re.findall(r"=(\S+)", where)
    async with httpx.AsyncClient() as client:
        process.stdin.write(b"when is the vote?\n")
        await process.stdin.drain()
        answer = await client.get(f"{url}/bot{token}/getUpdates", params={"timeout": 5})
        chat = answer.json()["result"][0]["message"]["chat"]["id"]
        await client.post(f"{url}/bot{token}/sendMessage", data={"chat_id": chat, "text": "soon"})
    assert [await process.stdout.readline() for _ in range(2)] == [b"--- sent 2\n", b"soon\n"]
    process.stdin.close()
    assert await process.wait() == 0
