"""People in chats where the bot is not: they type its name, choose a result, press a button, or call it as a guest."""

import time
from collections.abc import Callable
from typing import Any

from tests.double.inline import InlineAnswer, InlineMode
from tests.double.updates import News
from tests.double.world import Person, Sent, mark_words

_STRANGE_GROUP = {"id": -1_009_999_999_999, "type": "supergroup", "title": "Somewhere else"}


class Elsewhere:
    """What a test does and sees of inline and guest mode."""

    def __init__(
        self,
        mode: InlineMode,
        news: News,
        username: str,
        person: Callable[[], Person],
        push: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._mode = mode
        self._news = news
        self._username = username
        self._person = person
        self._push = push
        self._asked: dict[str, tuple[Person, str]] = {}

    def type(self, text: str, *, by: Person | None = None, offset: str = "", chat_type: str = "group") -> str:
        """Somebody types the bot's name and a text in any chat; gives the query's id. `offset` asks for more."""
        if not self._mode.is_on:
            raise AssertionError("inline mode is switched off for this bot")
        person, query = by or self._person(), self._new_id("query")
        self._asked[query] = person, text
        self._mode.open.add(query)
        about = {"id": query, "from": person.as_json(), "query": text, "offset": offset, "chat_type": chat_type}
        self._push("inline_query", about)
        return query

    async def results(self, query: str, seconds: float = 5.0) -> InlineAnswer:
        """What the bot offers for a query; TimeoutError where it offers nothing."""
        await self._news.until(lambda: query in self._mode.answers, seconds)
        return self._mode.answers[query]

    async def offered(self, text: str, **more: Any) -> InlineAnswer:
        """Types a text and waits for what the bot offers."""
        return await self.results(self.type(text, **more))

    def choose(self, query: str, title: str, *, by: Person | None = None, is_told: bool = False) -> Sent:
        """Somebody sends a result; with a keyboard it can be edited. `is_told` sends the bot chosen_inline_result.

        Somebody else than who typed may choose, from what the server has kept.
        """
        result, (person, text) = self._mode.answers[query].result(title), self._asked[query]
        sent = self._mode.keep(result.message) if result.message.rows else result.message
        if is_told:
            about = {"result_id": result.id, "from": (by or person).as_json(), "query": text}
            named = {"inline_message_id": sent.inline_message_id} if sent.inline_message_id else {}
            self._push("chosen_inline_result", about | named)
        return sent

    def press(self, label: str, sent: Sent, *, by: Person | None = None) -> str:
        """Somebody presses a button of a message that the bot sent by inline or guest mode. Gives the query's id."""
        button = self.current(sent).button(label)
        if button is None:
            raise AssertionError(f"the message has no button {label!r}; it has {self.current(sent).labels}")
        if "callback_data" not in button:
            raise AssertionError(f"the button {label!r} opens a link")
        query = self._new_id("press")
        about = {"id": query, "from": (by or self._person()).as_json(), "chat_instance": "2"}
        named = {"inline_message_id": sent.inline_message_id, "data": button["callback_data"]}
        self._push("callback_query", about | named)
        return query

    def current(self, sent: Sent) -> Sent:
        """A message of inline or guest mode as it stands now."""
        return self._mode.messages.get(sent.inline_message_id, sent)

    async def edited(self, sent: Sent, seconds: float = 5.0) -> Sent:
        """The message after its next edit; TimeoutError where none comes."""
        await self._news.until(lambda: self.current(sent) is not sent, seconds)
        return self.current(sent)

    def summon(self, text: str, *, by: Person | None = None, reply_to: str = "", **more: Any) -> str:
        """Somebody names the bot in a group where it is not; gives the guest query's id.

        `reply_to` is the text of another person's message that this one replies to.
        """
        if not self._mode.takes_guests:
            raise AssertionError("guest mode is switched off for this bot")
        person, query = by or self._person(), self._new_id("guest")
        self._mode.guests.add(query)
        message = self._message(f"@{self._username} {text}".strip(), person) | {"guest_query_id": query}
        if reply_to:
            message["reply_to_message"] = self._message(reply_to, self._person())
        self._push("guest_message", message | more)
        return query

    async def guest_reply(self, query: str, seconds: float = 5.0) -> Sent:
        """What the bot answers as a guest; TimeoutError where it is silent."""
        await self._news.until(lambda: query in self._mode.guest_answers, seconds)
        return self._mode.guest_answers[query]

    def _message(self, text: str, person: Person) -> dict[str, Any]:
        number = time.monotonic_ns() % 1_000_000_000
        about = {"message_id": number, "date": int(time.time()), "chat": _STRANGE_GROUP, "from": person.as_json()}
        return about | {"text": text, "entities": mark_words(text)}

    def _new_id(self, kind: str) -> str:
        return f"{kind}-{time.monotonic_ns()}"
