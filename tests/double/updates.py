"""The queue of updates and its long polling, with the Bot API's rules of offset, limit, kinds and conflict."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from starlette.requests import Request

from tests.double.http import disconnected
from tests.double.table import RefusedError


class News:
    """Wakes whoever waits for something to happen."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    def wait(self) -> Coroutine[None, None, bool]:
        """Waits for what happens from this call on, even before the waiting itself has begun."""
        return self._event.wait()

    async def until(self, condition: Callable[[], object], seconds: float) -> None:
        """Waits until something holds; TimeoutError where it never does."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self.wait()


class Updates:
    """Updates that the bot has not confirmed; one poll at a time may wait for them."""

    def __init__(self, news: News) -> None:
        self.conflicts = 0
        self.closed = False
        self._news = news
        self._queue: list[dict[str, Any]] = []
        self._allowed: list[str] = []
        self._number = 1000
        self._poll = 0

    def push(self, kind: str, content: dict[str, Any]) -> None:
        """Queues an update, unless the bot asks for other kinds only."""
        if self._allowed and kind not in self._allowed:
            return
        self._number += 1
        self._queue.append({"update_id": self._number, kind: content})
        self._news.tell()

    async def get(self, parameters: dict[str, Any], request: Request) -> list[dict[str, Any]]:
        """What getUpdates answers; RefusedError 409 where another poll took over meanwhile."""
        self._confirm(parameters.get("offset", 0))
        self._allowed = parameters.get("allowed_updates", self._allowed)
        self._poll = mine = self._poll + 1  # ends any other poll that waits
        self._news.tell()
        end = monotonic() + parameters.get("timeout", 0)
        gone = asyncio.create_task(disconnected(request))
        try:
            while not (self._queue or self.closed or gone.done()) and monotonic() < end:
                await self._sleep(gone, end - monotonic())
                if self._poll != mine and not gone.done():
                    self.conflicts += 1
                    text = "terminated by other getUpdates request; make sure that only one bot instance is running"
                    raise RefusedError(f"Conflict: {text}", 409)
        finally:
            gone.cancel()
        return self._queue[: parameters.get("limit", 100)]

    async def _sleep(self, gone: asyncio.Task[None], seconds: float) -> None:
        news = asyncio.create_task(self._news.wait())
        await asyncio.wait({news, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()

    def _confirm(self, offset: int) -> None:
        """Forgets updates: all below a positive offset, all but the last ones for a negative."""
        if offset < 0:
            self._queue = self._queue[offset:]
        self._queue = [update for update in self._queue if update["update_id"] >= offset]
