"""The Bot API's sendMessage alone, as strict as Telegram and quick: it counts every chat and every second."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Self

import orjson
from aiohttp import web

TOKEN = "123456789:AAsink-of-the-delivery-tests_00000"
Trouble = Callable[[str], Awaitable[web.Response | None]]  # what to answer to a chat instead of taking the message


@dataclass
class Sink:
    """`async with Sink() as sink`: `sink.url` is what TELEGRAM_API_URL would be.

    `limit` messages in any one second and one a second to a chat are taken; more gets a 429. `latency` in seconds is
    how long an answer takes. `trouble` may answer in place of taking. `taken` counts messages by chat.
    """

    limit: int = 30
    latency: float = 0.0
    trouble: Trouble | None = None
    port: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    refused: int = 0
    calls: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _last: dict[str, float] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post(f"/bot{TOKEN}/sendMessage", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def shut(self) -> None:
        """Refuse connections, and cut those that are open."""
        await self._site.stop()
        if self._runner.server:
            await self._runner.server.shutdown(0.0)

    async def reach(self, count: int, within: float = 60.0) -> None:
        """Wait until as many messages were taken."""
        end = monotonic() + within
        while self.total < count:
            if monotonic() > end:
                raise AssertionError(f"{self.total} messages of {count} after {within} s")
            await asyncio.sleep(0.02)

    @property
    def total(self) -> int:
        return self.taken.total()

    @property
    def repeated(self) -> int:
        """Messages that a chat got beyond one."""
        return self.total - len(self.taken)

    def busiest(self) -> int:
        """The most messages taken in any one second."""
        most, window = 0, deque[float]()
        for at in self.times:
            window.append(at)
            while window[0] <= at - 1.0:
                window.popleft()
            most = max(most, len(window))
        return most

    async def _serve(self, request: web.Request) -> web.Response:
        self.calls += 1
        message = orjson.loads(await request.read())
        chat = str(message["chat_id"])
        if self.trouble and (answer := await self.trouble(chat)) is not None:
            return answer
        if wait := self._too_fast(chat, monotonic()):
            self.refused += 1
            return failure(429, "Too Many Requests", {"retry_after": wait})
        self.taken[chat] += 1
        number = self.total
        if self.latency:
            await asyncio.sleep(self.latency)
        result = {"message_id": number, "date": 0, "chat": {"id": int(chat), "type": "private"}, "text": ""}
        return web.Response(body=orjson.dumps({"ok": True, "result": result}), content_type="application/json")

    def _too_fast(self, chat: str, now: float) -> int:
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= self.limit or self._last.get(chat, -1.0) > now - 1.0:
            return 1
        self._recent.append(now)
        self._last[chat] = now
        self.times.append(now)
        return 0


def failure(status: int, description: str, parameters: dict[str, Any] | None = None) -> web.Response:
    """An answer that refuses."""
    body = {"ok": False, "error_code": status, "description": description}
    return web.Response(
        status=status,
        body=orjson.dumps(body | ({"parameters": parameters} if parameters else {})),
        content_type="application/json",
    )
