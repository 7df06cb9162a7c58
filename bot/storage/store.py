"""Opens the database, checks its key, and hands out what is kept in it."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, insert, select

from bot.core.clock import Clock
from bot.core.errors import ServiceError, SettingsError
from bot.storage.database import Database, open_database
from bot.storage.keys import KEY_FILE, Keys, load, load_or_create
from bot.storage.readers import ReaderStore
from bot.storage.schema import upgrade
from bot.storage.tables import key_check

log = logging.getLogger(__name__)


class Storage:
    """An open database. `readers` fills the port `Readers`."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self.database = database
        self.readers = ReaderStore(database, keys, clock)
        self._clock = clock

    async def ready(self) -> bool:
        """Whether the database answers now."""
        try:
            async with self.database.reading() as connection:
                return (await connection.execute(select(key_check))).first() is not None
        except ServiceError as error:
            log.warning("%s", error)
            return False

    async def sweep(self) -> int:
        """Erase the turns whose ten minutes are over; how many those were. Raises ServiceError."""
        return await self.readers.sweep(self._clock.now())

    async def keep_sweeping(self, pause: float = 60) -> None:
        """Sweep now and every `pause` seconds until cancelled, so that turns end also of readers who never write again.

        A database that does not answer is logged, and tried again after the next pause.
        """
        while True:
            try:
                await self.sweep()
            except ServiceError as error:
                log.warning("%s", error)
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Close all connections. Nothing can be asked afterwards."""
        await self.database.close()


async def open_storage(url: str | None, folder: Path, secrets: Sequence[str], clock: Clock) -> Storage:
    """Open the database at `url` (`sqlite:///…`; None: in the data folder `folder`), made and migrated as needed.

    `secrets` are the operator's keys, the first of which encrypts; with none the key is kept in
    `folder`. Raises SettingsError, in one sentence, for an address that is not served, a folder that cannot be
    written, a wrong key, or a database newer than the program; ServiceError when the database does not answer.
    """
    database = open_database(url, folder)
    try:
        await upgrade(database)
        return Storage(database, await _agreed_keys(database, secrets, folder), clock)
    except BaseException:
        await database.close()
        raise


async def _agreed_keys(database: Database, secrets: Sequence[str], folder: Path) -> Keys:
    """The given keys, else those of the data folder; one is made there only for a database that has none.

    Keys without the one that the database was last opened with are refused; then the first is noted in its place.
    """
    async with database.writing() as connection:
        noted = (await connection.execute(select(key_check.c.fingerprint))).scalar()
        if secrets:
            keys = Keys(secrets)
        elif noted is None:
            keys = load_or_create(folder)
        else:
            keys = load(folder)
        if noted is not None and noted not in keys.fingerprints:
            raise SettingsError(
                "EXPLAINER_SECRET_KEY lacks the key that this database was written with: add that key after a comma "
                f"(where none was set it is in the data folder's {KEY_FILE}), or move the database away."
            )
        if noted != keys.fingerprints[0]:
            await connection.execute(delete(key_check))
            await connection.execute(insert(key_check).values(fingerprint=keys.fingerprints[0]))
    return keys
