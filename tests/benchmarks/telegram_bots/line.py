"""One bot's line to Telegram: hands out its updates, by polling or to its webhook, and notes what comes back."""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import orjson

from tests.benchmarks.telegram_bots.checks import read_call
from tests.benchmarks.telegram_bots.exchanges import MENU, Call, Exchange
from tests.benchmarks.telegram_bots.telegram_side import Hook, Respond
from tests.benchmarks.telegram_bots.work import TEXT

MOST_POLLED: Final = 100
ACKNOWLEDGE: Final = "answerCallbackQuery"
TYPING: Final = "sendChatAction"  # belongs to a chat, and is no answer
_ID: Final = (
    rb"(?:^|[^a-z_])%s\"?"  # the name of the parameter
    rb"(?:[=:]\s*\"?|[\r\n]+(?:[^\r\n]+\r\n)*\r\n)"  # of JSON, a form in one line, a form in parts
    rb"(-?\d+)"
)
_CHAT: Final = re.compile(_ID % b"chat_id")
_QUERY: Final = re.compile(_ID % b"callback_query_id")
_PLAIN: Final = re.sub(r"<[^>]+>", "", TEXT)
_BOT: Final = {"id": 123456789, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
_MESSAGE: Final = orjson.dumps(
    {
        "from": _BOT,
        "date": 1_795_000_000,
        "text": _PLAIN,
        "entities": [
            {"offset": 0, "length": 31, "type": "bold"},
            {"offset": 134, "length": 3, "type": "text_link", "url": "https://example.org/news/council-vote"},
            {"offset": 294, "length": 271, "type": "expandable_blockquote"},
            {"offset": 567, "length": 100, "type": "italic"},
        ],
        "reply_markup": MENU,
    }
)
_RESULTS: Final[dict[str, Any]] = {
    "getMe": _BOT | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True},
    "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
    "getMyCommands": [],
    "getMyName": {"name": "Bench"},
    "getMyDescription": {"description": ""},
    "getMyShortDescription": {"short_description": ""},
    "getChatMenuButton": {"type": "default"},
}


@dataclass(frozen=True, slots=True)
class Load:
    """A closed loop's updates in flight, and how many of them a poll gets at least while there are more to come:
    Telegram answers at once with what there is (1); far behind, it gives up to 100."""

    abreast: int
    polled: int = 1


