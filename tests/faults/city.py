"""A city's residents, who write at a steady rate, each a few times and then never again, and what they get."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from time import perf_counter
from typing import Any, Final

import orjson

from bot.conversation.codes import TurnCodes
from bot.core.messages import Turn
from tests.benchmarks.telegram_bots.exchanges import Call
from tests.benchmarks.telegram_bots.telegram_side import ApiConnection, Hook, Respond

ABREAST: Final = 20  # updates that a webhook has in hand at most: Telegram waits for it
AT_ONCE: Final = 400  # residents who write in turn
WRITE: Final = 4  # times each
BOT: Final = {"id": 123456789, "is_bot": True, "first_name": "Facts", "username": "FactsBot"}
ASKED: Final = {
    "en": ("/vote", "/start", "/help", "when is the vote?", "what is 287(g)?", "who decides?", "what did West say?"),
    "es": ("/vote", "/start", "/help", "¿cuándo es la votación?", "¿qué es 287g?", "¿quién decide?", "¿qué dijo West?"),
}  # fmt: skip
NEW: Final = {"en": "what did the {} say about {} to {}", "es": "qué dijo el {} sobre {} a {}"}
WORDS: Final = ("chief", "council", "money", "vote", "memo", "jefe", "dinero", "voto", "policía", "barrio", "friday")
PRESSED: Final = (
    "what_happened", "who_said_what", "where_they_stand", "when_is_the_vote", "how_much_money", "sources",
)  # fmt: skip
RESULTS: Final[dict[str, Any]] = {
    "getMe": BOT | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True},
    "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
    "getMyCommands": [],
    "getMyName": {"name": "Facts"},
    "getMyDescription": {"description": ""},
    "getMyShortDescription": {"short_description": ""},
    "getChatMenuButton": {"type": "default"},
}
CALLS_OF_CHATS: Final = ("sendMessage", "editMessageText", "sendDocument", "sendPhoto")


@dataclass(slots=True)
class Telegram:
    """The Bot API's side of one bot: takes every call, and counts the messages by method and chat."""

    token: str = "123456789:the-token-of-the-city"
    calls: Counter[str] = field(default_factory=Counter)
    said_to: Counter[int] = field(default_factory=Counter)
    number: int = 10_000

    def serve(self, _token: str, call: Call, respond: Respond) -> None:
        self.calls[call.method] += 1
        if call.method in CALLS_OF_CHATS:
            self.number += 1
            chat = orjson.loads(call.body).get("chat_id", 0) if call.kind.startswith(b"application/json") else 0
            self.note(int(chat))
            result: Any = {"message_id": self.number, "date": 1, "chat": {"id": chat, "type": "private"}, "text": "…"}
        else:
            result = RESULTS.get(call.method, True)
        respond(orjson.dumps({"ok": True, "result": result}))

    def note(self, chat: int) -> None:
        self.said_to[chat] += 1

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Its address while the block lasts."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: ApiConnection(self.serve), "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class City:
    """Makes the updates, from 0 on."""

    def __init__(self, codes: TurnCodes) -> None:
        self._codes = codes
        self._chance = Random(287)  # noqa: S311 - traffic, not secrets
        self._pressed = cycle(PRESSED)
        self._kinds = cycle(self._one_round())

    def _one_round(self) -> Sequence[Callable[[int, str], dict[str, Any]]]:
        """Of a hundred updates, those of each kind."""
        kinds = [
            *[self._known] * 50, *[self._press] * 30, *[self._new] * 8, *[self._inline] * 4,
            *[self._subscribe] * 3, *[self._language] * 3, *[self._forget] * 2,
        ]  # fmt: skip
        self._chance.shuffle(kinds)
        return kinds

    def update(self, number: int) -> tuple[int, bytes]:
        """The update, and the chat that has to get a message for it, or 0."""
        block, place = divmod(number, AT_ONCE)
        chat = 1_000_000 + block // WRITE * AT_ONCE + place
        lang = ("en", "es")[chat % 2]
        content = next(self._kinds)(chat, lang)
        return 0 if "inline_query" in content else chat, orjson.dumps({"update_id": 1000 + number, **content})

    def _known(self, chat: int, lang: str) -> dict[str, Any]:
        return self._say(chat, lang, self._chance.choice(ASKED[lang]))

    def _new(self, chat: int, lang: str) -> dict[str, Any]:
        words = self._chance.choices(WORDS, k=2)
        return self._say(chat, lang, NEW[lang].format(*words, self._chance.randrange(10**9)))

    def _language(self, chat: int, lang: str) -> dict[str, Any]:
        return self._say(chat, lang, "/language")

    def _forget(self, chat: int, lang: str) -> dict[str, Any]:
        return self._say(chat, lang, "/forgetme")

    def _subscribe(self, chat: int, lang: str) -> dict[str, Any]:
        return self._query(chat, lang, Turn("remind_me", "option:start"))

    def _press(self, chat: int, lang: str) -> dict[str, Any]:
        return self._query(chat, lang, Turn(next(self._pressed)))

    def _inline(self, chat: int, lang: str) -> dict[str, Any]:
        asked = {"id": str(chat), "from": self._person(chat, lang), "query": "287g", "offset": "", "chat_type": "group"}
        return {"inline_query": asked}

    def _say(self, chat: int, lang: str, text: str) -> dict[str, Any]:
        message = self._message(chat) | {"from": self._person(chat, lang), "text": text}
        if text.startswith("/"):
            message["entities"] = [{"offset": 0, "length": len(text), "type": "bot_command"}]
        return {"message": message}

    def _query(self, chat: int, lang: str, turn: Turn) -> dict[str, Any]:
        message = self._message(chat) | {"from": BOT, "text": "A message with buttons."}
        asked = {"id": str(chat), "from": self._person(chat, lang), "message": message, "chat_instance": "1"}
        return {"callback_query": asked | {"data": self._codes.code(turn)}}

    def _message(self, chat: int) -> dict[str, Any]:
        place = {"id": chat, "type": "private", "first_name": "Ana"}
        return {"message_id": 5, "date": 1_795_000_000, "chat": place}

    def _person(self, chat: int, lang: str) -> dict[str, Any]:
        return {"id": chat, "is_bot": False, "first_name": "Ana", "language_code": lang}


