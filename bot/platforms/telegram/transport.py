"""Carries the library's calls to the Bot API, and says of a failed one whether it may be made again."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any, Final

import aiohttp
import orjson
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData

from bot.platforms.telegram.connections import Connections, Limits, UnprocessedError

__all__ = ["Pace", "PollingTransport", "Ready", "Transport", "UnprocessedError", "asked_pause"]

UPLOAD: Final = 20.0  # seconds more for a call with files
NOT_DONE: Final = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, in seconds, and how many chats are served at once."""

    poll: int = 20  # one long poll
    reach: float = 5.0  # to connect
    read: float = 10.0  # to wait for an answer, beyond a long poll's own time
    pauses: tuple[float, ...] = (1.0, 3.0)  # before a call is made again, one for each further attempt
    longest_wait: float = 60.0  # the longest pause that Telegram may ask for
    patience: float = 90.0  # without a successful poll, until the platform counts as unhealthy
    grace: float = 30.0  # of failed polls alone, until it does
    stop: float = 8.0  # to finish what is in hand
    abreast: int = 200  # chats answered at once
    waiting: int = 50  # messages of one chat that may wait
    burst: int = 15  # questions of one person that are taken at once
    every: float = 2.0  # seconds after which one more is taken


@dataclass(frozen=True, slots=True)
class Ready:
    """The parameters of a call, as JSON that was made before. Stands where the library takes a RequestData, which it
    hands on to its transport unread."""

    body: bytes
    contains_files: bool = False


class Transport(BaseRequest):
    """The library's transport on a pool of its own: JSON out and in, files as a form.

    Raises UnprocessedError where a call certainly had no effect. A 504, a time-out after sending and a connection lost
    in between leave it open: those are TimedOut or NetworkError.
    """

    def __init__(self, connections: Connections, limits: Limits) -> None:
        self.connections = connections
        self.limits = limits
        self._timeout = limits.timeout()

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer; the library adds a long poll's own time to it."""
        return self.limits.read

    async def initialize(self) -> None:
        await self.connections.open()

    async def shutdown(self) -> None:
        await self.connections.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | Ready | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - a stalled upload gets no answer in time either
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        timeout, body = self._timeout, _body(request_data)
        given = (pool_timeout, connect_timeout, read_timeout)
        if isinstance(body, aiohttp.FormData) or any(seconds is not BaseRequest.DEFAULT_NONE for seconds in given):
            timeout = self._adjusted(given, UPLOAD if isinstance(body, aiohttp.FormData) else 0.0)
        status, payload = await self.connections.exchange(method, url, body, timeout)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise UnprocessedError("the server asks for a pause", asked_pause(payload))
        if status in NOT_DONE:
            raise UnprocessedError(f"the server answered {status}")
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer's object; TelegramError where it is none."""
        try:
            read = orjson.loads(payload)
        except orjson.JSONDecodeError:
            read = None
        if not isinstance(read, dict):
            raise TelegramError("the server's answer is not a JSON object")
        return read

    def _adjusted(self, given: tuple[Any, Any, Any], more: float) -> aiohttp.ClientTimeout:
        """The limits with those that one call asks for. None, to the library no limit at all, is a day here."""
        usual = (self.limits.pool, self.limits.reach, self.limits.read)
        pool, reach, read = (
            before if asked is BaseRequest.DEFAULT_NONE else 86_400.0 if asked is None else float(asked)
            for before, asked in zip(usual, given, strict=True)
        )
        return Limits(pool, reach, read + more).timeout()


class PollingTransport(Transport):
    """The transport of long polling: keeps the loop alive whatever the server says, and knows when it last worked.

    A refused token would end the library's loop for good; a proxy's passing 404 must not, and a token is
    proven when the bot starts. So it counts as one more failure to come back from.
    """

    worked_at: float | None = None  # monotonic seconds
    shared_at: float | None = None  # when another program was last asking, in monotonic seconds
    failed_since: float | None = None  # since when every poll failed, in monotonic seconds
    is_refused = False  # whether the token was, the last time that Telegram answered

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            status, payload = await super().do_request(*args, **kwargs)
        except UnprocessedError as error:
            self._note_failure()
            await asyncio.sleep(error.wait)
            raise
        except NetworkError:
            self._note_failure()
            raise
        self.is_refused = status == HTTPStatus.UNAUTHORIZED
        if status == HTTPStatus.OK:
            self.worked_at, self.failed_since = monotonic(), None
            return status, payload
        self._note_failure()
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            raise NetworkError(f"the server answered {status}")
        if status == HTTPStatus.CONFLICT:
            self.shared_at = monotonic()
        return status, payload

    def _note_failure(self) -> None:
        if self.failed_since is None:
            self.failed_since = monotonic()

    def works(self, patience: float, grace: float) -> bool:
        """Whether a poll succeeded within `patience`, and not every one since `grace` failed, both in seconds."""
        now = monotonic()
        is_recent = self.worked_at is not None and now - self.worked_at <= patience
        return is_recent and (self.failed_since is None or now - self.failed_since <= grace)


def asked_pause(payload: bytes) -> float:
    """Seconds of `retry_after` in a refusal; 1 where it cannot be read."""
    try:
        return max(0.0, float(orjson.loads(payload)["parameters"]["retry_after"]))
    except (ValueError, KeyError, TypeError):
        return 1.0


def _body(data: RequestData | Ready | None) -> bytes | aiohttp.FormData | None:
    if data is None:
        return None
    if isinstance(data, Ready):
        return data.body
    if not data.contains_files:
        return orjson.dumps(data.parameters)
    form = aiohttp.FormData(quote_fields=False)  # Telegram takes a file's name as it stands
    for name, text in data.json_parameters.items():
        form.add_field(name, text)
    for name, (filename, content, media_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    return form
