"""Connections that are slow, too large, too many or no HTTP: each ends by itself, and others are served meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.platforms.web.connections import LARGEST, LARGEST_HEAD, MOST_WAITING, Limits
from bot.platforms.web.protection import Protection
from bot.platforms.web.server import WebServer

pytestmark = pytest.mark.asyncio
PATIENCE = 20.0  # seconds for what takes less than one
SOON = Limits(arrival=0.3, idle=1, leaving=0.3)
CALM = Limits(arrival=1000, idle=1000, leaving=1000)
HEAD = b"POST / HTTP/1.1\r\nHost: page\r\n"


async def tell(request: Request) -> Response:
    """What came: the body's length, and the names of the headers."""
    return PlainTextResponse(f"{len(await request.body())} {','.join(request.headers)}")


async def ignore(request: Request) -> Response:
    """Answers before the body has come."""
    return PlainTextResponse("no", 413)


async def much(_request: Request) -> Response:
    return Response(b"x" * 50_000_000)


class Street:
    """A server, and those who connect to it."""

    def __init__(self, server: WebServer, stack: AsyncExitStack) -> None:
        self.server, self._stack = server, stack

    async def connect(self, *sent: bytes) -> "Line":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        line = Line(reader, writer)
        self._stack.callback(line.cut)
        for data in sent:
            line.send(data)
        return line

    async def is_served(self) -> bool:
        async with httpx.AsyncClient(timeout=PATIENCE, verify=False) as client:  # noqa: S501 - there is no TLS
            response = await client.post(self.server.url, content=b"question")
            return response.text.startswith("8 ")


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def cut(self) -> None:
        self.writer.transport.abort()

    async def rest(self) -> bytes:
        """All that comes until the server ends the connection."""
        received = b""
        try:
            while data := await asyncio.wait_for(self.reader.read(65536), PATIENCE):
                received += data
        except ConnectionError:
            pass
        return received


@asynccontextmanager
async def street(limits: Limits) -> AsyncIterator[Street]:
    routes = [Route("/", tell, methods=["POST"]), Route("/ignore", ignore, methods=["POST"]), Route("/much", much)]
    server = WebServer(Starlette(routes=routes, middleware=[Middleware(Protection)]), "127.0.0.1", 0, limits)
    await server.start()
    try:
        async with AsyncExitStack() as stack:
            yield Street(server, stack)
    finally:
        await server.stop()


SLOW = {
    "says nothing": b"",
    "empty lines": b"\r\n\r\n",
    "half a line": b"POST / HT",
    "half a head": HEAD + b"Content-Length: 10\r\n",
    "half a body": HEAD + b"Content-Length: 10\r\n\r\n12345",
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nA\r\n12345",
    "no last chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n",
    "waits for a hundred": HEAD + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
    "rest after the refusal": b"POST /ignore HTTP/1.1\r\nHost: page\r\nContent-Length: 10\r\n\r\n1",
    "second request": HEAD + b"Content-Length: 0\r\n\r\n" + HEAD,
    "second body": HEAD + b"Content-Length: 0\r\n\r\n" + HEAD + b"Content-Length: 9\r\n\r\n1",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
async def test_request_that_never_becomes_whole_is_ended(sent: bytes) -> None:
    async with street(SOON) as there:
        line = await there.connect(sent)
        told = await line.rest()
        assert b" 500 " not in told
        assert await there.is_served()


async def test_drop_by_drop_is_no_way_to_stay() -> None:
    async with street(Limits(arrival=0.5)) as there:
        line = await there.connect(HEAD + b"Content-Length: 100000\r\n\r\n")
        ended = asyncio.create_task(line.rest())
        while not ended.done():
            line.send(b"1")
            await asyncio.sleep(0.02)
        assert await ended == b""


async def test_connection_is_kept_for_the_next_question_for_a_while() -> None:
    async with street(SOON) as there:
        whole = HEAD + b"Content-Length: 2\r\n\r\nhi"
        line = await there.connect(whole)
        assert (await asyncio.wait_for(line.reader.readuntil(b"2 host,content-length"), PATIENCE)).count(b" 200 ") == 1
        line.send(whole)
        assert (await line.rest()).count(b" 200 ") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"x" * LARGEST_HEAD + b" HTTP/1.1\r\nHost: page\r\n\r\n",
        HEAD + b"X: " + b"x" * LARGEST_HEAD + b"\r\n\r\n",
        HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(8000)) + b"\r\n",
        HEAD + b"X: " + b"x" * (2 * LARGEST_HEAD),
        b"POST /" + b"x" * (2 * LARGEST_HEAD),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(8000)),
    ],
    ids=["line", "value", "fields", "endless value", "endless line", "trailers"],
)
async def test_head_is_bounded(sent: bytes) -> None:
    async with street(CALM) as there:
        told = await (await there.connect(sent)).rest()
        assert not told or told.startswith(b"HTTP/1.1 400 ")
        assert await there.is_served()