class Traffic:
    """Posts the city's updates to webhooks in turn, `rate` a second, as fast as they are taken where that is slower."""

    def __init__(self, city: City, telegram: Telegram, rate: float) -> None:
        self._city, self._telegram, self._rate = city, telegram, rate
        self._in_flight: dict[int, float] = {}
        self._freed = asyncio.Event()
        self.wanted: Counter[int] = Counter()
        self.statuses: Counter[int] = Counter()
        self.delays: deque[float] = deque(maxlen=50_000)  # seconds, of the last
        self.posted = 0

    def take(self, posted: int, status: int, _kind: bytes, body: bytes) -> None:
        """The webhook's response, which may hold a call itself."""
        self.delays.append(perf_counter() - self._in_flight.pop(posted))
        self.statuses[status] += 1
        if body.startswith(b"{"):
            call = orjson.loads(body)
            self._telegram.calls[f"in response: {call.get('method')}"] += 1
            if call.get("method") in CALLS_OF_CHATS:
                self._telegram.note(int(call["chat_id"]))
        self._freed.set()

    async def flow(self, hooks: Sequence[Hook], count: int) -> None:
        """The next `count` updates; returns when all have their responses."""
        most, turns = ABREAST * len(hooks), cycle(hooks)
        loop = asyncio.get_running_loop()
        begun, first = loop.time(), self.posted
        while self.posted < first + count:
            await asyncio.sleep(max(0.0, begun + (self.posted - first) / self._rate - loop.time()))
            while len(self._in_flight) >= most:
                self._freed.clear()
                await self._freed.wait()
            self._post(next(turns))
        while self._in_flight:
            self._freed.clear()
            await self._freed.wait()

    def _post(self, hook: Hook) -> None:
        chat, body = self._city.update(self.posted)
        if chat:
            self.wanted[chat] += 1
        self._in_flight[self.posted] = perf_counter()
        hook.post(self.posted, body)
        self.posted += 1
