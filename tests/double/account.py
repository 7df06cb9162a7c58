"""What the bot is to its readers: its name, its menus, its descriptions, and the presses that it has to answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.double.rules import check_commands, read_language
from tests.double.table import RefusedError
from tests.double.world import Chat, Person

TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
Menu = list[dict[str, str]]
FindsChat = Callable[[dict[str, Any]], Chat]


class Account:
    """The bot's own side: `menus` by language, `scoped_menus` by scope, chat and language."""

    def __init__(self, me: Person, username: str, abilities: dict[str, bool], known: FindsChat) -> None:
        self.menus: dict[str, Menu] = {}
        self.scoped_menus: dict[tuple[str, int | None, str], Menu] = {}
        self.descriptions: dict[str, str] = {}
        self.short_descriptions: dict[str, str] = {}
        self.menu_buttons: dict[int | None, dict[str, Any]] = {}
        self.presses: set[str] = set()
        self.press_answers: dict[str, dict[str, Any]] = {}
        self._about = me.as_json() | {"username": username} | abilities
        self._known = known

    @property
    def methods(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
        return {
            "getMe": self._me,
            "setMyCommands": self._set_commands,
            "deleteMyCommands": self._delete_commands,
            "setMyDescription": self._describe,
            "setMyShortDescription": self._describe_shortly,
            "getMyDescription": self._description,
            "getMyShortDescription": self._short_description,
            "setChatMenuButton": self._set_button,
            "answerCallbackQuery": self._answer_press,
        }

    async def _me(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        return self._about

    async def _set_commands(self, parameters: dict[str, Any]) -> bool:
        check_commands(parameters)
        menus, key = self._menu(parameters)
        menus[key] = parameters["commands"]
        return True

    async def _delete_commands(self, parameters: dict[str, Any]) -> bool:
        menus, key = self._menu(parameters)
        menus.pop(key, None)
        return True

    def _menu(self, parameters: dict[str, Any]) -> tuple[dict[Any, Menu], Any]:
        """Where the menu of a scope and a language is kept."""
        language, scope = read_language(parameters), parameters.get("scope", {"type": "default"})
        if scope["type"] == "default":
            return self.menus, language
        chat = self._known(scope).id if "chat_id" in scope else None
        return self.scoped_menus, (scope["type"], chat, language)

    async def _describe(self, parameters: dict[str, Any]) -> bool:
        self.descriptions[read_language(parameters)] = parameters.get("description", "")
        return True

    async def _describe_shortly(self, parameters: dict[str, Any]) -> bool:
        self.short_descriptions[read_language(parameters)] = parameters.get("short_description", "")
        return True

    async def _description(self, parameters: dict[str, Any]) -> dict[str, str]:
        return {"description": self.descriptions.get(read_language(parameters), "")}

    async def _short_description(self, parameters: dict[str, Any]) -> dict[str, str]:
        return {"short_description": self.short_descriptions.get(read_language(parameters), "")}

    async def _set_button(self, parameters: dict[str, Any]) -> bool:
        chat = self._known(parameters).id if "chat_id" in parameters else None
        if chat is not None and chat < 0:
            raise RefusedError("Bad Request: chat must be a private chat")
        self.menu_buttons[chat] = parameters.get("menu_button", {"type": "default"})
        return True

    async def _answer_press(self, parameters: dict[str, Any]) -> bool:
        query = parameters["callback_query_id"]
        if query not in self.presses:
            raise RefusedError(TOO_OLD)
        self.presses.discard(query)
        self.press_answers[query] = parameters
        return True
