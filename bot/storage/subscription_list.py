"""All subscriptions to all topics, many at a time: for import, export and count."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.reminders.subscription import Subscription
from bot.storage.database import Database
from bot.storage.keys import Keys
from bot.storage.subscription_rows import choices, new_id, place, read, unseal
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
        older = await self._under_older_keys(entries)
        rows = [
            {"id": new_id(), "topic": entry.topic}
            | place(self._keys, entry.channel, entry.chat, entry.subscription.thread)
            | choices(entry.subscription)
            for entry in entries
            if (entry.channel, entry.chat, entry.topic) not in older
        ]
        if not rows:
            return 0
        insert = sqlite.insert if self._database.backend == "sqlite" else postgresql.insert
        async with self._database.writing() as connection:
            return (await connection.execute(insert(table).on_conflict_do_nothing(), rows)).rowcount

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
        async with self._database.reading() as connection:
            return (
                await connection.execute(counted if topic is None else counted.where(table.c.topic == topic))
            ).scalar_one()

    async def _under_older_keys(self, entries: Sequence[Entry]) -> set[tuple[str, str, str]]:
        """Whose subscriptions still stand under another key than the first."""
        if len(self._keys.fingerprints) == 1:
            return set()
        by_key = {
            (key, entry.topic): (entry.channel, entry.chat, entry.topic)
            for entry in entries
            for key in self._keys.row_keys(entry.channel, entry.chat)[1:]
        }
        async with self._database.reading() as connection:
            keys = {key for key, _ in by_key}
            rows = await connection.execute(select(table.c.key, table.c.topic).where(table.c.key.in_(keys)))
            return {by_key[row.key, row.topic] for row in rows if (row.key, row.topic) in by_key}
