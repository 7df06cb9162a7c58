"""What the bot tells of itself to the double: descriptions, menus, its button, and answers to presses."""

from typing import Any

import pytest

from tests.double import BotApiDouble
from tests.double.caller import call

pytestmark = pytest.mark.asyncio(loop_scope="function")

COMMANDS = [{"command": "stats", "description": "Counts"}]


async def test_descriptions_are_kept_by_language() -> None:
    async with BotApiDouble() as double:
        await call(double, "setMyDescription", description="All about it")
        await call(double, "setMyDescription", description="Todo", language_code="es")
        await call(double, "setMyShortDescription", short_description="Facts")
        assert double.account.descriptions == {"": "All about it", "es": "Todo"}
        assert double.account.short_descriptions == {"": "Facts"}
        assert await call(double, "getMyDescription", language_code="es") == (200, {"description": "Todo"})
        assert await call(double, "getMyShortDescription", language_code="es") == (200, {"short_description": ""})


async def test_menus_of_one_chat_stand_apart_and_can_be_removed() -> None:
    async with BotApiDouble() as double:
        editor = double.private()
        scope = {"type": "chat", "chat_id": editor.id}
        await call(double, "setMyCommands", commands=COMMANDS, scope=scope, language_code="es")
        await call(double, "setMyCommands", commands=COMMANDS, scope={"type": "all_private_chats"})
        assert (double.menus, set(double.account.scoped_menus)) == (
            {},
            {("chat", editor.id, "es"), ("all_private_chats", None, "")},
        )
        await call(double, "deleteMyCommands", scope=scope, language_code="es")
        assert ("chat", editor.id, "es") not in double.account.scoped_menus


async def test_menu_button_is_for_all_or_one_private_chat() -> None:
    async with BotApiDouble() as double:
        chat, group = double.private(), double.group()
        await call(double, "setChatMenuButton", menu_button={"type": "commands"})
        await call(double, "setChatMenuButton", chat_id=chat.id)
        assert double.account.menu_buttons == {None: {"type": "commands"}, chat.id: {"type": "default"}}
        assert (await call(double, "setChatMenuButton", chat_id=group.id))[0] == 400


async def test_actions_are_seen_in_the_chat() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        await call(double, "sendChatAction", chat_id=chat.id, action="typing")
        assert chat.actions == ["typing"]


async def test_answer_to_a_press_is_kept() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
        await call(double, "sendMessage", chat_id=chat.id, text="x", reply_markup=markup)
        query = chat.press("Go")
        await call(double, "answerCallbackQuery", callback_query_id=query, text="Updated")
        assert double.account.press_answers[query]["text"] == "Updated"


@pytest.mark.parametrize(
    ("method", "parameters", "why"),
    [
        ("setMyDescription", {"description": "x" * 513}, "description must be 0 to 512, not 513"),
        ("setMyShortDescription", {"short_description": "x" * 121}, "short_description must be 0 to 120, not 121"),
        ("setMyDescription", {"language_code": "spanish"}, "invalid language code specified"),
        ("setMyCommands", {"commands": COMMANDS, "scope": {"type": "editors"}}, "it is no BotCommandScope"),
        ("setMyCommands", {"commands": COMMANDS, "scope": {"type": "chat"}}, "chat_id is empty"),
        ("setMyCommands", {"commands": COMMANDS, "scope": {"type": "chat", "chat_id": 1}}, "chat not found"),
        ("setMyCommands", {"commands": [{"command": "Stats", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setChatMenuButton", {"menu_button": {"type": "web_app", "text": "x"}}, "web_app is empty"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "text must be 0 to 200, not 201"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, "query is too old"),
    ],
)
async def test_what_telegram_refuses_of_a_bot_is_refused(method: str, parameters: dict[str, Any], why: str) -> None:
    async with BotApiDouble() as double:
        status, description = await call(double, method, **parameters)
        assert status == 400
        assert why in description


async def test_action_that_is_none_is_refused() -> None:
    async with BotApiDouble() as double:
        wrong = await call(double, "sendChatAction", chat_id=double.private().id, action="thinking")
        assert wrong == (400, "Bad Request: wrong parameter action in request")
