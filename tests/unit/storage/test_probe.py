"""Trying the database and its disk: each way in which they fail is told, by real files, disks and servers."""

import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import psycopg
import pytest

from bot.core.errors import ServiceError
from bot.storage import Storage, open_storage
from bot.storage.probe import MEGABYTE, Room, probe
from tests.postgres import PostgresServer
from tests.unit.storage.conftest import SECRET, MovedClock, Opened, on_server

pytestmark = pytest.mark.asyncio

FINE = "ok"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes; skips where none can be had."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    if not mount or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here: a full one was not tried")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@asynccontextmanager
async def on_disk(folder: Path, clock: MovedClock) -> AsyncIterator[Storage]:
    """A database in a file on the small disk."""
    storage = await open_storage(None, folder / "var", [SECRET], clock)
    try:
        yield storage
    finally:
        await storage.close()


def fill(folder: Path) -> Path:
    """Leaves not a byte on a disk; the file that takes it."""
    path = folder / "everything"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    assert shutil.disk_usage(folder).free == 0
    return path


async def until_it_fails(storage: Storage) -> None:
    """Tries until the log has used up the room that it has taken already."""
    for _ in range(2000):
        await probe(storage.database)


async def test_sound_database_is_fine_and_keeps_what_it_had(opened: Opened) -> None:
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        assert [await probe(storage.database) for _ in range(3)] == [FINE] * 3
        assert (await storage.readers.recall("telegram", "1")).language == "es"
    async with opened() as storage:  # the key's mark is as it was
        assert await probe(storage.database) == FINE


async def test_full_disk_is_told_and_so_is_room_again(small_disk: Path, clock: MovedClock) -> None:
    async with on_disk(small_disk, clock) as storage:
        assert await probe(storage.database) == FINE
        filler = fill(small_disk)
        with pytest.raises(ServiceError, match="disk"):
            await until_it_fails(storage)
        filler.unlink()
        assert await probe(storage.database) == FINE


async def test_file_held_by_another_program_is_told(folder: Path, clock: MovedClock) -> None:
    async with on_disk(folder, clock) as storage:
        with closing(sqlite3.connect(folder / "var" / "explainer.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(ServiceError, match="held by another program"):
                await probe(storage.database)
            other.execute("ROLLBACK")
        assert await probe(storage.database) == FINE


@on_server
async def test_server_that_became_a_copy_is_told(opened: Opened, url: str) -> None:
    async with opened() as storage:
        assert await probe(storage.database) == FINE
        with psycopg.connect(url, autocommit=True) as other:
            name = other.info.dbname
            other.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        with pytest.raises(ServiceError, match="cannot be written"):
            await probe(storage.database)


async def test_server_that_is_gone_is_told_until_it_is_back(
    lone_postgres: PostgresServer, folder: Path, clock: MovedClock
) -> None:
    storage = await open_storage(lone_postgres.make(), folder, [SECRET], clock)
    lone_postgres.stop()
    with pytest.raises(ServiceError, match="out of reach"):
        await probe(storage.database)
    lone_postgres.start()
    assert await probe(storage.database) == FINE
    await storage.close()


async def test_database_that_was_emptied_is_told(opened: Opened) -> None:
    async with opened() as storage:
        async with storage.database.writing() as connection:
            await connection.exec_driver_sql("DELETE FROM key_check")
        assert "restart the bot" in await probe(storage.database)


async def test_little_room_is_told_and_none_is_a_fault_where_the_database_is(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, cache = Room(small_disk, is_there=True), Room(small_disk, is_there=False)
    assert (await kept.look()).startswith("the disk is full, 4 MB are left")
    assert (await cache.look()).startswith("ok: the disk is nearly full")
    assert kept.free is not None
    assert kept.free <= 5 * MEGABYTE
    with pytest.raises(FileNotFoundError):
        await Room(tmp_path / "nowhere", is_there=True).look()
