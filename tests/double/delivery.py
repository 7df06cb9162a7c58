"""Posts updates to a webhook, again and again until answered with 2xx, and carries out what an answer calls."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from tests.double.updates import News, Updates

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MOST_CONNECTIONS = 40  # where the bot names no number
_NEVER_IN_AN_ANSWER = ("get", "setwebhook", "deletewebhook", "close", "logout")


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """How the double delivers, in seconds; the pause before a redelivery doubles from `pause` to `longest_pause`.

    `takes_http` takes http addresses on loopback, which Telegram never does. `targets` are the base addresses that
    are posted to in turn, as a balancer before several replicas does; without them it is the webhook's own address.
    `in_turn` posts an update of a chat only when the one before is answered: Telegram's server does, and promises it
    nowhere.
    """

    takes_http: bool = False
    timeout: float = 60.0
    pause: float = 0.05
    longest_pause: float = 1.0
    targets: tuple[str, ...] = ()
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST of an update: the status (0: none came), the method that the response called, seconds, and whereto."""

    update_id: int
    status: int
    called: str
    seconds: float
    target: str


@dataclass(frozen=True, slots=True)
class Destination:
    """What the bot has set; no address is no webhook."""

    url: str = ""
    secret: str = ""
    connections: int = MOST_CONNECTIONS
    allowed: tuple[str, ...] = ()


class Delivery:
    """Posts what waits to the destination; `attempts` records each POST, `busiest` is the most under way at once."""

    def __init__(
        self,
        rules: WebhookRules,
        updates: Updates,
        news: News,
        carry_out: Callable[[str, dict[str, Any]], Awaitable[None]],
    ) -> None:
        self.rules = rules
        self.targets = list(rules.targets)
        self.attempts: list[Attempt] = []
        self.busiest = 0
        self.redeliveries = 0
        self.destination = Destination()
        self.last_error: tuple[str, int] | None = None
        self._updates = updates
        self._news = news
        self._carry_out = carry_out
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: list[BaseException] = []
        self._under_way = 0
        self._posted = 0

    async def post(self, update: dict[str, Any], secret: str) -> tuple[int, bytes]:
        """Posts any update once, past the queue; gives the status and the body of the response."""
        async with aiohttp.ClientSession() as session, self._request(session, self._target(), update, secret) as answer:
            return answer.status, await answer.read()

    async def close(self) -> None:
        """Ends all deliveries; raises what went wrong in the double itself."""
        await self.stop()
        if self._broken:
            raise self._broken[0]

    async def start(self, destination: Destination) -> None:
        """Goes on with another destination, and posts to it all that waits."""
        await self.stop()
        self.destination = destination
        slots = asyncio.Semaphore(self.destination.connections)
        turns: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        session = self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

        def take(update: dict[str, Any]) -> None:
            turn = turns[_chat(update)] if self.rules.in_turn else None
            task = asyncio.create_task(self._deliver(update, session, slots, turn))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

        self._updates.hand_to(take)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken.append(error)

    async def stop(self) -> None:
        """Ends what is under way; what was not answered waits on."""
        self.destination, self.last_error = Destination(), None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _deliver(
        self,
        update: dict[str, Any],
        session: aiohttp.ClientSession,
        slots: asyncio.Semaphore,
        turn: asyncio.Lock | None,
    ) -> None:
        pause = self.rules.pause
        async with AsyncExitStack() as stack:
            if turn is not None:
                await stack.enter_async_context(turn)
            while True:
                async with slots:
                    if await self._attempt(update, session):
                        break
                self.redeliveries += 1
                await asyncio.sleep(pause)
                pause = min(2 * pause, self.rules.longest_pause)
        self._updates.confirm(update["update_id"])

    async def _attempt(self, update: dict[str, Any], session: aiohttp.ClientSession) -> bool:
        self._under_way += 1
        self.busiest = max(self.busiest, self._under_way)
        begun, target, status, error, called = monotonic(), self._target(), 0, "", ""
        try:
            async with self._request(session, target, update, self.destination.secret) as answer:
                body, status = await answer.read(), answer.status
                if not answer.ok or status >= 300:
                    error = f"Wrong response from the webhook: {status} {answer.reason}"
                elif answer.content_type == "application/json":
                    called = await self._carry_out_answer(body)
        except TimeoutError:
            error = "Read timeout expired"
        except aiohttp.ClientConnectorError:
            error = "Connection refused"
        except aiohttp.ClientError:
            error = "Webhook connection closed"
        finally:
            self._under_way -= 1
            self.attempts.append(Attempt(update["update_id"], status, called, monotonic() - begun, target))
        if error:
            self.last_error = (error, int(time.time()))
        self._news.tell()
        return not error

    def _request(self, session: aiohttp.ClientSession, target: str, update: dict[str, Any], secret: str) -> Any:
        headers = {"Content-Type": "application/json"} | ({SECRET_HEADER: secret} if secret else {})
        timeout = aiohttp.ClientTimeout(total=self.rules.timeout)
        body = orjson.dumps(update)
        return session.post(target, data=body, headers=headers, timeout=timeout, allow_redirects=False)

    async def _carry_out_answer(self, body: bytes) -> str:
        """Carries out the call in a response; what Telegram carries out only when called is refused here."""
        try:
            parameters = orjson.loads(body)
        except orjson.JSONDecodeError:
            return ""
        method = parameters.pop("method", "") if isinstance(parameters, dict) else ""
        if not isinstance(method, str) or not method:
            return ""
        is_refused = method.lower().startswith(_NEVER_IN_AN_ANSWER)
        await self._carry_out(f"{method} in a response" if is_refused else method, parameters)
        return method

    def _target(self) -> str:
        if not self.targets:
            return self.destination.url
        base = self.targets[self._posted % len(self.targets)]
        self._posted += 1
        own = urlsplit(self.destination.url)
        return base.rstrip("/") + own.path + (f"?{own.query}" if own.query else "")


def _chat(update: dict[str, Any]) -> int:
    """What an update is in turn with: its chat, or who sent it."""
    content: dict[str, Any] = next(value for key, value in update.items() if key != "update_id")
    about = content.get("message", content)
    return int((about.get("chat") or about.get("from") or {"id": update["update_id"]})["id"])
