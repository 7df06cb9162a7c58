"""One connection in one thread, for transactions that are short and many: at a fifth of what an async one costs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.storage.failures import explained

T = TypeVar("T")

DURABLE: Final = "FULL"  # what SQLite calls it: https://sqlite.org/pragma.html#pragma_synchronous
WRITTEN: Final = "NORMAL"  # sound after the loss of power, but without what came last


class ConnectionThread:
    """Runs transactions one after another. After a failure it connects anew at the next one."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._synchronous = WRITTEN
        self._drivers_error: type[BaseException] = engine.dialect.loaded_dbapi.Error

    async def run(self, work: Callable[[Connection], T], *, durable: bool = False) -> T:
        """What `work` gives, all of its writing done or, where it raises, nothing. `durable`: once this returns it
        survives the loss of power, and so does all that was committed before. Raises ServiceError."""
        return await self._hop(work, DURABLE if durable else WRITTEN)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, which asks one thing and writes nothing: on a file it begins no transaction and waits
        for no writer. Raises ServiceError."""
        return await self._hop(work, None)

    async def disconnect(self) -> None:
        """Finish what was begun, and close the connection; the next transaction opens another."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)

    async def close(self) -> None:
        """Finish what was begun, and close the connection for good."""
        await self.disconnect()
        self._thread.shutdown()
        self.engine.dispose()

    def _hop(self, work: Callable[[Connection], T], synchronous: str | None) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work, synchronous)

    def _transaction(self, work: Callable[[Connection], T], synchronous: str | None) -> T:
        with explained():
            connection = self._connection or self.engine.connect()
            self._connection = connection
            try:
                self._begin(connection, synchronous)
                result = work(connection)
                self._commit(connection)
            except BaseException as error:
                self._roll_back(connection)
                if isinstance(error, SQLAlchemyError | self._drivers_error):
                    self._disconnect()
                if isinstance(error, self._drivers_error):
                    raise DBAPIError(None, None, error) from None
                raise
            return result

    def _begin(self, connection: Connection, synchronous: str | None) -> None:
        if synchronous is None or connection.dialect.name != "sqlite":
            return
        if synchronous != self._synchronous:  # a file's transactions are durable or not before they begin
            driver_of(connection).execute(f"PRAGMA synchronous={synchronous}")
            self._synchronous = synchronous
        driver_of(connection).execute("BEGIN IMMEDIATE")

    def _commit(self, connection: Connection) -> None:
        if connection.in_transaction():
            connection.commit()
        else:  # all of it went to the driver directly
            driver_of(connection).commit()

    def _roll_back(self, connection: Connection) -> None:
        with suppress(SQLAlchemyError, self._drivers_error):
            if connection.in_transaction():
                connection.rollback()
            else:
                driver_of(connection).rollback()

    def _disconnect(self) -> None:
        connection, self._connection, self._synchronous = self._connection, None, WRITTEN
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()


def driver_of(connection: Connection) -> Any:
    """The driver's own connection, for what runs often enough to pass SQLAlchemy by."""
    return connection.connection.dbapi_connection
