"""Carries calls to the Bot API, and says of each failed one whether it may be made again without doing it twice."""

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any

import httpx
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_DONE = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, in seconds, and how many chats are served at once."""

    poll: int = 20  # one long poll
    reach: float = 5.0  # to connect
    read: float = 10.0  # to wait for an answer, beyond a long poll's own time
    pauses: tuple[float, ...] = (1.0, 3.0)  # before a call is made again, one for each further attempt
    longest_wait: float = 60.0  # the longest pause that Telegram may ask for
    patience: float = 90.0  # without a successful poll, until the platform counts as unhealthy
    stop: float = 8.0  # to finish what is in hand
    abreast: int = 200  # chats answered at once
    waiting: int = 50  # messages of one chat that may wait


class UnprocessedError(NetworkError):
    """A call that was not carried out: it never left, or the server refused it for now. `wait` is in seconds."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Transport(HTTPXRequest):
    """Raises UnprocessedError where a call certainly had no effect; other errors as the library does.

    A 504, a time-out after sending and a connection lost in between leave it open: those stay TimedOut or NetworkError.
    """

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            status, payload = await super().do_request(*args, **kwargs)
        except NetworkError as error:
            if isinstance(error.__cause__, _NEVER_SENT):
                raise UnprocessedError("the server could not be reached") from error
            raise
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise UnprocessedError("the server asks for a pause", _asked_pause(payload))
        if status in _NOT_DONE:
            raise UnprocessedError(f"the server answered {status}")
        return status, payload


class PollingTransport(Transport):
    """The transport of long polling: keeps the loop alive whatever the server says, and knows when it last worked.

    A refused token would end the library's loop for good; a proxy's passing 404 must not, and a token is
    proven when the bot starts. So it counts as one more failure to come back from.
    """

    worked_at: float | None = None  # monotonic seconds

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            status, payload = await super().do_request(*args, **kwargs)
        except UnprocessedError as error:
            await asyncio.sleep(error.wait)
            raise
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            raise NetworkError(f"the server answered {status}")
        if status == HTTPStatus.OK:
            self.worked_at = monotonic()
        return status, payload

    def worked_within(self, seconds: float) -> bool:
        """Whether the last successful poll is no older than this."""
        return self.worked_at is not None and monotonic() - self.worked_at <= seconds


def _asked_pause(payload: bytes) -> float:
    """Seconds of `retry_after` in a refusal; 1 where it cannot be read."""
    try:
        return max(0.0, float(json.loads(payload)["parameters"]["retry_after"]))
    except (ValueError, KeyError, TypeError):
        return 1.0
