"""The pool of connections: what a failed exchange means, and that no address, which holds the token, leaks."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from telegram.error import NetworkError, TimedOut

from bot.core.errors import SettingsError
from bot.platforms.telegram.connections import Connections, Limits, UnprocessedError, find_proxy
from tests.double import BotApiDouble

pytestmark = pytest.mark.asyncio(loop_scope="function")

LIMITS = Limits(pool=1.0, reach=1.0, read=0.5)


@asynccontextmanager
async def opened(most: int = 2) -> AsyncIterator[tuple[BotApiDouble, Connections]]:
    """A double, and a pool for it."""
    async with BotApiDouble() as double:
        connections = Connections(double.url, most)
        await connections.open()
        try:
            yield double, connections
        finally:
            await connections.close()


def _address(double: BotApiDouble, method: str = "getMe") -> str:
    return f"{double.url}/bot{double.token}/{method}"


def _chain(error: BaseException | None) -> list[str]:
    """Every word of an error, its causes and its contexts."""
    words = []
    while error is not None:
        words += [str(error), repr(error)]
        error = error.__cause__ or error.__context__
    return words


async def test_answer_comes_back_with_its_status_whatever_that_is() -> None:
    async with opened() as (double, connections):
        status, payload = await connections.exchange("POST", _address(double), b"{}", LIMITS.timeout())
        assert (status, payload[:10]) == (200, b'{"ok":true')
        double.fail("getMe", 502)
        assert (await connections.exchange("GET", _address(double), None, LIMITS.timeout()))[0] == 502


async def test_server_that_cannot_be_reached_was_never_sent_anything() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/bot1:secret/getMe"
    connections = Connections(url.partition("/bot")[0], 1)
    await connections.open()
    with pytest.raises(UnprocessedError) as caught:
        await connections.exchange("POST", url, b"{}", LIMITS.timeout())
    assert "secret" not in "".join(_chain(caught.value))
    await connections.close()


@pytest.mark.parametrize(("way", "expected"), [("hang", TimedOut), ("drop", NetworkError)])
async def test_call_that_may_have_arrived_is_no_call_that_never_left(way: str, expected: type[NetworkError]) -> None:
    async with opened() as (double, connections):
        getattr(double, way)("getMe")
        with pytest.raises(expected) as caught:
            await connections.exchange("POST", _address(double), b"{}", LIMITS.timeout())
        assert not isinstance(caught.value, UnprocessedError)
        assert double.token not in "".join(_chain(caught.value))


async def test_answer_that_is_no_http_leaks_no_address() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/9 what \r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot1:secret/getMe"
        connections = Connections(url.partition("/bot")[0], 1)
        await connections.open()
        with pytest.raises(NetworkError) as caught:
            await connections.exchange("POST", url, b"{}", LIMITS.timeout())
        await connections.close()
    assert "secret" not in "".join(_chain(caught.value))


async def test_call_that_finds_no_free_connection_in_time_was_never_sent() -> None:
    async with opened(most=1) as (double, connections):
        double.hang("getMe", 2.0)
        first = asyncio.create_task(connections.exchange("POST", _address(double), b"{}", LIMITS.timeout()))
        await asyncio.sleep(0.1)
        hasty = replace(LIMITS, pool=0.05, reach=0.05)
        with pytest.raises(UnprocessedError):
            await connections.exchange("POST", _address(double), b"{}", hasty.timeout())
        with pytest.raises(TimedOut):
            await first
        assert len(double.called("getMe")) == 1


async def test_pool_opens_and_closes_again_and_closes_without_having_been_opened() -> None:
    async with BotApiDouble() as double:
        connections = Connections(double.url, 1)
        await connections.close()
        for _ in range(2):
            with pytest.raises(UnprocessedError, match="closed"):
                await connections.exchange("POST", _address(double), b"{}", LIMITS.timeout())
            await connections.open()
            await connections.open()
            assert (await connections.exchange("POST", _address(double), b"{}", LIMITS.timeout()))[0] == 200
            await connections.close()


async def test_proxy_of_the_environment_carries_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(forward, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        monkeypatch.setenv("http_proxy", f"http://ana:word@127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        connections = Connections("http://api.example", 1)
        await connections.open()
        address = "http://api.example/bot1:x/getMe"
        assert await connections.exchange("POST", address, b"{}", LIMITS.timeout()) == (200, b"{}")
        await connections.close()
    assert asked[0].startswith(b"POST http://api.example/bot1:x/getMe HTTP/1.1")
    assert b"Proxy-Authorization: Basic YW5hOndvcmQ=" in asked[0]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"https_proxy": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ({"all_proxy": "http://ana:secret@proxy.example:3128"}, "http://ana:secret@proxy.example:3128"),
        ({"https_proxy": "http://proxy.example:3128", "no_proxy": "api.example"}, None),
        ({"http_proxy": "http://proxy.example:3128"}, None),
        ({}, None),
    ],
)
async def test_proxy_is_the_one_that_the_environment_names(
    environment: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = find_proxy("https://api.example")
    assert (str(found).rstrip("/") if found else None) == expected


async def test_proxy_of_another_kind_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://ana:secret@127.0.0.1:1080")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(SettingsError, match="only proxies from http:// on") as caught:
        Connections("https://api.example", 1)
    assert "secret" not in str(caught.value)
