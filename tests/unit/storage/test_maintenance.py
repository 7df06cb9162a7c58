import asyncio
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime

import pytest

from bot.core.errors import ServiceError, SettingsError
from bot.reminders.subscription import Subscription
from bot.storage.address import FILE_NAME
from bot.storage.keys import KEY_FILE
from bot.storage.maintenance import Health, back_up, check_database, upgrade_database
from bot.storage.schema import HEAD
from tests.unit.storage.conftest import on_file, on_server

pytestmark = pytest.mark.asyncio

MADE = Subscription("es", datetime(2025, 10, 24, tzinfo=UTC))


async def test_upgrade_says_where_it_came_from(fresh, folder, url):
    assert await upgrade_database(url, folder) == (None, HEAD)
    assert await upgrade_database(url, folder) == (HEAD, HEAD)


async def test_sound_database_is_said_to_be_sound(opened, folder, url, backend):
    async with opened() as storage:
        await storage.subscriptions("one").put("telegram", "1", MADE)
        health = await check_database(url, folder)
    assert health == Health(backend, HEAD, HEAD, ())
    assert health.is_sound


async def test_schema_of_another_program_is_said_to_be_so(opened, folder, url, rows):
    async with opened():
        pass
    rows("UPDATE alembic_version SET version_num = '0001'")
    health = await check_database(url, folder)
    assert (health.version, health.faults, health.is_sound) == ("0001", (), False)


@on_server
async def test_empty_database_of_a_server_has_no_schema(fresh, folder, url):
    assert (await check_database(url, folder)).version is None


@on_file
async def test_damaged_page_is_found(opened, folder, url, rows):
    async with opened() as storage:
        await storage.subscriptions("one").put("telegram", "1", MADE)
    [(page, size)] = rows("SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'subscription'")
    with (folder / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x05" * size)
    health = await check_database(url, folder)
    assert health.faults
    assert not health.is_sound


@on_file
async def test_row_that_belongs_to_nothing_is_found(opened, folder, url, rows):
    async with opened():
        pass
    rows("INSERT INTO delivery (chunk_id, subscription_id, state, attempt) VALUES (1, 1, 0, 0)")
    assert sorted((await check_database(url, folder)).faults) == [
        "a row of delivery belongs to none of chunk",
        "a row of delivery belongs to none of subscription",
    ]


@on_file
async def test_backup_while_readers_write_is_whole_and_serves_after_the_loss_of_the_folder(
    opened, folder, url, tmp_path
):
    target, stop, sizes = tmp_path / "copy.db", asyncio.Event(), []
    async with opened([]) as storage:
        await storage.subscriptions("one").put("telegram", "1", MADE)

        async def write() -> None:
            while not stop.is_set():
                await storage.readers.choose_language("telegram", str(len(sizes)), "es")
                sizes.append(1)

        writing = asyncio.create_task(write())
        size = await asyncio.to_thread(back_up, url, folder, target)
        stop.set()
        await writing
        assert (await storage.readers.recall("telegram", str(len(sizes) - 1))).language == "es"
    assert size == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "var"]
    (folder / FILE_NAME).unlink()
    target.rename(folder / FILE_NAME)
    assert (folder / KEY_FILE).is_file()
    assert (await check_database(url, folder)).is_sound
    async with opened([]) as storage:
        assert await storage.subscriptions("one").get("telegram", "1") == MADE


@on_file
async def test_backup_holds_what_is_still_in_the_log_alone(opened, folder, url, tmp_path):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        assert (folder / f"{FILE_NAME}-wal").stat().st_size
        back_up(url, folder, tmp_path / "copy.db")
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            assert copy.execute("SELECT language FROM reader").fetchall() == [("es",)]


@on_file
async def test_backup_leaves_nothing_beside_a_database_at_rest(opened, folder, url, tmp_path):
    async with opened():
        pass
    back_up(url, folder, tmp_path / "copy.db")
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


@on_file
async def test_backup_overwrites_nothing(opened, folder, url, tmp_path):
    (tmp_path / "copy.db").write_text("precious")
    async with opened():
        with pytest.raises(SettingsError, match=r"copy\.db is there already"):
            back_up(url, folder, tmp_path / "copy.db")
        with pytest.raises(SettingsError, match=r"No such file or directory.*another folder"):
            back_up(url, folder, tmp_path / "nowhere" / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


@on_file
async def test_failed_backup_leaves_no_file(opened, folder, url, tmp_path):
    folder.mkdir()
    (folder / FILE_NAME).write_text("A shopping list, and not a short one. " * 100)
    with pytest.raises(ServiceError, match="damaged"):
        back_up(url, folder, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["var"]


@on_file
async def test_check_and_backup_make_no_database_where_there_is_none(fresh, folder, url, tmp_path):
    with pytest.raises(SettingsError, match="no database at"):
        await check_database(url, folder)
    with pytest.raises(SettingsError, match="no database at"):
        back_up(url, folder, tmp_path / "copy.db")
    assert not folder.exists()


@on_server
async def test_backup_of_a_server_is_left_to_its_own_tool(folder, url, tmp_path):
    with pytest.raises(SettingsError, match="pg_dump"):
        back_up(url, folder, tmp_path / "copy.db")
