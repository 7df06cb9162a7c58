"""The queue of updates and its long polling, with the Bot API's rules of offset, limit, kinds and conflict."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from starlette.requests import Request

from tests.double.http import disconnected
from tests.double.table import RefusedError

KINDS = {
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
}  # fmt: skip
_ONLY_WHEN_ASKED_FOR = {"chat_member", "message_reaction", "message_reaction_count"}
_WEBHOOK = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
_OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"


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
    """Updates that the bot has not confirmed; one poll at a time may wait for them, or a webhook takes them."""

    def __init__(self, news: News) -> None:
        self.conflicts = 0
        self.closed = False
        self.allowed: list[str] = []
        self._news = news
        self._queue: dict[int, dict[str, Any]] = {}
        self._number = 1000
        self._poll = 0
        self._taker: Callable[[dict[str, Any]], None] | None = None

    @property
    def pending(self) -> int:
        """How many updates the bot has not confirmed."""
        return len(self._queue)

    def push(self, kind: str, content: dict[str, Any]) -> None:
        """Queues an update, unless the bot asks for other kinds only."""
        if kind not in self.allowed if self.allowed else kind in _ONLY_WHEN_ASKED_FOR:
            return
        self._number += 1
        update = {"update_id": self._number, kind: content}
        self._queue[self._number] = update
        if self._taker is not None:
            self._taker(update)
        self._news.tell()

    def allow(self, kinds: list[str] | None) -> None:
        """Sets the kinds that the bot asks for; None leaves them, and what the Bot API does not know is left out."""
        if kinds is not None:
            self.allowed = [kind for kind in kinds if kind in KINDS]

    def hand_to(self, taker: Callable[[dict[str, Any]], None] | None) -> None:
        """Hands every update to a webhook, those that wait first; None ends it, and they can be polled again."""
        self._taker = taker
        if taker is not None:
            for update in self._queue.values():
                taker(update)
        self._poll += 1  # ends a poll that waits
        self._news.tell()

    def confirm(self, number: int) -> None:
        """Forgets an update that a webhook has answered."""
        self._queue.pop(number, None)
        self._news.tell()

    def drop(self) -> None:
        """Forgets them all."""
        self._queue.clear()

    async def get(self, parameters: dict[str, Any], request: Request) -> list[dict[str, Any]]:
        """What getUpdates answers; RefusedError 409 where another poll took over meanwhile, or a webhook."""
        if self._taker is not None:
            raise RefusedError(f"Conflict: {_WEBHOOK}", 409)
        self._confirm_before(parameters.get("offset", 0))
        self.allow(parameters.get("allowed_updates"))
        self._poll = mine = self._poll + 1  # ends any other poll that waits
        self._news.tell()
        end = monotonic() + parameters.get("timeout", 0)
        gone = asyncio.create_task(disconnected(request))
        try:
            while not (self._queue or self.closed or gone.done()) and monotonic() < end:
                await self._sleep(gone, end - monotonic())
                if self._poll != mine and not gone.done():
                    self.conflicts += 1
                    raise RefusedError(f"Conflict: {self._why_ended()}", 409)
        finally:
            gone.cancel()
        return list(self._queue.values())[: parameters.get("limit", 100)]

    def _why_ended(self) -> str:
        return _OTHER_POLL if self._taker is None else "terminated by setWebhook request"

    async def _sleep(self, gone: asyncio.Task[None], seconds: float) -> None:
        news = asyncio.create_task(self._news.wait())
        await asyncio.wait({news, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()

    def _confirm_before(self, offset: int) -> None:
        """Forgets updates: all below a positive offset, all but the last ones for a negative."""
        if offset < 0:
            self._queue = dict(list(self._queue.items())[offset:])
        self._queue = {number: update for number, update in self._queue.items() if number >= offset}
