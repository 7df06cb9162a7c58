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
    address = _parsed(url) if url else None
    if address is not None and names_server(url):
        from bot.storage.postgresql import open_server  # noqa: PLC0415 - only there its driver is needed

        if not address.database:
            raise SettingsError("DATABASE_URL names no database: write postgresql://user@server/name.")
        return open_server(address)
    from bot.storage.sqlite import open_file  # noqa: PLC0415

    if address is None:
        return open_file(data_folder / FILE_NAME, "EXPLAINER_DATA")
    return open_file(_file_of(address), "DATABASE_URL")


def names_server(url: str | None) -> bool:
    """Whether `url` leads to PostgreSQL. Raises SettingsError when it is no address."""
    return bool(url) and _parsed(url or "").get_backend_name() in {"postgresql", "postgres"}


def _parsed(url: str) -> URL:
    # The address may hold a password: no message repeats it.
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"DATABASE_URL is not an address: {REMEDY}.") from error


def _file_of(address: URL) -> Path:
    if address.get_backend_name() != "sqlite":
        raise SettingsError(f"DATABASE_URL names a database that is not served: {REMEDY}.")
    if address.database in {None, "", ":memory:"} or address.query:
        raise SettingsError("DATABASE_URL must name a file and nothing else: write sqlite:///path/to/file.db.")
    return Path(str(address.database))
