"""Serves an ASGI application inside a running event loop, beside other work, and ends when it is told to."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config, Server

from bot.core.errors import SettingsError
from bot.platforms.web.connections import Guests, Limits

PATIENCE = 8  # seconds that answers in hand get when the server stops


class QuietServer(Server):
    """uvicorn's server without its signal handlers; `begun` is set once it listens, or has failed to."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.begun.set()


class WebServer:
    """Listens on `host` and `port` (0: any free one) from `start` to `stop`; `port` then is the one in use.

    Requests are not logged: a line would hold the reader's address. Nor are those that are no HTTP, of which uvicorn
    warns one by one: strangers would fill the log.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, limits: Limits | None = None) -> None:
        self._host, self._port = host, port
        guests = Guests(limits or Limits())
        self._server = QuietServer(
            Config(
                app, interface="asgi3", lifespan="off", ws="none", access_log=False, log_config=None, log_level="error",
                server_header=False, proxy_headers=False, timeout_graceful_shutdown=PATIENCE,
                http=guests.connection,  # type: ignore[arg-type]  # it is only called
                timeout_keep_alive=guests.limits.idle, limit_concurrency=guests.limits.connections + 1,
            )
        )  # fmt: skip
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port listened on; before `start`, the one asked for."""
        return int(self._socket.getsockname()[1]) if self._socket else self._port

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def connections(self) -> int:
        """How many there are now."""
        return len(self._server.server_state.connections)

    async def start(self) -> None:
        """Returns once requests are taken. Raises SettingsError where the address cannot be listened on."""
        self._socket = _listen(self._host, self._port)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        await self._server.begun.wait()
        if not self._server.started:
            await self._serving

    async def stop(self) -> None:
        """Takes no more requests, finishes those in hand within 8 seconds, and lets the port go."""
        self._server.should_exit = True
        if self._serving:
            await self._serving
        if self._socket:
            self._socket.close()
            self._socket = None


class Latest:
    """The application that `app` is at the time of each request; requests in hand end with the one they began with."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def serve(self, app: ASGIApp) -> None:
        """From now on another application."""
        self.app = app


def beside(path: str, special: ASGIApp, app: ASGIApp) -> ASGIApp:
    """`app`, but for requests of exactly one path, which go to `special` without any detour."""

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        is_special = scope["type"] == "http" and scope["path"] == path
        await (special if is_special else app)(scope, receive, send)

    return chosen


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends answers without Nagle's delay of 40 ms on a kept connection.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(256)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"EXPLAINER_PORT: {host} port {port} cannot be listened on ({reason}): "
            "set EXPLAINER_PORT to a free port, and EXPLAINER_HOST to an address of this machine"
        ) from error
    return listening
