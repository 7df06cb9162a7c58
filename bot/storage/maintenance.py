"""What an operator asks of the database itself: which version it has, whether it is sound, a copy of it."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

from sqlalchemy import func, inspect, select, table, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import SettingsError
from bot.storage.address import file_of, open_database
from bot.storage.database import Database
from bot.storage.failures import explained
from bot.storage.schema import HEAD, upgrade, version_of

SHOWN: Final = 20  # faults that a check of a file lists; the rest follows from the same damage


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found. `version` is the schema's (None: no table yet), `newest` the one of this program; `faults`
    are what is damaged, in the database's own words."""

    backend: str
    version: str | None
    newest: str
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged and the program can serve it."""
        return not self.faults and self.version == self.newest


async def upgrade_database(url: str | None, folder: Path) -> tuple[str | None, str]:
    """Bring the database at `url` (None: in `folder`) to this program's schema: the versions before and after.

    Raises SettingsError, ServiceError.
    """
    database = open_database(url, folder)
    try:
        async with database.reading() as connection:
            before = await connection.run_sync(version_of)
        await upgrade(database)
    finally:
        await database.close()
    return before, HEAD


async def check_database(url: str | None, folder: Path) -> Health:
    """Read every page of a file, or every table of a server, and say what is damaged; a million subscriptions take
    some seconds.

    Raises SettingsError, also where there is no file yet, and ServiceError.
    """
    _existing(url, folder)
    database = open_database(url, folder)
    try:
        async with database.reading() as connection:
            version = await connection.run_sync(version_of)
            faults = await _faults(database, connection)
    finally:
        await database.close()
    return Health(database.backend, version, HEAD, tuple(faults))


async def _faults(database: Database, connection: AsyncConnection) -> list[str]:
    if database.backend == "sqlite":
        return await _damage(connection) or await _orphans(connection)
    await database.take_time(connection)
    # The server verifies each page that it reads, where it keeps checksums, and fails.
    for name in await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
        await connection.execute(select(func.count()).select_from(table(name)))
    return []


async def _damage(connection: AsyncConnection) -> list[str]:
    try:
        found = (await connection.execute(text(f"PRAGMA integrity_check({SHOWN})"))).scalars()
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        await connection.rollback()  # nothing else can be done with it any more
        return [str(error.orig)]  # so damaged that it could not be read to the end
    return [line for said in found if said != "ok" for line in str(said).splitlines()]


async def _orphans(connection: AsyncConnection) -> list[str]:
    lost = (await connection.execute(text("PRAGMA foreign_key_check"))).fetchmany(SHOWN)
    return [f"a row of {row[0]} belongs to none of {row[2]}" for row in lost]


def back_up(url: str | None, folder: Path, target: Path) -> int:
    """Copy the database as it is at one instant to the new file `target`, for its owner alone, while others go on
    reading and writing; its size in bytes. Blocks until it is on the disk.

    Raises SettingsError where `target` exists or cannot be made, there is no database yet, or it is PostgreSQL;
    ServiceError where the database cannot be read.
    """
    source = _existing(url, folder)
    if source is None:
        raise SettingsError("The database is PostgreSQL: back it up with pg_dump, which comes with its server.")
    if target.exists():
        raise SettingsError(f"{target} is there already: name a new file, no backup is ever overwritten.")
    unfinished = target.with_name(f".{target.name}.{token_hex(4)}")
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(source, unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise SettingsError(f"{target} cannot be written ({error.strerror}): name a file in another folder.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def _existing(url: str | None, folder: Path) -> Path | None:
    path = file_of(url, folder)
    if path is not None and not path.is_file():
        raise SettingsError(
            f"There is no database at {path} yet: see EXPLAINER_DATA and DATABASE_URL, or start the bot."
        )
    return path


def _copy(source: Path, target: Path) -> None:
    """All in one step: a copy in several would begin anew whenever somebody writes. Then on the disk for good."""
    address = f"{source.absolute().as_uri()}?mode=rw"  # read-only it would leave its side files behind
    with explained(), closing(sqlite3.connect(address, uri=True)) as file, closing(sqlite3.connect(target)) as copy:
        file.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    with target.open("rb") as written:
        os.fsync(written.fileno())
