"""Takes updates that Telegram posts, and lets the last call of an answer travel back in the response."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

LARGEST: Final = 1024 * 1024  # bytes; the largest update is a tenth of that
HOLD: Final = 10.0  # seconds that a response is held for its answer; later the answer goes by a call of its own
REMEMBERED: Final = 10_000  # updates taken last, so that one that is posted again is not answered again
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

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._body: asyncio.Future[bytes | None] = loop.create_future()
        self._timer = loop.call_later(HOLD, self.close)

    @property
    def is_open(self) -> bool:
        """Whether a call can still travel back."""
        return not self._body.done()

    def carry(self, call: bytes) -> bool:
        """Sends a call (JSON with its `method`) back in the response; False where that is over."""
        return self._settle(call)

    def close(self) -> None:
        """Ends the response without a call; nothing where it has ended."""
        self._settle(b"")

    def refuse(self) -> None:
        """Has Telegram post the update again; nothing where the response has ended."""
        self._settle(None)

    async def body(self) -> bytes | None:
        """What the response carries, None where the update was refused."""
        return await self._body

    async def is_refused(self) -> bool:
        """Waits for the end of the response, without being able to disturb it."""
        return await asyncio.shield(self._body) is None

    def _settle(self, body: bytes | None) -> bool:
        if self._body.done():
            return False
        self._timer.cancel()
        self._body.set_result(body)
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
        return await self._answer(update) if self._is_open else (LATER, b"")

    async def _answer(self, update: dict[str, Any]) -> tuple[int, bytes]:
        number = update["update_id"]
        if number in self._answered:
            return OK, b""
        if (earlier := self._in_hand.get(number)) is not None:
            return (LATER if await earlier.is_refused() else OK), b""
        slot = self._in_hand[number] = Slot()
        try:
            await self._take(update, slot)
            body = await slot.body()
        finally:
            del self._in_hand[number]
        if body is None:
            return LATER, b""
        self._answered[number] = None
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        return OK, body


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None where it is too large or the connection was lost."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message["type"] == "http.request" and message.get("more_body") and len(body) <= LARGEST:
        message = await receive()
        body += message.get("body", b"")
    return body if message["type"] == "http.request" and len(body) <= LARGEST else None


def _update(posted: bytes) -> dict[str, Any] | None:
    try:
        update = orjson.loads(posted)
    except orjson.JSONDecodeError:
        return None
    is_one = isinstance(update, dict) and isinstance(update.get("update_id"), int)
    return update if is_one else None
