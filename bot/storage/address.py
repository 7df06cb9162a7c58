"""Finds the database that the environment names."""

import logging
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.core.errors import SettingsError
from bot.storage.database import Database

FILE_NAME = "explainer.db"
REMEDY = "write sqlite:///path/to/file.db or postgresql://user@server/name"


def open_database(url: str | None, data_folder: Path) -> Database:
    """The database at `url` (`sqlite:///…` or `postgresql://…`; None or empty: a file in `data_folder`).

    A file's folder is made, no table is touched yet. Raises SettingsError when the address is none that can be
    served, or its folder cannot be written; ServiceError when the file is no sound database, or its disk is full.
    """
    # They log what they bind or fetch at DEBUG: never a chat id, but hashes of them; and the server's address.
    for name in ("aiosqlite", "sqlalchemy.engine", "sqlalchemy.pool", "psycopg"):
        logging.getLogger(name).setLevel(logging.WARNING)
    path = file_of(url, data_folder)
    if path is not None:
        from bot.storage.sqlite import open_file  # noqa: PLC0415 - either driver only where it is needed

        return open_file(path, "DATABASE_URL" if url else "EXPLAINER_DATA")
    from bot.storage.postgresql import open_server  # noqa: PLC0415

    return open_server(_parsed(url or ""))


def names_server(url: str | None) -> bool:
    """Whether `url` leads to PostgreSQL. Raises SettingsError as `open_database` does."""
    return file_of(url, Path()) is None


def file_of(url: str | None, data_folder: Path) -> Path | None:
    """The file that `url` leads to, None where it leads to PostgreSQL. Raises SettingsError as `open_database` does."""
    if not url:
        return data_folder / FILE_NAME
    address = _parsed(url)
    backend = address.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        if not address.database:
            raise SettingsError("DATABASE_URL names no database: write postgresql://user@server/name.")
        return None
    if backend != "sqlite":
        raise SettingsError(f"DATABASE_URL names a database that is not served: {REMEDY}.")
    if address.database in {None, "", ":memory:"} or address.query:
        raise SettingsError("DATABASE_URL must name a file and nothing else: write sqlite:///path/to/file.db.")
    return Path(str(address.database))


def _parsed(url: str) -> URL:
    # The address may hold a password: no message repeats it.
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"DATABASE_URL is not an address: {REMEDY}.") from error
