"""Looks at the database as `explainer doctor` does: makes nothing, changes nothing, keeps nobody waiting."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, create_engine, func, inspect, make_url, select, text
from sqlalchemy.pool import NullPool

from bot.core.clock import Clock
from bot.core.errors import ExplainerError
from bot.core.observations import Observation, compare_clocks, doubtful, fine, wrong
from bot.storage.address import file_of
from bot.storage.database import BUSY_SECONDS
from bot.storage.failures import explained
from bot.storage.keys import MARK, Keys, load, mark
from bot.storage.postgresql import connection_to
from bot.storage.schema import HEAD, version_of
from bot.storage.tables import key_check, reader, retired_key, subscription

CHECK: Final = "database"
KEY: Final = "secret key"
OLDEST: Final = 130000  # PostgreSQL 13, the oldest that the delivery's engine is said to run on
ADD_KEY: Final = "add the key that it was written with after a comma to EXPLAINER_SECRET_KEY, or restore secret.key"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is by the environment, and the keys that it gives."""

    url: str | None
    folder: Path
    secrets: Sequence[str]


def examine_database(place: Place, clock: Clock) -> list[Observation]:
    """Whether the database answers, is this program's, can be written, and opens with the keys; blocks.

    Raises SettingsError for an address that is not served; ServiceError where the database does not answer.
    """
    path = file_of(place.url, place.folder)
    if path is None:
        return _examine_server(place, clock)
    if not path.exists():
        return [_absent(path.parent)]
    return [*_examine_file(place, path), *_rights(path)]


