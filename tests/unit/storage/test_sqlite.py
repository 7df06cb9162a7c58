import asyncio
import os
import resource
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

from bot.core.errors import ServiceError, SettingsError
from bot.core.messages import Turn
from bot.storage.address import FILE_NAME, open_database
from bot.storage.probe import probe
from tests.unit.storage.conftest import on_file

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("backend"), on_file]


async def test_connections_have_their_pragmas(folder):
    database = open_database(None, folder)
    async with database.reading() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "secure_delete", "synchronous")
        }
    await database.close()
    assert found == {
        "journal_mode": "wal",
        "busy_timeout": 2000,
        "foreign_keys": 1,
        "secure_delete": 1,
        "synchronous": 1,
    }


async def test_folder_and_file_are_for_their_owner_alone(fresh, opened, folder):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}
    assert modes.pop("var") == 0o700
    assert FILE_NAME in modes
    assert set(modes.values()) == {0o600}


async def test_address_makes_its_path(fresh, opened, tmp_path):
    path = tmp_path / "deep" / "down" / "100% ours.db"
    async with opened(url=f"sqlite:///{path}"):
        assert path.read_bytes().startswith(b"SQLite format 3")


async def test_close_leaves_no_log_behind(opened, folder):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        assert (folder / f"{FILE_NAME}-wal").exists()
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


async def test_folder_in_place_of_a_file_is_refused(opened, folder):
    (folder / FILE_NAME).mkdir(parents=True)
    with pytest.raises(ServiceError, match="cannot be written"):
        async with opened():
            pass


async def test_folder_under_a_file_is_refused_by_the_name_of_its_variable(fresh, opened, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"DATABASE_URL leads to .*cannot be written"):
        async with opened(url=f"sqlite:///{tmp_path / 'file' / 'x.db'}"):
            pass


@contextmanager
def _an_ordinary_user() -> Iterator[None]:
    """The superuser may write anywhere: be nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(params=["empty", "with a database"])
def unwritable(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that an ordinary user may look into and not write; outside of `tmp_path`, which is closed to others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if request.param == "with a database":
            (folder / FILE_NAME).touch()
            (folder / FILE_NAME).chmod(0o666)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o700)


async def test_unwritable_folder_is_refused_by_the_name_of_its_variable(unwritable):
    with _an_ordinary_user(), pytest.raises(SettingsError, match=r"EXPLAINER_DATA .*Permission denied"):
        open_database(None, unwritable)


async def test_file_that_is_no_database_is_refused(opened, folder):
    folder.mkdir()
    (folder / FILE_NAME).write_text("A shopping list, and not a short one. " * 100)
    with pytest.raises(ServiceError, match="damaged or is no SQLite database"):
        async with opened():
            pass


async def test_file_that_is_damaged_while_running_is_said_in_one_sentence(opened, folder):
    async with opened() as storage:
        await storage.database.engine.dispose()
        (folder / FILE_NAME).write_text("A shopping list, and not a short one. " * 100)
        with pytest.raises(ServiceError, match="damaged or is no SQLite database"):
            await storage.readers.recall("telegram", "1")
        with pytest.raises(ServiceError, match="damaged or is no SQLite database"):
            await probe(storage.database)


async def test_new_file_that_another_program_writes_is_waited_for(folder):
    folder.mkdir()
    other = sqlite3.connect(folder / FILE_NAME, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    release.start()
    database = open_database(None, folder)
    release.join()
    other.close()
    async with database.reading() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
    await database.close()


async def test_quota_that_is_used_up_at_start_is_said_in_one_sentence(fresh, opened):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, limits[1]))
    try:
        with pytest.raises(ServiceError, match="The database"):
            async with opened():
                pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_full_disk_is_said_without_naming_the_reader_and_passes(opened):
    def leave_no_room(connection, _entry):
        connection.cursor().execute("PRAGMA max_page_count=1")  # SQLite takes the present size where that is more

    async with opened() as storage:
        writer = storage.database.writer
        await storage.readers.choose_language("telegram", "1", "es")
        event.listen(writer.engine, "connect", leave_no_room)
        with pytest.raises(ServiceError, match="the disk is full") as caught:
            await _fill(storage)
        assert "55501" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__cause__}"
        assert (await storage.readers.recall("telegram", "1")).language == "es"
        event.remove(writer.engine, "connect", leave_no_room)
        await writer.disconnect()
        await storage.readers.remember_turn("telegram", "1", Turn("what_is"))
        await storage.readers.flush()
        assert (await storage.readers.recall("telegram", "1")).turn == Turn("what_is")


async def _fill(storage) -> None:
    for number in range(200):
        await storage.readers.remember_turn("telegram", f"55501{number}", Turn("what_is"))
        await storage.readers.flush()


async def test_locked_database_still_reads_and_says_why_it_cannot_write(opened, folder):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        other = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = asyncio.get_running_loop().time()
        await storage.readers.remember_turn("telegram", "1", Turn("what_is"))
        writes = [storage.readers.choose_language("telegram", str(number), "en") for number in range(20)]
        waiting = asyncio.gather(storage.readers.flush(), *writes, return_exceptions=True)
        await asyncio.sleep(0.2)
        assert (await storage.readers.recall("telegram", "1")).language == "es"
        assert asyncio.get_running_loop().time() - started < 1.5
        results = await waiting
        assert asyncio.get_running_loop().time() - started < 6
        assert {type(result) for result in results} == {ServiceError}
        assert any("held by another program" in str(result) for result in results)
        assert (await storage.readers.recall("telegram", "1")).language == "es"
        other.close()
        await storage.readers.choose_language("telegram", "1", "en")
        assert (await storage.readers.recall("telegram", "1")).language == "en"


async def test_forget_comes_after_turns_whose_writing_was_broken_off(opened, rows):
    begun, may_go_on = threading.Event(), threading.Event()

    def hold_up(_connection, _entry):
        begun.set()
        may_go_on.wait(20)

    async with opened() as storage:
        event.listen(storage.database.writer.engine, "connect", hold_up)
        await storage.readers.remember_turn("telegram", "1", Turn("what_is"))
        writing = asyncio.create_task(storage.readers.flush())
        await asyncio.to_thread(begun.wait, 20)
        writing.cancel()
        forgetting = asyncio.create_task(storage.readers.forget("telegram", "1"))
        await asyncio.wait([forgetting], timeout=0.2)
        may_go_on.set()
        await forgetting
    assert rows("SELECT count(*) FROM reader") == [(0,)]


async def test_reading_goes_on_after_the_file_was_damaged_and_restored(opened, folder):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        await storage.database.erase_log()
        sound = (folder / FILE_NAME).read_bytes()
        (folder / FILE_NAME).write_text("A shopping list, and not a short one. " * 100)
        with pytest.raises(ServiceError, match="damaged or is no SQLite database"):
            await storage.readers.recall("telegram", "1")
        (folder / FILE_NAME).write_bytes(sound)
        assert (await storage.readers.recall("telegram", "1")).language == "es"