@pytest.mark.parametrize("head", [b"Content-Length: 99999999999", b"Transfer-Encoding: chunked"])
async def test_endless_body_is_ended_whatever_became_of_it(head: bytes) -> None:
    async with street(CALM) as there:
        line = await there.connect(b"POST /ignore HTTP/1.1\r\nHost: page\r\n" + head + b"\r\n\r\n")
        ended = asyncio.create_task(line.rest())
        piece = b"x" * 65536
        for _ in range(100 * LARGEST // len(piece)):
            line.send(b"10000\r\n" + piece + b"\r\n" if b"chunked" in head else piece)
            await asyncio.sleep(0)
            if ended.done():
                break
        assert b" 413 " in await ended or ended.done()
        assert await there.is_served()


async def test_response_that_nobody_takes_is_let_go() -> None:
    async with street(SOON) as there:
        line = await there.connect(b"GET /much HTTP/1.1\r\nHost: page\r\n\r\n")
        connections = there.server.connections
        await until(lambda: connections() == 1)
        await until(lambda: connections() == 0)
        assert len(await line.rest()) < 50_000_000


async def test_two_hundred_slow_connections_leave_room_for_readers() -> None:
    async with street(Limits(arrival=1000)) as there:
        slow = [await there.connect(HEAD + b"X-Slow: ") for _ in range(200)]
        for _ in range(50):
            assert await there.is_served()
        assert not any(line.reader.at_eof() for line in slow)


async def test_of_too_many_connections_the_slowest_give_way() -> None:
    async with street(Limits(connections=20, arrival=1000)) as there:
        slow = [await there.connect(HEAD + b"X-Slow: ") for _ in range(100)]
        assert await there.is_served()
        for line in slow[:80]:
            assert await line.rest() == b""
        await until(lambda: there.server.connections() <= 20)


async def until(holds: Callable[[], bool]) -> None:
    """Waits, and fails where it takes too long."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


EMPTY = HEAD + b"Content-Length: 0\r\n\r\n"


async def test_few_requests_sent_ahead_are_answered_in_turn() -> None:
    async with street(SOON) as there:
        told = await (await there.connect(EMPTY * (MOST_WAITING + 1))).rest()
        assert told.count(b" 200 ") == MOST_WAITING + 1


async def test_thousands_of_requests_sent_ahead_are_not_kept() -> None:
    async with street(CALM) as there:
        flood = [await there.connect(b"POST / HTTP/1.1\r\n\r\n" * 6500) for _ in range(40)]
        assert await there.is_served()
        for line in flood:
            assert (await line.rest()).count(b" 200 ") <= MOST_WAITING + 1
        await until(lambda: there.server.connections() <= 1)
        assert await there.is_served()


async def test_bodies_sent_ahead_are_bounded_together() -> None:
    body = b"x" * (LARGEST_HEAD // 3)
    async with street(CALM) as there:
        ahead = EMPTY + (HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body) * MOST_WAITING
        assert (await (await there.connect(ahead)).rest()).count(b" 200 ") <= 4
        assert await there.is_served()


async def test_strangers_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n"
    ways = [
        b"nothing\r\n\r\n",
        HEAD + upgrade,
        HEAD + upgrade + b"more",
        HEAD + b"Content-Length: 9\r\n\r\n1",
        EMPTY * 50,
    ]
    async with street(SOON) as there:
        for sent in ways:
            await (await there.connect(sent)).rest()
        (await there.connect(HEAD + b"Content-Length: 9\r\n\r\n1")).cut()
        await until(lambda: there.server.connections() == 0)
        assert await there.is_served()
    assert [record.getMessage() for record in caplog.records] == []


async def test_trailers_are_no_headers() -> None:
    async with street(CALM) as there:
        chunked = (
            HEAD
            + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
        )
        told = await (await there.connect(chunked)).rest()
        assert b" 200 " in told
        assert b"forwarded" not in told
