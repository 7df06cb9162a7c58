"""One SQLite file, opened so that many may read while one writes, and so that what is deleted is gone."""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from bot.core.errors import ServiceError, SettingsError
from bot.storage.failures import explained

FILE_NAME = "explainer.db"
BUSY_SECONDS: Final = 2.0  # how long a reader's message waits for another writer, in this process and beyond it
PRAGMAS: Final = (
    f"busy_timeout={int(BUSY_SECONDS * 1000)}",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",
)


class Database:
    """Transactions on one database. Every failure in one, its body's included, is a ServiceError of one sentence."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._immediate = engine.execution_options(begin="BEGIN IMMEDIATE")
        self._alone = engine.execution_options(begin=None)
        # SQLite's own waiting is unfair, and would hold connections that readers need: writers queue here instead.
        self._write = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database throughout; waits for no writer."""
        with explained():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that nobody else writes during, so that what it reads stays true until it ends."""
        async with self._turn_to_write():
            with explained():
                async with self._immediate.begin() as connection:
                    yield connection

    async def erase_log(self) -> None:
        """Carry the write-ahead log over into the file and empty it, so that it keeps nothing of what was deleted.

        Where another process reads at that moment, the log is emptied later: at the next call or at the end.
        """
        async with self._turn_to_write():
            with explained():
                async with self._alone.connect() as connection:
                    await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close all connections; the last one to close takes the write-ahead log with it."""
        await self.engine.dispose()

    @asynccontextmanager
    async def _turn_to_write(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._write.acquire()
        except TimeoutError as error:
            raise ServiceError("The database is busy: too many wait to write to it.") from error
        try:
            yield
        finally:
            self._write.release()


def open_database(url: str | None, data_folder: Path) -> Database:
    """The database at `url` (`sqlite:///…`, None or empty: in `data_folder`), its folder made; no table is touched yet.

    Raises SettingsError when the address is none that can be served, or its folder cannot be written;
    ServiceError when the file is no sound database, or its disk is full. May block for BUSY_SECONDS.
    """
    path = _file_of(url) if url else data_folder / FILE_NAME
    _prepare(path, "DATABASE_URL" if url else "EXPLAINER_DATA")
    with explained():
        _keep_a_log(path)
    # Both log what they bind or fetch at DEBUG: never a chat id, but hashes of them.
    for name in ("aiosqlite", "sqlalchemy.engine"):
        logging.getLogger(name).setLevel(logging.WARNING)
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"isolation_level": None},  # the driver begins nothing by itself: `_begin` does
        hide_parameters=True,
        pool_size=4,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return Database(engine)


def _file_of(url: str) -> Path:
    # The address may hold a password: no message repeats it.
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise SettingsError("DATABASE_URL is not an address: write sqlite:///path/to/file.db.") from error
    backend = address.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        raise SettingsError(
            "DATABASE_URL names PostgreSQL, which comes with a later version: use sqlite:///… until then."
        )
    if backend != "sqlite":
        raise SettingsError("DATABASE_URL names a database that is not served: write sqlite:///path/to/file.db.")
    if address.database in {None, "", ":memory:"} or address.query:
        raise SettingsError("DATABASE_URL must name a file and nothing else: write sqlite:///path/to/file.db.")
    return Path(str(address.database))


def _prepare(path: Path, variable: str) -> None:
    """Make the folder and the file, for their owner alone, and find out that the folder takes SQLite's side files."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise PermissionError(13, os.strerror(13))
    except OSError as error:
        raise SettingsError(
            f"{variable} leads to {path}, which cannot be written ({error.strerror}): "
            "name another place, or give this one to the user who runs this."
        ) from error


def _keep_a_log(path: Path) -> None:
    """Switch the file to write-ahead logging, which it then keeps.

    SQLite does not wait by itself where two programs do this at once to a new file: one is told that it is locked.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    give_up_at = time.monotonic() + BUSY_SECONDS
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.01)
            else:
                return
    finally:
        connection.close()


def _set_pragmas(connection: PoolProxiedConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get("begin", "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)
