"""A real database of the test's own, on each backend, and a clock that stands until the test moves it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
import pytest_asyncio

from bot.storage import Storage, open_storage
from bot.storage.address import FILE_NAME
from bot.storage.keys import Keys
from bot.storage.ledger import LedgerStore, open_ledger
from bot.storage.maintenance import upgrade_database
from tests.postgres import PostgresServer

SECRET = "the first secret of these tests"
TOPIC = "old-bridge"
Backend = Literal["sqlite", "postgresql"]
Opened = Callable[..., AbstractAsyncContextManager[Storage]]
Rows = Callable[..., list[tuple[Any, ...]]]

on_file = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_server = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@dataclass
class MovedClock:
    """Stands still until it is moved."""

    instant: datetime = datetime(2025, 10, 24, 23, 0, tzinfo=UTC)
    is_set: bool = True

    def now(self) -> datetime:
        return self.instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Which database a test runs on; each runs on both unless it says otherwise."""
    return request.param


@pytest.fixture
def fresh() -> None:
    """To be asked for by a test whose database is to have no tables yet; the others get one with all tables, empty."""


@pytest.fixture(scope="session")
def file_with_tables(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file that was upgraded and nothing else: making the tables anew takes most of a test's time."""
    folder = tmp_path_factory.mktemp("tables")
    _upgrade(None, folder)
    return (folder / FILE_NAME).read_bytes()


@pytest.fixture(scope="session")
def server_with_tables(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a database that was upgraded and nothing else."""
    address = postgres.make()
    _upgrade(address, tmp_path_factory.getbasetemp())
    return address


def _upgrade(url: str | None, folder: Path) -> None:
    with ThreadPoolExecutor(1) as pool:  # apart from the event loop of the test that comes first
        pool.submit(asyncio.run, upgrade_database(url, folder)).result()


@pytest.fixture
def url(backend: Backend, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The address of the test's database, None for the file in `folder`."""
    if backend == "sqlite":
        yield None
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    like = None if "fresh" in request.fixturenames else request.getfixturevalue("server_with_tables")
    address = server.make(like)
    yield address
    server.drop(address)


@pytest.fixture
def opened(folder: Path, clock: MovedClock, url: str | None, request: pytest.FixtureRequest) -> Opened:
    """Opens the storage and closes it again; each use is one run of the program."""
    tables = None if url or "fresh" in request.fixturenames else request.getfixturevalue("file_with_tables")

    @asynccontextmanager
    async def run(secrets: Sequence[str] = (SECRET,), url: str | None = url) -> AsyncIterator[Storage]:
        if tables:
            _lay_down(folder, tables)
        storage = await open_storage(url, folder, secrets, clock)
        try:
            yield storage
        finally:
            await storage.close()

    return run


def _lay_down(folder: Path, tables: bytes) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700)
        (folder / FILE_NAME).touch(mode=0o600)
        (folder / FILE_NAME).write_bytes(tables)


@pytest_asyncio.fixture
async def storage(opened: Opened) -> AsyncIterator[Storage]:
    """The open storage, for a test that opens it once."""
    async with opened() as storage:
        yield storage


@pytest_asyncio.fixture
async def ledger(storage: Storage, url: str | None, folder: Path) -> AsyncIterator[LedgerStore]:
    """The ledger of the topic in the database of `storage`."""
    opened = open_ledger(url, folder, Keys([SECRET]), TOPIC)
    yield opened
    await opened.close()


@pytest.fixture
def rows(folder: Path, url: str | None) -> Rows:
    """Runs plain SQL past the program (`%s` for each parameter), and gives the rows where there are some."""

    def run(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        if url is None:
            with closing(sqlite3.connect(folder / FILE_NAME)) as file, file:
                return file.execute(statement.replace("%s", "?"), parameters).fetchall()
        with psycopg.connect(url) as server:
            cursor = server.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def on_disk(folder: Path, url: str | None, rows: Rows, request: pytest.FixtureRequest) -> Callable[[], bytes]:
    """All bytes of all files that hold something of the database: itself, its log, the key."""

    def read() -> bytes:
        if url is None:
            return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
        rows("CHECKPOINT")
        [(number,)] = rows("SELECT oid FROM pg_database WHERE datname = current_database()")
        home = request.getfixturevalue("postgres").folder
        files = [*(home / "base" / str(number)).iterdir(), *(home / "pg_wal").iterdir()]
        return b"".join(path.read_bytes() for path in files if path.is_file())

    return read
