"""Finds out whether the database can be read and written now, by the smallest change that changes nothing."""

import asyncio
import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import update

from bot.storage.database import Database
from bot.storage.tables import key_check

MEGABYTE: Final = 1_000_000
NEEDED: Final = 16 * MEGABYTE  # bytes: SQLite's own log takes four, a sweep or a campaign's plan some more
LITTLE: Final = 256 * MEGABYTE  # bytes: from here on an operator is told, while there is time

FINE: Final = "ok"


async def probe(database: Database) -> str:
    """`ok`, or what is wrong: rows that the program made at its start are gone. Raises ServiceError where the database
    cannot be written: it is away, a copy of another, without room, or held by somebody for longer than a message waits.
    """
    # Twice: a replica that notes another key replaces the row, which a write that waited for it does not see.
    if await _touched(database) or await _touched(database):
        return FINE
    return "it is not the one that it was at the start: restart the bot"


async def _touched(database: Database) -> bool:
    async with database.writing() as connection:
        found = await connection.execute(update(key_check).values(fingerprint=key_check.c.fingerprint))
    return bool(found.rowcount)


class Room:
    """The room on the disk that holds `folder`. Where the database `is_there`, none left is a fault, else only told:
    the data folder then holds what can be made again."""

    def __init__(self, folder: Path, *, is_there: bool) -> None:
        self._folder = folder
        self._is_there = is_there
        self.free: int | None = None  # bytes, as last seen

    async def look(self) -> str:
        """`ok`, `ok: …` where there is little, or what is wrong. Raises OSError where the disk cannot be asked."""
        self.free = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        left = f"{self.free // MEGABYTE} MB are left: make room"
        if self.free < NEEDED and self._is_there:
            return f"the disk is full, {left}"
        return FINE if self.free >= LITTLE else f"ok: the disk is nearly full, {left}"
