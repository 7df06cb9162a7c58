"""One connection in one thread, for transactions that are short and many: at a fifth of what an async one costs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from bot.storage.address import file_of
from bot.storage.failures import explained
from bot.storage.postgresql import CLIENT_SETTINGS, SERVER_SETTINGS
from bot.storage.sqlite import PRAGMAS

T = TypeVar("T")

# A replica that is suspended within a transaction would hold the rate that all share: the server ends it, in
# milliseconds, before the others would take it for dead.
HELD_UP: Final = {"idle_in_transaction_session_timeout": 2000}


class LedgerThread:
    """Runs transactions one after another. After a failure it connects anew at the next one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._durable = False
        self.dialect = engine.dialect
        self._drivers_error: type[BaseException] = engine.dialect.loaded_dbapi.Error

    async def run(self, work: Callable[[Connection], T], *, durable: bool = False) -> T:
        """What `work` gives, all of its writing done or, where it raises, nothing. `durable`: once this returns it
        survives the loss of power, and so does all that was committed before. Raises ServiceError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work, durable)

    async def close(self) -> None:
        """Finish what was begun, and close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()
        self._engine.dispose()

    def _transaction(self, work: Callable[[Connection], T], durable: bool) -> T:
        with explained():
            connection = self._connection or self._engine.connect()
            self._connection = connection
            try:
                self._begin(connection, durable)
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

    def _begin(self, connection: Connection, durable: bool) -> None:
        if connection.dialect.name != "sqlite":
            return
        if durable is not self._durable:  # a file's transactions are durable or not before they begin
            _driver(connection).execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        _driver(connection).execute("BEGIN IMMEDIATE")

    def _commit(self, connection: Connection) -> None:
        if connection.in_transaction():
            connection.commit()
        else:  # all of it went to the driver directly
            _driver(connection).commit()

    def _roll_back(self, connection: Connection) -> None:
        with suppress(SQLAlchemyError, self._drivers_error):
            if connection.in_transaction():
                connection.rollback()
            else:
                _driver(connection).rollback()

    def _disconnect(self) -> None:
        connection, self._connection, self._durable = self._connection, None, False
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()


def open_engine(url: str | None, folder: Path) -> Engine:
    """An engine of threads for the database that `open_database` opened with the same arguments; asks nothing yet."""
    path = file_of(url, folder)
    if path is None:
        return _open_server(url or "")
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "check_same_thread": False},
        hide_parameters=True,
        poolclass=NullPool,
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


def jobs_address(url: str | None, folder: Path) -> str:
    """The same database's address as the durable jobs take it."""
    path = file_of(url, folder)
    return URL.create("sqlite", database=str(path)).render_as_string() if path else str(url)


def _open_server(url: str) -> Engine:
    address = make_url(url)
    query = dict(address.query)
    given = query.pop("options", ())
    options = [f"-c {name}={value}" for name, value in (SERVER_SETTINGS | HELD_UP).items()]
    options += [given] if isinstance(given, str) else given
    client = {name: value for name, value in CLIENT_SETTINGS.items() if name not in query}
    return create_engine(
        address.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
        connect_args=client | {"options": " ".join(options)},
        hide_parameters=True,
        poolclass=NullPool,
        use_native_hstore=False,
    )


def _set_pragmas(connection: PoolProxiedConnection, _entry: ConnectionPoolEntry) -> None:
    for pragma in PRAGMAS:
        connection.cursor().execute(f"PRAGMA {pragma}")


def _driver(connection: Connection) -> Any:
    """The driver's own connection, for what runs often enough to pass SQLAlchemy by."""
    return connection.connection.dbapi_connection
