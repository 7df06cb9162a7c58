"""Sees that the given keys open what is stored, and puts it under a new one while the program runs."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import SettingsError
from bot.storage.database import Database
from bot.storage.keys import KEY_FILE, MARK, Keys, load, load_or_create, mark
from bot.storage.schema import LOCK
from bot.storage.subscription_rows import seal, unseal
from bot.storage.tables import key_check, reader, retired_key
from bot.storage.tables import subscription as table

log = logging.getLogger(__name__)

BATCH: Final = 200  # rows put under the first key in one transaction; takes some ten milliseconds


async def agree_on_keys(database: Database, secrets: Sequence[str], folder: Path) -> Keys:
    """The keys of `secrets`, else those of the data folder `folder`; made there only for a database that has none.

    Raises SettingsError for keys without the one that the database was last opened with, or without an older one that
    subscriptions are still under. The first key is then noted in its place. What readers chose under an older one that
    is not given any more is erased: nobody could find it again, not even to forget it.
    """
    async with database.writing() as connection:
        await database.lock(connection, LOCK)
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
        await _mark_readers(connection, noted)
        erased = await _let_go(connection, keys)
        if noted != keys.fingerprints[0]:
            await _note(connection, noted, keys.fingerprints[0])
    if erased:
        log.warning("storage.readers_let_go readers=%d: they were under a key that is not given any more", erased)
        await database.erase_log()
    return keys


async def renew_keys(database: Database, keys: Keys) -> int:
    """Put the subscriptions that are under another key than the first under that one; how many those were.

    What cannot be decrypted stays, and is warned of. Raises ServiceError; it can then be called again.
    """
    after, count, lost = -1, 0, 0
    while rows := await _under_older_keys(database, keys, after):
        moves = [(row, unsealed[0], unsealed[1]) for row in rows if (unsealed := unseal(keys, row))]
        async with database.writing() as connection:
            await _move(connection, keys, moves)
        count += len(moves)
        lost += len(rows) - len(moves)
        after = rows[-1].id
    if count:
        log.info("storage.keys_renewed subscriptions=%d", count)
        await database.erase_log()
    if lost:
        log.warning("storage.unreadable subscriptions=%d: they were written with a key that is not given", lost)
    return count


async def _under_older_keys(database: Database, keys: Keys, after: int) -> Sequence[Row[Any]]:
    if len(keys.fingerprints) == 1:  # then `agree_on_keys` has seen that there are none
        return ()
    older = func.substr(table.c.sealed, 1, MARK) != mark(keys.fingerprints[0])
    page = select(table).where(older, table.c.id > after).order_by(table.c.id).limit(BATCH)
    async with database.reading() as connection:
        return (await connection.execute(page)).all()


async def _move(connection: AsyncConnection, keys: Keys, moves: Sequence[tuple[Row[Any], str, int | None]]) -> None:
    """Write each row under the first key; erase it where the chat has another there already."""
    new = {row.id: keys.row_keys(row.channel, chat)[0] for row, chat, _ in moves}
    taken = await connection.execute(
        select(table.c.id, table.c.key, table.c.topic).where(table.c.key.in_(new.values()))
    )
    there = {(row.key, row.topic): row.id for row in taken}  # its own id where the chat moved it just now
    double = [row.id for row, _, _ in moves if there.get((new[row.id], row.topic), row.id) != row.id]
    await connection.execute(delete(table).where(table.c.id.in_(double)))
    values = [
        {"row": row.id, "was": row.key, "is": new[row.id], "with": seal(keys, new[row.id], chat, thread)}
        for row, chat, thread in moves
        if row.id not in double
    ]
    if values:
        as_it_was = (table.c.id == bindparam("row")) & (table.c.key == bindparam("was"))
        moved = update(table).where(as_it_was).values(key=bindparam("is"), sealed=bindparam("with"))
        await connection.execute(moved, values)


async def _mark_readers(connection: AsyncConnection, noted: bytes | None) -> None:
    """Readers' rows of a release that did not mark them are under the only key that there was."""
    if noted is not None and (await connection.execute(select(retired_key).limit(1))).first() is None:
        unmarked = update(reader).where(reader.c.mark.is_(None))
        await connection.execute(unmarked.values(mark=mark(noted)))


async def _let_go(connection: AsyncConnection, keys: Keys) -> int:
    """Forget the older keys that are not given any more, which no subscription may be under, and the readers who are,
    or may be; how many those were."""
    retired, erased = (await connection.execute(select(retired_key.c.fingerprint))).scalars(), 0
    for fingerprint in [fingerprint for fingerprint in retired if fingerprint not in keys.fingerprints]:
        under = select(table.c.id).where(func.substr(table.c.sealed, 1, MARK) == mark(fingerprint))
        if (await connection.execute(under.limit(1))).first():
            raise SettingsError(
                "EXPLAINER_SECRET_KEY lacks an older key that subscriptions are still under: add it after a comma, "
                "and take it away when the program has run for a while."
            )
        under_it = reader.c.mark.is_(None) | (reader.c.mark == mark(fingerprint))
        erased += (await connection.execute(delete(reader).where(under_it))).rowcount
        await connection.execute(delete(retired_key).where(retired_key.c.fingerprint == fingerprint))
    return erased


async def _note(connection: AsyncConnection, former: bytes | None, first: bytes) -> None:
    await connection.execute(delete(key_check))
    await connection.execute(insert(key_check).values(fingerprint=first))
    await connection.execute(delete(retired_key).where(retired_key.c.fingerprint == first))
    if former is not None:
        await connection.execute(insert(retired_key).values(fingerprint=former))
