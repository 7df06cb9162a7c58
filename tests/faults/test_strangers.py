"""The whole program behind a proxy, with strangers who ask without end and hold connections: readers are served."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.platforms.web.crowd import LINE, Shares
from tests.double.stage import free_port
from tests.faults.programs import RUN, Program

pytestmark = pytest.mark.asyncio
STRANGER, READER = "81.2.69.142", "5.6.7.8"
SLOW, HASTY = 200, 40  # connections
HALF = b"POST /api/ask HTTP/1.1\r\nHost: page\r\nX-Slow: "
AHEAD = b"GET /healthz HTTP/1.1\r\nHost: page\r\n\r\n" * 6500  # sent without waiting for a response
STARTED = "The page is at"


def program(folder: Path, **settings: str) -> Program:
    """The page alone, with nothing of this process's settings."""
    environment = {"EXPLAINER_DATA": str(folder), "PYTHONUNBUFFERED": "1", **settings}
    return Program(environment, folder.parent / "program.log", free_port(), RUN)


async def ask(session: aiohttp.ClientSession, address: str, text: str) -> tuple[int, dict[str, Any]]:
    headers = {"X-Forwarded-For": address, "Accept-Language": "es"}
    async with session.post("/api/ask", json={"text": text}, headers=headers) as response:
        return response.status, await response.json()


async def test_readers_are_served_beside_strangers_who_ask_without_end(tmp_path: Path) -> None:
    running = program(tmp_path / "var", EXPLAINER_TRUSTED_PROXIES="127.0.0.1", EXPLAINER_LOG_LEVEL="debug")
    try:
        await running.start(STARTED)
        async with AsyncExitStack() as stack, aiohttp.ClientSession(running.url) as session:
            for _ in range(SLOW):
                _, writer = await asyncio.open_connection("127.0.0.1", running.port)
                stack.callback(asyncio.StreamWriter.close, writer)
                writer.write(HALF)
            for _ in range(HASTY):
                _, writer = await asyncio.open_connection("127.0.0.1", running.port)
                stack.callback(asyncio.StreamWriter.close, writer)
                writer.write(AHEAD)
            much = "?" * LINE * 20  # so that a few are a burst
            statuses = [(await ask(session, STRANGER, much))[0] for _ in range(Shares().questions.burst // 20 + 3)]
            assert statuses[0] == 200
            assert statuses[-1] == 429
            refused = await ask(session, STRANGER, much)
            assert refused[1]["words"].startswith("Ahora mismo llegan muchísimas preguntas")
            assert (await ask(session, STRANGER, f"ICE is at my door {much}"))[1]["intent"] == "in_distress"
            assert (await ask(session, READER, "when is the vote?"))[1]["intent"] == "when_is_the_vote"
            async with session.get("/readyz") as ready:
                assert "proxies" not in await ready.json()
        await running.stop()
    finally:
        await running.end()
    assert STRANGER not in running.said
    assert READER not in running.said
    assert "?" * 50 not in running.said
    assert "uvicorn" not in running.said


async def test_proxy_that_nobody_named_is_told_and_locks_nobody_out(tmp_path: Path) -> None:
    running = program(tmp_path / "var")
    try:
        await running.start(STARTED)
        async with aiohttp.ClientSession(running.url) as session:
            assert (await ask(session, READER, "when is the vote?"))[0] == 200
            async with session.get("/readyz") as ready:
                assert (ready.status, (await ready.json())["proxies"][:3]) == (200, "ok:")
        await running.stop()
    finally:
        await running.end()
    assert running.said.count("EXPLAINER_TRUSTED_PROXIES") == 1
    assert READER not in running.said
