"""All subscriptions to all topics, many at a time: for import, export and count."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.reminders.subscription import Subscription
from bot.storage.database import Database, inserting
from bot.storage.keys import Keys
from bot.storage.subscription_rows import choices, new_id, read, seal, unseal
from bot.storage.tables import subscription as table

PAGE: Final = 1000  # rows read or written in one transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """A subscription and whose it is: `channel` names the platform, `chat` is the platform's own id."""

    channel: str
    chat: str = field(repr=False)
    topic: str
    subscription: Subscription


class SubscriptionList:
    """The subscriptions in the database. Every method raises ServiceError; what was added until then stays."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def add(self, entries: Sequence[Entry]) -> int:
        """Keep those of chats that have none to that topic, where several are of one chat the first; how many those
        were. All in one transaction: give some PAGE at once."""
        keyed = {(self._keys.row_keys(entry.channel, entry.chat), entry.topic): entry for entry in reversed(entries)}
        async with self._database.writing() as connection:
            there = await self._there(connection, {key for row_keys, _ in keyed for key in row_keys})
            rows = [
                {"id": new_id(), "key": row_keys[0], "topic": topic} | self._columns(entry, row_keys[0])
                for (row_keys, topic), entry in keyed.items()
                if not any((key, topic) in there for key in row_keys)
            ]
            if rows:
                # Another replica may have been faster since: the chat's own row stays.
                insert = inserting(table, self._database.backend)
                await connection.execute(insert.on_conflict_do_nothing(), rows)
        return len(rows)

    async def _there(self, connection: AsyncConnection, keys: set[bytes]) -> set[tuple[bytes, str]]:
        rows = await connection.execute(select(table.c.key, table.c.topic).where(table.c.key.in_(keys)))
        return {(row.key, row.topic) for row in rows}

    def _columns(self, entry: Entry, row_key: bytes) -> dict[str, object]:
        sealed = seal(self._keys, row_key, entry.chat, entry.subscription.thread)
        return {"channel": entry.channel, "sealed": sealed} | choices(entry.subscription)

    async def pages(self) -> AsyncIterator[list[Entry]]:
        """All of them, in pages, in no order that tells anything; those that cannot be decrypted are left out."""
        after = -1
        while True:
            async with self._database.reading() as connection:
                page = select(table).where(table.c.id > after).order_by(table.c.id).limit(PAGE)
                rows = (await connection.execute(page)).all()
            if not rows:
                return
            yield [
                Entry(row.channel, unsealed[0], row.topic, read(self._keys, row))
                for row in rows
                if (unsealed := unseal(self._keys, row))
            ]
            after = rows[-1].id

    async def count(self, topic: str | None = None) -> int:
        """How many there are, to `topic` or to all."""
        counted = select(func.count()).select_from(table)
        if topic is not None:
            counted = counted.where(table.c.topic == topic)
        async with self._database.reading() as connection:
            return (await connection.execute(counted)).scalar_one()
