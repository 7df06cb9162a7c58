"""Keeps a reader's chosen language, and for ten minutes the last turn, under a keyed hash: no chat id is stored.

Nothing here may keep a reader from an answer: callers catch ServiceError and go on without what was kept.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.clock import Clock
from bot.core.messages import Turn
from bot.storage.database import Database
from bot.storage.keys import Keys, lock_names
from bot.storage.tables import reader as table
from bot.storage.tables import subscription

TURN_LIFE = timedelta(minutes=10)
TURN_BYTES = 128  # turns are filled up to a multiple of this, so that their length does not tell them apart


class ReaderStore:
    """The port `Readers`, kept in the database. `clock` decides when a turn's ten minutes are over.

    A turn that the clock has not reached yet (it was set back) counts as over. Every method raises
    ServiceError when the database does not answer; it can then be called again.
    """

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    async def language(self, channel: str, reader: str) -> str | None:
        """The language that the reader chose for good."""
        async with self._database.reading() as connection:
            return (await self._kept(connection, self._keys.row_keys(channel, reader))).language

    async def choose_language(self, channel: str, reader: str, lang: str) -> None:
        """Keep `lang` until the reader chooses another or is forgotten; reminders come in it too."""
        row_keys = self._keys.row_keys(channel, reader)
        async with self._alone_with(row_keys) as connection:
            await self._rewrite(connection, row_keys, lambda kept: replace(kept, language=lang))
            subscribed = update(subscription).where(subscription.c.key.in_(row_keys))
            await connection.execute(subscribed.values(language=lang))

    async def last_turn(self, channel: str, reader: str) -> Turn | None:
        """The turn of the last ten minutes; one that is older is erased now."""
        row_keys = self._keys.row_keys(channel, reader)
        async with self._database.reading() as connection:
            kept = await self._kept(connection, row_keys)
        if kept.is_over:
            await self._change(row_keys, lambda kept: kept)
        return kept.turn

    async def remember_turn(self, channel: str, reader: str, turn: Turn) -> None:
        """Keep `turn` for ten minutes, in place of the one before."""
        now, row_keys = self._clock.now(), self._keys.row_keys(channel, reader)
        await self._change(row_keys, lambda kept: replace(kept, turn=turn, turn_at=now))

    async def forget(self, channel: str, reader: str) -> None:
        """Erase all that is kept of the reader, subscriptions and their deliveries too, at once and from the disk."""
        row_keys = self._keys.row_keys(channel, reader)
        async with self._alone_with(row_keys) as connection:
            for kept in (table, subscription):
                await connection.execute(delete(kept).where(kept.c.key.in_(row_keys)))
        await self._database.erase_log()  # also where there was no row: an earlier call may have failed between the two

    async def sweep(self, now: datetime) -> int:
        """Erase, from the disk too, every turn that at `now` is older than ten minutes; how many those were."""
        over = or_(table.c.turn_at <= now - TURN_LIFE, table.c.turn_at > now)
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(table).where(over, table.c.language.is_(None)))
            cleared = await connection.execute(update(table).where(over).values(turn=None, turn_at=None))
        count = gone.rowcount + cleared.rowcount
        if count:
            await self._database.erase_log()
        return count

    @asynccontextmanager
    async def _alone_with(self, row_keys: tuple[bytes, ...]) -> AsyncIterator[AsyncConnection]:
        """A transaction during which nobody else changes what is kept of the reader."""
        async with self._database.writing() as connection:
            await self._database.lock(connection, *lock_names(row_keys))
            yield connection

    async def _change(self, row_keys: tuple[bytes, ...], change: Callable[["_Kept"], "_Kept"]) -> None:
        async with self._alone_with(row_keys) as connection:
            await self._rewrite(connection, row_keys, change)

    async def _rewrite(
        self, connection: AsyncConnection, row_keys: tuple[bytes, ...], change: Callable[["_Kept"], "_Kept"]
    ) -> None:
        """Write the reader's row anew under the first key, which also moves it there from an older one."""
        kept = change(await self._kept(connection, row_keys))
        await connection.execute(delete(table).where(table.c.key.in_(row_keys)))
        if kept.language is None and kept.turn is None:
            return
        await connection.execute(
            insert(table).values(
                key=row_keys[0],
                language=kept.language,
                turn=None if kept.turn is None else self._keys.seal(_pack(kept.turn), bound_to=row_keys[0]),
                turn_at=kept.turn_at,
                changed_at=self._clock.now(),
            )
        )

    async def _kept(self, connection: AsyncConnection, row_keys: tuple[bytes, ...]) -> "_Kept":
        """What the rows under any of the keys say together; the first key's row has the last word."""
        rows = await connection.execute(select(table).where(table.c.key.in_(row_keys)))
        now, kept = self._clock.now(), _Kept()
        for row in sorted(rows, key=lambda row: row_keys.index(row.key), reverse=True):
            language = row.language or kept.language
            if row.turn is None:
                kept = replace(kept, language=language)
            elif not timedelta(0) <= now - row.turn_at < TURN_LIFE:
                kept = replace(kept, language=language, is_over=True)
            else:
                turn = self._turn(row)
                kept = replace(kept, language=language, turn=turn, turn_at=row.turn_at if turn else None)
        return kept

    def _turn(self, row: Row[Any]) -> Turn | None:
        plain = self._keys.unseal(row.turn, bound_to=row.key)
        return None if plain is None else Turn(*json.loads(plain))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known of a reader now; `is_over` when a turn is still stored that should be no more."""

    language: str | None = None
    turn: Turn | None = None
    turn_at: datetime | None = None
    is_over: bool = False


def _pack(turn: Turn) -> bytes:
    plain = json.dumps([turn.intent, turn.entity]).encode()
    return plain.ljust(-(-len(plain) // TURN_BYTES) * TURN_BYTES)
