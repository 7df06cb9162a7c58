"""One SQLite file, opened so that many may read while one writes, and so that what is deleted is gone."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Executable, Insert, Select, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from bot.core.errors import ServiceError, SettingsError
from bot.storage.connection_thread import ConnectionThread, driver_of
from bot.storage.database import BUSY_SECONDS, Database, transaction
from bot.storage.failures import explained
from bot.storage.prepared import Prepared

PRAGMAS: Final = (
    f"busy_timeout={int(BUSY_SECONDS * 1000)}",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",
)


class SqliteDatabase(Database):
    """A file in write-ahead mode. Its writers queue in this process; of several processes one writes at a time."""

    backend = "sqlite"

    def __init__(self, engine: AsyncEngine, path: Path) -> None:
        super().__init__(engine)
        self.path = path
        self._immediate = engine.execution_options(begin="BEGIN IMMEDIATE")
        self._alone = engine.execution_options(begin=None)
        # SQLite's own waiting is unfair, and would hold connections that readers need: writers queue here instead.
        self._write = asyncio.Lock()
        # Apart from each other, since reading waits for no writer.
        self.reader = ConnectionThread(file_engine(path), "reader")
        self.writer = ConnectionThread(file_engine(path), "writer")
        self._prepared: dict[Executable, Prepared] = {}

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return transaction(self.engine)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._turn_to_write(), transaction(self._immediate) as connection:
            yield connection

    async def fetch(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        prepared = self._compiled(statement)
        parameters = prepared.given(values)
        found = await self.reader.read(lambda c: driver_of(c).execute(prepared.sql, parameters).fetchall())
        return prepared.rows(found)

    async def write_all(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """To its end also where the caller is cancelled: whoever writes next, to erase it, comes after it."""
        writing = asyncio.create_task(self._write_all(statement, rows))
        writing.add_done_callback(_heard)
        await asyncio.shield(writing)

    async def _write_all(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        prepared = self._compiled(statement)
        parameters = [prepared.given(row) for row in rows]
        async with self._turn_to_write():
            await self.writer.run(lambda c: driver_of(c).executemany(prepared.sql, parameters))

    async def lock(self, connection: AsyncConnection, *names: int) -> None:
        """Nothing to do: one who writes is alone."""

    async def take_time(self, connection: AsyncConnection) -> None:
        """Nothing to do: no statement has a limit here."""

    async def erase_log(self) -> None:
        """Carry the write-ahead log over into the file and empty it, so that it keeps nothing of what was deleted.

        Where another process reads at that moment, the log is emptied later: at the next call or at the end.
        """
        async with self._turn_to_write():
            with explained():
                async with self._alone.connect() as connection:
                    await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        await self.reader.close()
        await self.writer.close()
        await super().close()

    def _compiled(self, statement: Select[Any] | Insert) -> Prepared:
        if statement not in self._prepared:
            self._prepared[statement] = Prepared(statement, self.engine.dialect)
        return self._prepared[statement]

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


def _heard(writing: "asyncio.Task[None]") -> None:
    """Take note of its failure: where the caller was cancelled nobody else does."""
    if not writing.cancelled():
        writing.exception()


def open_file(path: Path, variable: str) -> SqliteDatabase:
    """The database in the file at `path`, which the environment's `variable` led to; may block for BUSY_SECONDS.

    Raises SettingsError when its folder cannot be written; ServiceError when the file is no sound database, or its
    disk is full.
    """
    _prepare(path, variable)
    with explained():
        _keep_a_log(path)
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
    return SqliteDatabase(engine, path)


def file_engine(path: Path) -> Engine:
    """An engine for threads, each with one connection to the file at `path`; asks nothing of it yet."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "check_same_thread": False},
        hide_parameters=True,
        poolclass=NullPool,
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


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
