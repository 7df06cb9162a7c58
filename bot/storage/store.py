"""Opens the database, checks its key, and hands out what is kept in it."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from bot.core.clock import Clock
from bot.core.errors import ServiceError, SettingsError
from bot.storage.address import names_server, open_database
from bot.storage.database import Database
from bot.storage.keys import Keys
from bot.storage.readers import ReaderStore
from bot.storage.rotation import agree_on_keys, renew_keys
from bot.storage.schema import upgrade
from bot.storage.subscription_list import SubscriptionList
from bot.storage.subscriptions import SubscriptionStore

log = logging.getLogger(__name__)


class Storage:
    """An open database. `readers` fills the port `Readers`, `subscriptions(topic)` the ports of reminders."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self.database = database
        self.readers = ReaderStore(database, keys, clock)
        self.keys = keys
        self._clock = clock

    def subscriptions(self, topic: str) -> SubscriptionStore:
        """The subscriptions to one topic."""
        return SubscriptionStore(self.database, self.keys, topic)

    def subscription_list(self) -> SubscriptionList:
        """All subscriptions to all topics, for their import and export."""
        return SubscriptionList(self.database, self.keys)

    async def sweep(self) -> int:
        """Erase the turns whose ten minutes are over; how many those were. Raises ServiceError."""
        return await self.readers.sweep(self._clock.now())

    async def keep_sweeping(self, pause: float = 60) -> None:
        """Sweep now and every `pause` seconds until cancelled, so that turns end also of readers who never write again.

        Subscriptions under older keys are put under the first. A database that does not answer is logged, and tried
        again after the next pause.
        """
        while True:
            try:
                await renew_keys(self.database, self.keys)
                await self.sweep()
            except ServiceError as error:
                log.warning("storage.not_swept: %s", error)
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Write what readers have left to be written, and close all connections. Nothing can be asked afterwards."""
        await self.readers.close()
        await self.database.close()


async def open_storage(url: str | None, folder: Path, secrets: Sequence[str], clock: Clock) -> Storage:
    """Open the database at `url`, made and migrated as needed: `sqlite:///…`, `postgresql://…`, or None for a file in
    the data folder `folder`.

    `secrets` are the operator's keys, the first of which encrypts; with none the key of a file is kept in `folder`.
    Raises SettingsError, in one sentence, for an address that is not served, a folder that cannot be written, a missing
    or wrong key, or a database newer than the program; ServiceError when the database does not answer.
    """
    if not secrets and names_server(url):
        raise SettingsError(
            "EXPLAINER_SECRET_KEY is required with PostgreSQL: give every replica the same long secret."
        )
    database = open_database(url, folder)
    try:
        await upgrade(database)
        return Storage(database, await agree_on_keys(database, secrets, folder), clock)
    except BaseException:
        await database.close()
        raise
