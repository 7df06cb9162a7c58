"""Keeps slow, oversized and unending requests from taking the places of others, before any of it reaches a route."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from httptools import HttpParserError
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

log = logging.getLogger(__name__)

LARGEST_HEAD: Final = 32 * 1024  # bytes of the request line and all header fields, trailing ones included
LARGEST: Final = 2 * 1024 * 1024  # bytes of a whole request; no route takes half of that
FIELD: Final = 32  # bytes that a header field takes beside its own (RFC 7541, 4.1)
MOST_WAITING: Final = 8  # requests of one connection that wait for the one before them; browsers send none ahead


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one server: its connections (a process commonly has 1024 descriptors); in seconds, the time that a request
    may take from its first byte to its last, that a connection is kept for another one (longer than proxies keep
    theirs, Caddy 120, so that none sends into a connection that is being closed), and that the other side may leave a
    response untaken."""

    connections: int = 500
    arrival: float = 15.0
    idle: int = 130
    leaving: float = 60.0


class Guests:
    """The connections of one server. Of too many, those give way from which a request has yet to arrive whole, the one
    that has waited longest first: who sends a whole request at once is hardly ever among them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.waiting: OrderedDict[GuardedConnection, None] = OrderedDict()

    def connection(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: object = None
    ) -> "GuardedConnection":
        """One more, as uvicorn asks for it."""
        return GuardedConnection(self, config, server_state, app_state)

    def make_room(self, present: int) -> None:
        """Drops the one that has waited longest where more are present than may be."""
        if present > self.limits.connections and self.waiting:
            next(iter(self.waiting)).drop("crowded out")


class GuardedConnection(HttpToolsProtocol):
    """uvicorn's connection with limits of time and size, of which it has none for what comes before a route."""

    def __init__(self, guests: Guests, config: Config, state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, state, app_state)
        self._guests, self._limits = guests, guests.limits
        self._arriving: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._is_in_head = True
        self._head = self._received = 0  # bytes of the request that is arriving
        self._ahead = 0  # bytes of requests that came while others waited already

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._guests.waiting[self] = None
        self._await_arrival()
        self._guests.make_room(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def drop(self, reason: str) -> None:
        """Ends the connection without a word."""
        log.debug("web.connection_dropped reason=%s", reason)
        self._forget()
        self.connections.discard(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._await_arrival()
        super().data_received(data)
        if not self.transport.is_closing() and self._received > (LARGEST_HEAD if self._is_in_head else LARGEST):
            self.drop("too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._await_arrival()

    def on_url(self, url: bytes) -> None:
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value) + FIELD)
        if self._is_in_head:  # else it is a trailer, which a route would take for a header
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()
        if len(self.pipeline) > MOST_WAITING:  # uvicorn keeps as many as one read holds, which are thousands
            raise HttpParserError("too many requests at once")

    def on_body(self, body: bytes) -> None:
        self._count_ahead(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head, self._received = True, 0
        _stop(self._arriving)
        self._arriving = None
        if self.cycle.response_complete:  # refused before all of it had come: it waits for the next
            self._await_arrival()
        else:
            self._guests.waiting.pop(self, None)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._await_leaving()
        elif not self.pipeline:
            self._guests.waiting[self] = None
            self._ahead = 0

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._await_leaving()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_leaving()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            _stop(self._leaving)
            self._leaving = None

    def _grow(self, size: int) -> None:
        self._head += size
        self._count_ahead(size)
        if self._head > LARGEST_HEAD:
            raise HttpParserError("the head is too large")  # which uvicorn answers with status 400

    def _count_ahead(self, size: int) -> None:
        if self.pipeline:
            self._ahead += size
            if self._ahead > LARGEST_HEAD:
                raise HttpParserError("too much sent ahead")

    def _await_arrival(self) -> None:
        if self._arriving is None:
            self._arriving = self.loop.call_later(self._limits.arrival, self.drop, "too slow")

    def _await_leaving(self) -> None:
        is_lost = self.parser is None
        if self._leaving is None and not is_lost:
            self._leaving = self.loop.call_later(self._limits.leaving, self.drop, "takes nothing")

    def _forget(self) -> None:
        self._guests.waiting.pop(self, None)
        self.pipeline.clear()
        _stop(self._arriving)
        _stop(self._leaving)
        self._arriving = self._leaving = None


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