def _absent(folder: Path) -> Observation:
    """Where the first start would make the file."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if _may_write(there):
        return fine(CHECK, "there is none yet; the first start makes it")
    remedy = "give its folder to the user who runs this, or set EXPLAINER_DATA or DATABASE_URL"
    return wrong(CHECK, "there is none yet, and its folder cannot be written", remedy)


def _rights(path: Path) -> list[Observation]:
    """A file that others wrote beside it, as root would by another command, stops the program as well."""
    closed = [one.name for one in _files(path) if not _may_write(one)]
    if not _may_write(path.parent):
        closed.append("its folder")
    if not closed:
        return []
    remedy = "give its folder and all files in it to the user who runs this"
    return [wrong(CHECK, f"what cannot be written: {', '.join(closed)}", remedy)]


def _files(path: Path) -> list[Path]:
    """The file, and its log and index where there are some."""
    return [one for ending in ("", "-wal", "-shm") if (one := path.with_name(path.name + ending)).exists()]


def _may_write(path: Path) -> bool:
    wanted = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
    return os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids)


def _examine_file(place: Place, path: Path) -> list[Observation]:
    def connect() -> sqlite3.Connection:
        # Without a log nobody writes, and a file that is read as one that never changes gets no files beside it and no
        # locks. With a log somebody does, and there are such files already.
        is_used = len(_files(path)) == 3
        how = "mode=ro" if is_used else "mode=ro&immutable=1"
        return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", timeout=BUSY_SECONDS, uri=True)

    engine = create_engine("sqlite://", creator=connect, hide_parameters=True, poolclass=NullPool)
    with explained(), engine.connect() as connection:
        size = sum(one.stat().st_size for one in _files(path)) / 1e6
        return _examine_tables(place, connection, f"SQLite, {size:.1f} MB")


def _examine_server(place: Place, clock: Clock) -> list[Observation]:
    url, arguments = connection_to(make_url(place.url or ""))
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, poolclass=NullPool)
    alone = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with explained(), alone.connect() as connection:
        number = int(connection.scalar(text("SHOW server_version_num")) or 0)
        there: datetime = connection.execute(select(func.now())).scalar_one()
        # Of the database's own clock at the beginning of the transaction, which is some milliseconds ago.
        seen = [compare_clocks(clock.now(), there.astimezone(UTC), "the database's")]
        seen += _examine_tables(place, connection, f"PostgreSQL {number // 10000}")
        seen += _limits(connection)
    if number < OLDEST:
        remedy = f"move it to {OLDEST // 10000} or newer"
        seen.append(doubtful(CHECK, f"PostgreSQL {number // 10000} is older than what this is tried on", remedy))
    return seen


def _limits(connection: Connection) -> list[Observation]:
    """What keeps a server that answers from serving: a copy, a user without rights, hardly a connection left."""
    copies, may, used, most = connection.execute(
        text(
            "SELECT pg_is_in_recovery(), has_schema_privilege(current_schema(), 'CREATE'), "
            "(SELECT count(*) FROM pg_stat_activity), current_setting('max_connections')::int"
        )
    ).one()
    seen = []
    if copies:
        remedy = "name the server in DATABASE_URL that it copies"
        seen.append(wrong(CHECK, "this server is a copy of another and cannot be written", remedy))
    elif not may:
        remedy = "give the user in DATABASE_URL the right to make and change tables"
        seen.append(wrong(CHECK, "its user may make no tables", remedy))
    if used > most * 0.9:
        remedy = "end other programs, or raise its max_connections"
        seen.append(doubtful(CHECK, f"{used} of its {most} connections are taken", remedy))
    return seen


def _examine_tables(place: Place, connection: Connection, which: str) -> list[Observation]:
    version = version_of(connection)
    if version is None:
        return [fine(CHECK, f"{which}, has no tables yet; the first start makes them"), *_new_keys(place)]
    if version > HEAD:
        seen = f"{which}, its schema {version} is newer than this program's {HEAD}"
        return [wrong(CHECK, seen, "update the program, or name another database")]
    keys = _keys_of(place)
    said = keys if isinstance(keys, Observation) else _examine_keys(connection, keys)
    if version < HEAD:
        seen = f"{which}, its schema is {version} and this program's is {HEAD}"
        return [doubtful(CHECK, seen, "back it up, then restart the bot, which brings it up to date"), said]
    return [fine(CHECK, f"{which}, answers, schema {version}"), said]


def _new_keys(place: Place) -> list[Observation]:
    if place.secrets or file_of(place.url, place.folder) is not None:
        return []
    return [wrong(KEY, "PostgreSQL needs EXPLAINER_SECRET_KEY", "give every replica the same long secret")]


def _keys_of(place: Place) -> Keys | Observation:
    if not place.secrets and file_of(place.url, place.folder) is None:
        return _new_keys(place)[0]
    try:
        return Keys(place.secrets) if place.secrets else load(place.folder)
    except ExplainerError:  # its words name the file
        return wrong(KEY, "the one of this database cannot be read or is empty", ADD_KEY)


def _examine_keys(connection: Connection, keys: Keys) -> Observation:
    if not inspect(connection).has_table(key_check.name):
        return fine(KEY, "none is noted yet")
    noted = connection.execute(select(key_check.c.fingerprint)).scalar()
    if noted is not None and noted not in keys.fingerprints:
        return wrong(KEY, "the database was written with another one", ADD_KEY)
    older = [one for one in _retired(connection) if one not in keys.fingerprints]
    if any(_holds(connection, subscription, one) for one in older):
        seen = "subscriptions are still under an older one that is not given"
        return wrong(KEY, seen, "add that key after a comma to EXPLAINER_SECRET_KEY until the bot has run for a day")
    if version_of(connection) == HEAD and any(_holds(connection, reader, one) for one in older):
        seen = "what readers chose is still under an older one that is not given, and is erased at the next start"
        return doubtful(KEY, seen, "add that key after a comma to EXPLAINER_SECRET_KEY to keep it")
    return fine(KEY, "it opens the database")


def _retired(connection: Connection) -> Sequence[bytes]:
    """Before the schema had subscriptions there were none."""
    if not inspect(connection).has_table(retired_key.name):
        return ()
    return connection.execute(select(retired_key.c.fingerprint)).scalars().all()


def _holds(connection: Connection, table: Table, fingerprint: bytes) -> bool:
    """Whether rows are under the key with this fingerprint."""
    marked = table.c.mark if "mark" in table.c else func.substr(table.c.sealed, 1, MARK)
    return connection.execute(select(1).where(marked == mark(fingerprint)).limit(1)).first() is not None
