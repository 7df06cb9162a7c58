"""Telegram's side over HTTP, at little cost: the Bot API as a bare protocol, and kept connections to a webhook."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, cast
from urllib.parse import urlsplit

import httptools

from tests.benchmarks.telegram_bots.exchanges import Call

Respond = Callable[[bytes], None]
Serve = Callable[[str, Call, Respond], None]  # a token, its call, and what takes the answer's JSON
_HEAD: Final = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n"


class ApiConnection(asyncio.Protocol):
    """One connection of a bot to the Bot API."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._parser = httptools.HttpRequestParser(self)
        self._path, self._kind, self._body = b"", b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._kind = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path, call = urlsplit(self._path.decode()), (self._kind, self._body or self._path.partition(b"?")[2])
        _, bot, method = path.path.rsplit("/", 2)
        self._path, self._kind, self._body = b"", b"", b""
        self._serve(bot.removeprefix("bot"), Call(method, *call), self._respond)

    def _respond(self, content: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(_HEAD + b"Content-Length: %d\r\n\r\n" % len(content) + content)


class Taker(Protocol):
    """Takes responses of a webhook: what was posted, the status (0: the connection was lost), content type, body."""

    def __call__(self, posted: int, status: int, kind: bytes, body: bytes) -> None: ...


class HookConnection(asyncio.Protocol):
    """One connection to a webhook, with at most one update on it."""

    def __init__(self, hook: "Hook") -> None:
        self._hook = hook
        self._parser = httptools.HttpResponseParser(self)
        self._posted: int | None = None
        self._kind, self._body = b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def post(self, number: int, request: bytes) -> None:
        self._posted = number
        self._transport.write(request)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._kind = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        number, status, kind, body = self._posted, self._parser.get_status_code(), self._kind, self._body
        self._posted, self._kind, self._body = None, b"", b""
        self._hook.freed(self)
        if number is not None:
            self._hook.take(number, status, kind, body)

    def connection_lost(self, _error: Exception | None) -> None:
        self._hook.lost(self)
        if self._posted is not None:
            self._hook.take(self._posted, 0, b"", b"")


class Hook:
    """Posts updates to a webhook over at most `most` connections, kept open; `take` is called with each response."""

    def __init__(self, port: int, path: str, secret: str, most: int, take: Taker) -> None:
        self.take = take
        self._port, self._most = port, most
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: bot.example\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\nConnection: keep-alive\r\nContent-Length: "
        ).encode()
        self._idle: list[HookConnection] = []
        self._all: set[HookConnection] = set()
        self._waiting: deque[tuple[int, bytes]] = deque()

    async def open(self) -> None:
        """Opens the connections that are missing: servers close those that were idle for some seconds."""
        loop = asyncio.get_running_loop()
        while len(self._all) < self._most:
            _, connection = await loop.create_connection(lambda: HookConnection(self), "127.0.0.1", self._port)
            self._all.add(connection)
            self._idle.append(connection)

    def close(self) -> None:
        for connection in list(self._all):
            connection.close()

    def post(self, number: int, body: bytes) -> None:
        """Posts at once, or as soon as a connection is free."""
        request = self._head + b"%d\r\n\r\n" % len(body) + body
        if self._idle:
            self._idle.pop().post(number, request)
        else:
            self._waiting.append((number, request))

    def freed(self, connection: HookConnection) -> None:
        if self._waiting:
            connection.post(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def lost(self, connection: HookConnection) -> None:
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
