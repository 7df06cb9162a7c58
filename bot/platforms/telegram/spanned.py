"""Takes down what is done for an update, and the calls to the Bot API: a method's name, never an address."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import aiohttp

from bot.core.spans import Spans
from bot.platforms.telegram.connections import Connections
from bot.platforms.telegram.elsewhere import Summoned, Typed
from bot.platforms.telegram.membership import Left, Moved
from bot.platforms.telegram.reading import Asked

Event = TypeVar("Event")

KINDS: Final = {Typed: "inline", Summoned: "guest", Left: "left", Moved: "moved"}


def spanned_updates(
    spans: Spans | None, handle: Callable[[Event], Awaitable[None]]
) -> Callable[[Event], Awaitable[None]]:
    """The same handling of updates, each taken down by its kind where there is something that takes it down."""
    if spans is None:
        return handle

    async def handled(event: Event) -> None:
        with spans.begin("update", platform="telegram", kind=kind_of(event)):
            await handle(event)

    return handled


def kind_of(event: object) -> str:
    """What an update is: `question`, `press`, `command`, `choice` (a turn by another way), or one of KINDS."""
    if not isinstance(event, Asked):
        return KINDS.get(type(event), "other")
    if event.query is not None:
        return "press"
    if event.command is not None:
        return "command"
    return "question" if event.turn is None else "choice"


class SpannedConnections(Connections):
    """Connections whose calls are taken down."""

    def __init__(self, server: str, most: int, spans: Spans) -> None:
        super().__init__(server, most)
        self._spans = spans

    async def exchange(
        self, method: str, url: str, body: bytes | aiohttp.FormData | None, within: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        with self._spans.begin("bot_api", method=url.rpartition("/")[2]):
            status, payload = await super().exchange(method, url, body, within)
            self._spans.note(status=str(status))
            return status, payload
