"""One PostgreSQL database, which several replicas share; no reader's message waits long for it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Any, Final

from sqlalchemy import URL, Insert, Select, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.storage.database import BUSY_SECONDS, Database, transaction
from bot.storage.failures import explained

# What the server ends by itself, so that neither a forgotten transaction nor a lost machine keeps readers waiting.
# All of this program's statements take milliseconds but those that count or change a whole table. Milliseconds.
SERVER_SETTINGS: Final = {
    "lock_timeout": int(BUSY_SECONDS * 1000),
    "statement_timeout": 20_000,
    "idle_in_transaction_session_timeout": 60_000,
    "timezone": "UTC",
}
# How soon the client gives up a server that does not answer: https://www.postgresql.org/docs/current/libpq-connect.html
CLIENT_SETTINGS: Final = {
    "connect_timeout": 4,  # seconds
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 3,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
    "application_name": "civic-explainer",
}
POOL: Final = 8  # connections of one replica; a server takes 100 as it comes


class PostgresDatabase(Database):
    """A database on a server. Replicas read and write side by side."""

    backend = "postgresql"

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._one_state = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        # What is asked with every message keeps its connection: to test and to reset one takes longer than to ask.
        self._kept: AsyncConnection | None = None

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return transaction(self._one_state)

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return transaction(self.engine)

    async def fetch(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        with explained():
            kept, self._kept = self._kept, None
            if kept is not None:
                try:
                    return await self._fetch(kept, statement, values)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise  # else the server has ended it since, and another serves
            return await self._fetch(await self._alone.connect(), statement, values)

    async def _fetch(
        self, connection: AsyncConnection, statement: Select[Any], values: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        async with AsyncExitStack() as stack:
            stack.push_async_exit(connection)
            rows = [*await connection.execute(statement, values)]
            if self._kept is None:
                self._kept = connection
                stack.pop_all()
        return rows

    async def write_all(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        async with self.writing() as connection:
            await connection.execute(statement, rows)

    async def lock(self, connection: AsyncConnection, *names: int) -> None:
        """In one order for all, so that two never wait for each other."""
        await connection.execute(select(*(func.pg_advisory_xact_lock(name) for name in sorted(names))))

    async def take_time(self, connection: AsyncConnection) -> None:
        await connection.execute(text("SET LOCAL lock_timeout = 0"))
        await connection.execute(text("SET LOCAL statement_timeout = 0"))

    async def erase_log(self) -> None:
        """Nothing that a client could do: the server forgets deleted rows by its own vacuum and its log's recycling."""

    async def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            with suppress(SQLAlchemyError):
                await kept.close()
        await super().close()


def open_server(address: URL) -> PostgresDatabase:
    """The database at `address`, of any PostgreSQL driver's form; what its query says goes before what stands here.

    Nothing is asked of the server yet; connections that it has ended are replaced unseen.
    """
    url, arguments = connection_to(address)
    engine = create_async_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
        use_native_hstore=False,  # would be asked for at each new connection
    )
    return PostgresDatabase(engine)


def connection_to(address: URL) -> tuple[URL, dict[str, Any]]:
    """What an engine and its driver are to be given to connect to `address` with the settings above."""
    query = dict(address.query)
    given = query.get("options", ())
    options = [f"-c {name}={value}" for name, value in SERVER_SETTINGS.items()]
    options += [given] if isinstance(given, str) else given
    arguments = {name: value for name, value in CLIENT_SETTINGS.items() if name not in query}
    url = address.set(drivername="postgresql+psycopg").difference_update_query(["options"])
    return url, arguments | {"options": " ".join(options)}
