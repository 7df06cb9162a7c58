"""Takes updates that Telegram posts, and lets the last call of an answer travel back in the response."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

LARGEST: Final = 1024 * 1024  # bytes; the largest update is a tenth of that
HOLD: Final = 10.0  # seconds that a response is held for its answer; later the answer goes by a call of its own
REMEMBERED: Final = 10_000  # updates taken last, so that one that is posted again is not answered again
NOTICED: Final = 2  # turns of the event loop until it shows who hung up while this process was suspended
SECRET_HEADER: Final = b"x-telegram-bot-api-secret-token"

OK, BAD, FORBIDDEN, METHOD, TOO_LARGE, LATER = 200, 400, 403, 405, 413, 503


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where Telegram posts updates (`url`, from https:// on) and what it proves itself with."""

    url: str
    secret: str

    @property
    def path(self) -> str:
        """The path of the address on this server."""
        return urlsplit(self.url).path


class Slot:
    """The response to one update, open until it carries a call, is closed without one, or was held too long."""

    __slots__ = ("_call", "_holds_answer", "_is_answered", "_timer")

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._call = b""
        self._holds_answer = False
        self._is_answered: asyncio.Future[bool] = loop.create_future()
        self._timer = loop.call_later(HOLD, self.close)

    @property
    def is_open(self) -> bool:
        """Whether a call can still travel back."""
        return not self._is_answered.done()

    def carry(self, call: bytes, *, is_answer: bool = True) -> bool:
        """Sends a call (JSON with its `method`) back in the response; False where that is over. `is_answer` says that
        without it the update would be unanswered, and not only a waiting sign stay."""
        if not self._end(is_answered=True):
            return False
        self._call, self._holds_answer = call, is_answer
        return True

    def close(self) -> None:
        """Ends the response without a call; nothing where it has ended."""
        self._end(is_answered=True)

    def refuse(self) -> None:
        """Has Telegram post the update again; nothing where the response has ended."""
        self._end(is_answered=False)

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer that nobody was given."""
        return self._holds_answer and bool(self._call)

    async def is_answered(self) -> bool:
        """Waits for the end of the response, without being able to disturb it; False where it was refused."""
        return await asyncio.shield(self._is_answered)

    def give(self) -> bytes:
        """The call that travels back, to the one who asks first; to all others nothing."""
        call, self._call = self._call, b""
        return call

    def _end(self, *, is_answered: bool) -> bool:
        if self._is_answered.done():
            return False
        self._timer.cancel()
        self._is_answered.set_result(is_answered)
        return True


class Webhook:
    """ASGI application for the path of the address. `take` is handed each update once, with the slot of its response,
    and sees to it that the slot ends; it raises nothing.

    A request without the secret gets 403, one that is no update 400 or 413. Before `open` and after `shut` it is 503,
    so that Telegram posts the update again, here or to another replica.
    """

    def __init__(self, address: Address, take: Callable[[dict[str, Any], Slot], Awaitable[None]]) -> None:
        self.path = address.path
        self._secret = address.secret.encode()
        self._take = take
        self._in_hand: dict[int, Slot] = {}
        self._answered: OrderedDict[int, None] = OrderedDict()
        self._is_open = False
        self.posts = dict.fromkeys((OK, BAD, FORBIDDEN, METHOD, TOO_LARGE, LATER), 0)  # by the status of the response
        self.taken_at: float | None = None  # when an update last came, in monotonic seconds

    def open(self) -> None:
        """From now on updates are taken."""
        self._is_open = True

    def shut(self) -> None:
        """Takes no further update; those in hand go on."""
        self._is_open = False

    def refuse_rest(self) -> None:
        """Has every update that is still in hand posted again."""
        for slot in self._in_hand.values():
            slot.refuse()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, body = await self._response(scope, receive)
        self.posts[status] += 1
        headers = [(b"content-length", b"%d" % len(body))]
        if body:
            headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _response(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            return METHOD, b""
        given = next((value for name, value in scope["headers"] if name == SECRET_HEADER), b"")
        if not compare_digest(given, self._secret):
            return FORBIDDEN, b""
        posted = await _read(receive)
        if posted is None:
            return TOO_LARGE, b""
        update = _update(posted)
        if update is None:
            log.warning("telegram.webhook_not_an_update bytes=%s", len(posted))
            return BAD, b""
        for _ in range(NOTICED):
            await asyncio.sleep(0)
        if not self._is_open or _has_hung_up(receive):
            return LATER, b""
        return await self._answer(update, receive)

    async def _answer(self, update: dict[str, Any], receive: Receive) -> tuple[int, bytes]:
        number = update["update_id"]
        if number in self._answered:
            return OK, b""
        slot = self._in_hand.get(number)
        if slot is None:
            slot = self._in_hand[number] = Slot()
            self.taken_at = monotonic()
            await self._take(update, slot)
        try:
            is_answered = await slot.is_answered()
        finally:
            self._in_hand.pop(number, None)
        if not is_answered or (slot.has_answer and _has_hung_up(receive)):
            return LATER, b""
        self._answered[number] = None
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        return OK, slot.give()


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None where it is too large or the connection was lost."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message["type"] == "http.request" and message.get("more_body") and len(body) <= LARGEST:
        message = await receive()
        body += message.get("body", b"")
    return body if message["type"] == "http.request" and len(body) <= LARGEST else None


def _has_hung_up(receive: Receive) -> bool:
    """Whether nobody waits for the response any more, found without waiting: the next message is that, or is yet to
    come."""
    asking = receive().__await__()
    try:
        next(asking)
    except StopIteration as message:
        return bool(message.value["type"] == "http.disconnect")
    asking.close()
    return False


def _update(posted: bytes) -> dict[str, Any] | None:
    try:
        update = orjson.loads(posted)
    except orjson.JSONDecodeError:
        return None
    is_one = isinstance(update, dict) and isinstance(update.get("update_id"), int)
    return update if is_one else None
