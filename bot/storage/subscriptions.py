"""Keeps the subscriptions to one topic, so that the database alone names no chat."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.reminders.ledger import Address
from bot.reminders.subscription import Subscription
from bot.storage.database import Database
from bot.storage.keys import Keys, lock_names
from bot.storage.subscription_rows import addresses, choices, new_id, place, read, seal
from bot.storage.tables import subscription as table

log = logging.getLogger(__name__)

BATCH: Final = 250  # rows that one transaction erases, and no reader waits longer for: some ten milliseconds


class SubscriptionStore:
    """The ports `Subscriptions` and `Recipients` for `topic`, kept in the database.

    Every method raises ServiceError when the database does not answer; it can then be called again.
    """

    def __init__(self, database: Database, keys: Keys, topic: str) -> None:
        self._database = database
        self._keys = keys
        self._topic = topic

    async def get(self, channel: str, chat: str) -> Subscription | None:
        """The chat's subscription."""
        async with self._database.reading() as connection:
            row = await self._row(connection, self._keys.row_keys(channel, chat))
        return None if row is None else read(self._keys, row)

    async def put(self, channel: str, chat: str, subscription: Subscription) -> None:
        """Keep it in place of the one before, under the first key."""
        row_keys = self._keys.row_keys(channel, chat)
        values = place(self._keys, channel, chat, subscription.thread) | choices(subscription)
        async with self._database.writing() as connection:
            await self._database.lock(connection, *lock_names(row_keys))
            row = await self._row(connection, row_keys)
            if row is None:
                await connection.execute(insert(table).values(id=new_id(), topic=self._topic, **values))
                return
            await connection.execute(delete(table).where(self._under(row_keys), table.c.id != row.id))
            await connection.execute(update(table).where(table.c.id == row.id).values(**values))

    async def remove(self, channel: str, chat: str) -> bool:
        """Erase it and its deliveries, from the disk too; False where there was none."""
        row_keys = self._keys.row_keys(channel, chat)
        async with self._database.writing() as connection:
            await self._database.lock(connection, *lock_names(row_keys))
            gone = await connection.execute(delete(table).where(self._under(row_keys)))
        await self._database.erase_log()  # also where there was no row: an earlier call may have failed between the two
        return gone.rowcount > 0

    async def move(self, channel: str, chat: str, to: str) -> None:
        """Follow a group whose id changed; where the new id has a subscription already, that stays."""
        here, there = self._keys.row_keys(channel, chat), self._keys.row_keys(channel, to)
        async with self._database.writing() as connection:
            await self._database.lock(connection, *lock_names(here + there))
            row = await self._row(connection, here)
            if row is None:
                return
            if await self._row(connection, there) is None:
                values = {"key": there[0], "sealed": seal(self._keys, there[0], to, read(self._keys, row).thread)}
                await connection.execute(update(table).where(table.c.id == row.id).values(**values))
            await connection.execute(delete(table).where(self._under(here)))
        await self._database.erase_log()

    async def addresses(self, ids: Sequence[int]) -> Mapping[int, Address]:
        """Where those of the subscriptions are reached that still exist; at most some thousand at once."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.id.in_(ids), table.c.topic == self._topic))
        return addresses(self._keys, rows.all())

    async def erase_ended(self, ended_at: datetime) -> int:
        """Erase the subscriptions made or last renewed before that instant, from the disk too; how many those were.

        In short transactions, so that no reader waits for long; where one fails, the next call goes on.
        """
        over, after, count = (table.c.topic == self._topic) & (table.c.since < ended_at), -1, 0
        while True:
            page = select(table.c.id).where(over, table.c.id > after).order_by(table.c.id).limit(BATCH)
            async with self._database.reading() as connection:
                ids = (await connection.execute(page)).scalars().all()
            if not ids:
                break
            async with self._database.writing() as connection:
                count += (await connection.execute(delete(table).where(over, table.c.id.in_(ids)))).rowcount
            after = ids[-1]
        if count:
            await self._database.erase_log()
        return count

    def _under(self, row_keys: tuple[bytes, ...]) -> Any:
        return table.c.key.in_(row_keys) & (table.c.topic == self._topic)

    async def _row(self, connection: AsyncConnection, row_keys: tuple[bytes, ...]) -> Row[Any] | None:
        """The row under the first of the keys that has one."""
        rows = (await connection.execute(select(table).where(self._under(row_keys)))).all()
        return min(rows, key=lambda row: row_keys.index(row.key), default=None)
