"""Telegram, the database, the disk and the clock at their worst: delivery goes on by itself, and nothing is lost."""

import asyncio
import os
import random
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web

from bot.storage.address import FILE_NAME
from tests.faults.sink import failure
from tests.faults.stage import Stage, stage
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.asyncio, pytest.mark.long]

on_file = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_server_faults_are_tried_again_until_all_have_arrived(on_stage: Stage) -> None:
    chance = random.Random(5)  # noqa: S311 - faults, not secrets

    async def trouble(_chat: str) -> web.Response | None:
        return failure(502, "Bad Gateway") if chance.random() < 0.2 else None

    on_stage.sink.trouble = trouble
    await on_stage.subscribe(120)
    await on_stage.start()
    progress = await on_stage.done(120)
    assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (120, 120, 0)


async def test_throttle_is_obeyed_by_all_and_nothing_is_lost(on_stage: Stage) -> None:
    times: list[float] = []

    async def trouble(_chat: str) -> web.Response | None:
        if on_stage.sink.total == 40 and not times:
            times.append(asyncio.get_running_loop().time())
            return failure(429, "Too Many Requests", {"retry_after": 3})
        return None

    on_stage.sink.trouble = trouble
    await on_stage.subscribe(100)
    await on_stage.start()
    await on_stage.sink.reach(40)
    progress = await on_stage.done()
    gap = max(later - sooner for sooner, later in zip(on_stage.sink.times[38:], on_stage.sink.times[39:], strict=False))
    assert gap > 2.5
    assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (100, 100, 0)


async def test_blocked_chats_end_their_subscriptions_and_delay_nobody(on_stage: Stage) -> None:
    blocked = {str(1000 + number) for number in range(0, 60, 6)}

    async def trouble(chat: str) -> web.Response | None:
        return failure(403, "Forbidden: bot was blocked by the user") if chat in blocked else None

    on_stage.sink.trouble = trouble
    await on_stage.subscribe(60)
    await on_stage.start()
    progress = await on_stage.done()
    assert (progress.sent, progress.rejected) == (50, 10)


async def test_telegram_that_is_gone_for_a_while_loses_nothing(on_stage: Stage) -> None:
    await on_stage.subscribe(120)
    await on_stage.start()
    await on_stage.sink.reach(30)
    await on_stage.sink.shut()
    await asyncio.sleep(12.0)
    (progress,) = await on_stage.progress()
    assert progress.rejected == 0
    await on_stage.sink.open()
    progress = await on_stage.done(120)
    assert (progress.sent, len(on_stage.sink.taken)) == (120, 120)
    assert on_stage.sink.repeated <= 2


async def test_clock_that_is_set_back_repeats_nothing(on_stage: Stage) -> None:
    await on_stage.subscribe(90)
    first = await on_stage.start(wait=False)
    await on_stage.sink.reach(30)
    await first.stop()
    await on_stage.start(at="2026-11-23T12:00:00-06:00")
    progress = await on_stage.done()
    assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (90, 90, 0)


@on_file
async def test_locked_file_is_waited_for(on_stage: Stage) -> None:
    await on_stage.subscribe(90)
    replica = await on_stage.start()
    await on_stage.sink.reach(30)
    other = sqlite3.connect(on_stage.folder / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await asyncio.sleep(6.0)
    other.close()
    progress = await on_stage.done()
    assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (90, 90, 0)
    assert "held by another program" in replica.log.read_text("utf-8")


def _fill(path: Path) -> None:
    """Write until nothing more fits."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 512)


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_full_disk_is_said_and_then_gone_on(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    with _small_disk(folder):
        async with stage(folder, None) as on_stage:
            await on_stage.subscribe(90)
            replica = await on_stage.start()
            await on_stage.sink.reach(30)
            await asyncio.to_thread(_fill, folder / "filler")
            await asyncio.sleep(6.0)
            (folder / "filler").unlink()
            progress = await on_stage.done()
            assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (90, 90, 0)
            assert "disk is full" in replica.log.read_text("utf-8")


async def test_server_that_is_restarted_is_gone_back_to(lone_postgres: PostgresServer) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with stage(Path(name) / "var", lone_postgres.address()) as on_stage:
            await on_stage.subscribe(200)
            await on_stage.start("one")
            await on_stage.start("other")
            await on_stage.sink.reach(30)
            await asyncio.to_thread(lone_postgres.stop)
            await asyncio.sleep(3.0)
            await asyncio.to_thread(lone_postgres.start)
            progress = await on_stage.done(120)
            assert (progress.sent, len(on_stage.sink.taken)) == (200, 200)
            assert on_stage.sink.repeated <= 3
