"""The HTTP side of the double: a quiet server, parameters in every form, and answers that go wrong on demand."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Literal
from urllib.parse import parse_qsl

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.double.table import Upload


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next call of a method; with `carried_out` the call has its effect all the same."""

    kind: Literal["answer", "hang", "drop"]
    status: int = 500
    seconds: float = 0.0
    carried_out: bool = False


class QuietServer(uvicorn.Server):
    """Leaves signals to the process that it runs in, and ends at once when told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        self.should_exit = self.force_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        await self._ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        """Ends as uvicorn does, but does not sleep 0.1 s over it in each test."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                # uvicorn tells nobody when they are gone
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.002)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Dropped(Response):
    """Promises a body and hangs up before it: the client sees a lost connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 is any free one."""
    # asyncio turns off Nagle's 40 ms only where the protocol is named
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(1024)
    return listening


def refusal(status: int, description: str, parameters: dict[str, Any] | None = None) -> JSONResponse:
    """A refused call's answer, as the Bot API words it."""
    body = {"ok": False, "error_code": status, "description": description}
    return JSONResponse(body | ({"parameters": parameters} if parameters else {}), status_code=status)


async def read_parameters(request: Request) -> Any:
    """Parameters of the address, of a form with or without files, or of a JSON body; None where it cannot be read."""
    parameters: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return parameters | _read_multipart(kind, body)
    if kind.startswith("application/json"):
        try:
            read = json.loads(body or b"{}")
        except ValueError:
            return None
        return parameters | read if isinstance(read, dict) else None
    return parameters | dict(parse_qsl(body.decode(), keep_blank_values=True))


def _read_multipart(kind: str, body: bytes) -> dict[str, Any]:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(content, bytes)
        filename = (part.get_filename() or "").encode("utf-8", "surrogateescape").decode()
        fields[name] = Upload(filename, content, part.get_content_type()) if filename else content.decode()
    return fields


async def disconnected(request: Request) -> None:
    """Returns when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
