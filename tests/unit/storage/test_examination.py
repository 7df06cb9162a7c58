"""What the doctor says of a real database on each backend, and that it leaves no trace."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from bot.core.clock import FixedClock, SystemClock
from bot.core.errors import ServiceError, SettingsError
from bot.core.observations import Condition, Observation
from bot.reminders.subscription import Subscription
from bot.storage.address import FILE_NAME
from bot.storage.examination import Place, examine_database
from bot.storage.schema import HEAD
from bot.storage.subscription_list import Entry
from tests.postgres import PostgresServer
from tests.unit.storage.conftest import SECRET, Opened, Rows, on_file, on_server

asynchronous = pytest.mark.asyncio(loop_scope="function")
OTHER = "another secret of these tests"
Look = Callable[..., list[Observation]]


@pytest.fixture
def look(url: str | None, folder: Path) -> Look:
    """Examines the test's database with these secrets."""

    def examine(*secrets: str) -> list[Observation]:
        observations = examine_database(Place(url, folder, secrets or (SECRET,)), SystemClock())
        said = "\n".join(map(str, observations))
        assert SECRET not in said
        assert OTHER not in said
        assert str(folder) not in said
        return observations

    return examine


def files_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """The time and the bytes of each file."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def amiss(observations: list[Observation]) -> list[Observation]:
    return [one for one in observations if one.condition is not Condition.OK]


def only(observations: list[Observation]) -> Observation:
    (one,) = amiss(observations)
    return one


@asynchronous
async def test_sound_database_is_fine(opened: Opened, look: Look) -> None:
    async with opened():
        pass
    observations = look()
    assert amiss(observations) == []
    assert any(f"answers, schema {HEAD}" in one.seen for one in observations)
    assert any("opens the database" in one.seen for one in observations)


@asynchronous
async def test_database_in_use_is_read_as_it_is_and_nobody_waits(opened: Opened, look: Look, rows: Rows) -> None:
    async with opened() as storage, storage.database.writing() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        assert amiss(look()) == []


@on_file
@asynchronous
async def test_file_that_nobody_uses_gets_nothing_beside_it(opened: Opened, look: Look, folder: Path) -> None:
    async with opened():
        pass
    before = files_in(folder)
    look()
    assert files_in(folder) == before


@on_file
def test_missing_file_is_fine_and_not_made(look: Look, folder: Path) -> None:
    assert "first start makes it" in look()[0].seen
    assert not folder.exists()


@on_server
@pytest.mark.usefixtures("fresh")
def test_empty_database_is_fine_but_needs_a_key(look: Look, url: str, folder: Path) -> None:
    assert amiss(look()) == []
    without = only(examine_database(Place(url, folder, ()), SystemClock()))
    assert "PostgreSQL needs EXPLAINER_SECRET_KEY" in without.seen


@asynchronous
@pytest.mark.parametrize(
    ("version", "condition", "words"),
    [("0001", Condition.WARNING, "back it up"), ("9999", Condition.ERROR, "update the program")],
)
async def test_other_schema_is_told(
    opened: Opened, look: Look, rows: Rows, version: str, condition: Condition, words: str
) -> None:
    async with opened():
        pass
    rows("UPDATE alembic_version SET version_num = %s", version)
    one = only(look())
    assert one.condition is condition
    assert words in one.remedy


@asynchronous
async def test_wrong_key_is_an_error(opened: Opened, look: Look) -> None:
    async with opened():
        pass
    assert "written with another one" in only(look(OTHER)).seen
    assert amiss(look(OTHER, SECRET)) == []


@asynchronous
async def test_older_key_that_is_still_needed_is_an_error(opened: Opened, look: Look, rows: Rows) -> None:
    async with opened() as storage:
        subscribed = Entry("telegram", "22", "dallas-287g", Subscription("es", SystemClock().now()))
        await storage.subscription_list().add([subscribed])
    async with opened(secrets=(OTHER, SECRET)):
        pass
    assert "still under an older one" in only(look(OTHER)).seen
    assert amiss(look(OTHER, SECRET)) == []


@asynchronous
async def test_choices_that_the_next_start_erases_are_told(opened: Opened, look: Look) -> None:
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "22", "es")
    async with opened(secrets=(OTHER, SECRET)):
        pass
    one = only(look(OTHER))
    assert one.condition is Condition.WARNING
    assert "erased at the next start" in one.seen


@on_file
@asynchronous
async def test_key_in_the_data_folder_is_read_and_missed(opened: Opened, url: None, folder: Path) -> None:
    async with opened(secrets=()):
        pass
    place = Place(url, folder, ())
    assert amiss(examine_database(place, SystemClock())) == []
    (folder / "secret.key").unlink()
    one = only(examine_database(place, SystemClock()))
    assert one.check == "secret key"
    assert "cannot be read or is empty" in one.seen
    assert not (folder / "secret.key").exists()


@on_file
def test_file_that_is_no_database_is_one_sentence(look: Look, folder: Path) -> None:
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(b"hello" * 1000)
    with pytest.raises(ServiceError, match="damaged or is no SQLite database"):
        look()


@on_file
def test_file_without_tables_is_fine(look: Look, folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE_NAME)) as file:
        file.execute("VACUUM")
    assert "no tables yet" in look()[0].seen


@on_file
@asynchronous
async def test_what_another_user_wrote_beside_it_is_told(
    opened: Opened, look: Look, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened():
        pass
    # Root may write everything, and the tests may run as root.
    monkeypatch.setattr("bot.storage.examination._may_write", lambda path: path.suffix != ".db")
    assert f"what cannot be written: {FILE_NAME}" in only(look()).seen
    monkeypatch.setattr("bot.storage.examination._may_write", lambda path: path.is_file())
    assert "its folder" in only(look()).seen


@on_file
def test_folder_in_which_none_can_be_made_is_told(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.examination._may_write", lambda _path: False)
    assert "its folder cannot be written" in only(look()).seen


@on_server
@asynchronous
async def test_clock_apart_from_the_servers_is_told(opened: Opened, url: str, folder: Path) -> None:
    async with opened():
        pass
    clock = FixedClock(SystemClock().now() + timedelta(hours=1))
    one = only(examine_database(Place(url, folder, (SECRET,)), clock))
    assert one.check == "clock"
    assert "ahead of the database's" in one.seen


@on_server
@asynchronous
async def test_user_without_rights_is_told(opened: Opened, url: str, folder: Path, rows: Rows) -> None:
    async with opened():
        pass
    rows("DROP ROLE IF EXISTS reader_only")
    rows("CREATE ROLE reader_only LOGIN")
    rows("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    rows("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_only")
    try:
        reader = url.replace("postgres@", "reader_only@")
        one = only(examine_database(Place(reader, folder, (SECRET,)), SystemClock()))
        assert "may make no tables" in one.seen
    finally:
        rows("DROP OWNED BY reader_only")
        rows("DROP ROLE reader_only")


@on_server
@asynchronous
async def test_server_with_hardly_a_connection_left_is_told(opened: Opened, url: str, look: Look) -> None:
    async with opened():
        pass
    taken = []
    try:
        with psycopg.connect(url) as server:
            most = int(server.execute("SHOW max_connections").fetchone()[0])
        while len(taken) < most * 0.92 - 8:
            taken.append(psycopg.connect(url))
        assert "connections are taken" in only(look()).seen
    finally:
        for connection in taken:
            connection.close()


def test_server_that_is_away_is_one_sentence(lone_postgres: PostgresServer, tmp_path: Path) -> None:
    address = lone_postgres.address()
    lone_postgres.stop()
    with pytest.raises(ServiceError, match="out of reach"):
        examine_database(Place(address, tmp_path, (SECRET,)), SystemClock())


def test_address_that_is_not_served_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not served"):
        examine_database(Place("mysql://somewhere/x", tmp_path, ()), SystemClock())