class Line:
    """Telegram as one bot sees it. `others` counts calls that belong to no update; `strange` those of unknown chats."""

    def __init__(self) -> None:
        self.others: Counter[str] = Counter()
        self.strange = 0
        self.polled = asyncio.Event()
        self.hooked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.hook: Hook | None = None
        self._by_chat: dict[int, Exchange] = {}
        self._todo: deque[Exchange] = deque()
        self._ready: deque[Exchange] = deque()
        self._poll: tuple[Respond, asyncio.TimerHandle] | None = None
        self._abreast, self._batch, self._open, self._number = 0, 1, 0, 1000
        self._is_fed, self._done = False, asyncio.Event()

    async def keep_busy(self, exchanges: Sequence[Exchange], load: Load, patience: float) -> None:
        """A closed loop: as many updates abreast as the load says, the next when one is answered, until all are."""
        await self._begin(load.abreast, load.polled)
        self._todo.extend(exchanges)
        self._top_up()
        await self._finish(exchanges, patience)

    async def keep_pace(self, exchanges: Sequence[Exchange], pauses: Iterable[float], patience: float) -> None:
        """An open loop: the next update after each pause, whatever has become of those before."""
        await self._begin(0, 1)
        loop = asyncio.get_running_loop()
        at = loop.time()
        for exchange, pause in zip(exchanges, pauses, strict=True):
            at += pause
            await asyncio.sleep(max(0.0, at - loop.time()))
            self._hand_out(exchange)
        await self._finish(exchanges, patience)

    def serve(self, call: Call, respond: Respond) -> None:
        """Answers a call of the bot."""
        if call.method == "getUpdates":
            return self._wait_for_updates(call, respond)
        is_acknowledgement = call.method == ACKNOWLEDGE
        found = (_QUERY if is_acknowledgement else _CHAT).search(call.body)
        if found is None or call.method == TYPING:
            respond(self._other(call))
        elif is_acknowledgement:
            respond(b'{"ok":true,"result":true}')
            self._note(int(found[1]), None)
        else:
            chat = int(found[1])
            self._number += 1
            head = b'{"ok":true,"result":{"message_id":%d,"chat":{"id":%d,"type":"private","first_name":"Ana"},'
            respond(head % (self._number, chat) + _MESSAGE[1:] + b"}")
            self._note(chat, call)
        return None

    def take(self, posted: int, status: int, kind: bytes, body: bytes) -> None:
        """Notes the webhook's response. A connection that the server had closed meanwhile is no fault of either."""
        exchange = self._by_chat[posted]
        if status == 0 and not exchange.resent and self.hook:
            exchange.resent = True
            self.hook.post(exchange.chat, exchange.update(self._next_number()))
            return
        exchange.responding = False
        exchange.status = 0 if status == 200 else status or 599
        if b"method" in body:
            name = str(read_call(Call("", kind, body)).get("method"))
            if name == ACKNOWLEDGE:
                exchange.acknowledged += 1
            else:
                exchange.calls.append(Call("", kind, body))
        self._settle(exchange)

    def _other(self, call: Call) -> bytes:
        self.others[call.method] += 1
        if call.method == "setWebhook" and not self.hooked.done():
            self.hooked.set_result(str(read_call(call).get("url")))
        return orjson.dumps({"ok": True, "result": _RESULTS.get(call.method, True)})

    async def _begin(self, abreast: int, batch: int) -> None:
        if self.hook:
            await self.hook.open()
        self._todo.clear()
        self._ready.clear()
        self._done.clear()
        self._abreast, self._batch, self._open, self._is_fed = abreast, batch, 0, False

    async def _finish(self, exchanges: Sequence[Exchange], patience: float) -> None:
        """Waits for what is open; whatever comes later is noted, and counts for no later round."""
        self._is_fed = True
        self._end_if_done()
        try:
            await asyncio.wait_for(self._done.wait(), patience)
        except TimeoutError:
            self._todo.clear()
            for exchange in exchanges:
                exchange.ended = True

    def _top_up(self) -> None:
        while self._todo and self._open < self._abreast:
            self._hand_out(self._todo.popleft())
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self._is_fed and not self._open and not self._todo:
            self._done.set()

    def _hand_out(self, exchange: Exchange) -> None:
        self._by_chat[exchange.chat] = exchange
        self._open += 1
        exchange.sent_at = perf_counter()
        if self.hook:
            exchange.responding = True
            self.hook.post(exchange.chat, exchange.update(self._next_number()))
        else:
            self._ready.append(exchange)
            self._answer_poll()

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _wait_for_updates(self, call: Call, respond: Respond) -> None:
        self.polled.set()
        asked = read_call(call)
        self._end_poll()
        timer = asyncio.get_running_loop().call_later(float(asked.get("timeout", 0)), self._end_poll)
        self._poll = respond, timer
        self._answer_poll()

    def _answer_poll(self) -> None:
        if self._poll is None or not self._ready or (self._todo and len(self._ready) < self._batch):
            return
        updates = [self._ready.popleft() for _ in range(min(len(self._ready), MOST_POLLED))]
        self._end_poll(b",".join(exchange.update(self._next_number()) for exchange in updates))

    def _end_poll(self, updates: bytes = b"") -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            respond, timer = poll
            timer.cancel()
            respond(b'{"ok":true,"result":[%s]}' % updates)

    def _note(self, chat: int, call: Call | None) -> None:
        """A call for a chat, or the acknowledgement of its press."""
        exchange = self._by_chat.get(chat)
        if exchange is None:
            self.strange += 1
            return
        if call is None:
            exchange.acknowledged += 1
        else:
            exchange.calls.append(call)
        self._settle(exchange)

    def _settle(self, exchange: Exchange) -> None:
        if not exchange.ended and (exchange.is_answered() or exchange.status):
            exchange.ended = True
            exchange.answered_at = perf_counter()
            self._open -= 1
            self._top_up()
