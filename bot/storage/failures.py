"""Says what is wrong with the database in one sentence that names no reader."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.core.errors import ServiceError


@contextmanager
def explained() -> Iterator[None]:
    """Turns what SQLAlchemy and SQLite raise into ServiceError; the engine hides parameters, so no cause names one."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise ServiceError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    origin = error.orig if isinstance(error, DBAPIError) else error
    # The low byte is the primary code: https://sqlite.org/rescode.html
    match getattr(origin, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "The database is held by another program: end that program, or try again."
        case sqlite3.SQLITE_FULL:
            return "The database cannot grow, the disk is full: make room on it."
        case sqlite3.SQLITE_IOERR:
            return "The database's disk cannot be read or written: check its room, its quota and its health."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return "The database cannot be written: give its file and its folder to the user who runs this."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return "The database's file is damaged or is no SQLite database: restore it from a backup, or move it away."
        case _:
            return f"The database does not answer as it should ({type(origin).__name__}): see the log, and try again."
