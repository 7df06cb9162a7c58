"""Transactions on one database, whichever serves it; `bot.storage.address` opens it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar, Final, Literal

from sqlalchemy import Insert, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.failures import explained

BUSY_SECONDS: Final = 2.0  # how long a reader's message waits for another writer, in this process and beyond it


class Database(ABC):
    """Transactions on one database. Every failure in one, its body's included, is a ServiceError of one sentence.

    `engine` is for what needs no transaction of ours; `backend` for the few places that have to write SQL in two ways.
    """

    backend: ClassVar[Literal["sqlite", "postgresql"]]

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @abstractmethod
    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that writes nothing and sees one state of the database throughout; waits for no writer."""

    @abstractmethod
    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that may write; all of it happens or nothing.

        On SQLite nobody else writes during it. On PostgreSQL others do: what is read to be changed has to be
        locked first, with `lock` or with FOR UPDATE, or written by one statement that is right by itself.
        """

    @abstractmethod
    async def fetch(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """The rows of one statement by itself, at the least cost, for what is asked with every message.

        It is kept compiled: give the same object again, made once.
        """

    @abstractmethod
    async def write_all(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run `statement` with each of `rows`, which name all of its parameters: a transaction as `writing`, at the
        least cost. It is kept compiled as those of `fetch` are."""

    @abstractmethod
    async def lock(self, connection: AsyncConnection, *names: int) -> None:
        """Wait until nobody else holds any of `names` (signed 64-bit numbers); hold them until the transaction ends.

        Without effect on SQLite, where one who writes is alone.
        """

    @abstractmethod
    async def take_time(self, connection: AsyncConnection) -> None:
        """Let this transaction wait and work as long as it needs: for the few that change the whole schema."""

    @abstractmethod
    async def erase_log(self) -> None:
        """See that the database's own log keeps nothing of what was deleted, as far as a client can."""

    async def close(self) -> None:
        """Close all connections. Nothing can be asked afterwards."""
        await self.engine.dispose()


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction of `engine`, with its failures explained."""
    with explained():
        async with engine.begin() as connection:
            yield connection


def inserting(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An insert into `table` that can say what is to happen `on_conflict`, in "sqlite" or "postgresql"."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
