"""Says what is wrong with the database in one sentence that names no reader, no address and no password."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import exc

from bot.core.errors import ServiceError

OUT_OF_REACH: Final = (
    "The database is out of reach: see that its server runs, "
    "and that DATABASE_URL names it, its database, the user and the password rightly."
)
BUSY: Final = "The database is busy: try again."
FULL: Final = "The database cannot grow, the disk is full: make room on it."
OF_SERVER: Final = {  # by code or class of codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
    "08": OUT_OF_REACH,
    "57P01": OUT_OF_REACH,
    "57P02": OUT_OF_REACH,
    "57P03": OUT_OF_REACH,
    "28": OUT_OF_REACH,
    "3D": OUT_OF_REACH,
    "40": BUSY,
    "25P03": BUSY,
    "55P03": BUSY,
    "57014": BUSY,
    "53100": FULL,
    "53300": "The database takes no more connections: end other programs, or raise its max_connections.",
    "25006": "The database cannot be written: name a server in DATABASE_URL that is no copy of another.",
    "42501": "The database cannot be written: give the user in DATABASE_URL the right to make and change tables.",
}


@contextmanager
def explained() -> Iterator[None]:
    """Turns what SQLAlchemy and the drivers raise into ServiceError; parameters are hidden, so no cause names one."""
    try:
        yield
    except (exc.SQLAlchemyError, sqlite3.Error) as error:
        raise ServiceError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    if isinstance(error, exc.TimeoutError):
        return "The database is busy: too many wait for a connection to it."
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    said = (
        _of_server(error, origin) if hasattr(origin, "sqlstate") else _of_file(getattr(origin, "sqlite_errorcode", 0))
    )
    return said or f"The database does not answer as it should ({type(origin).__name__}): see the log, and try again."


def _of_server(error: Exception, origin: object) -> str | None:
    code: str = getattr(origin, "sqlstate", None) or ""
    if not code and isinstance(error, exc.OperationalError | exc.InterfaceError):
        return OUT_OF_REACH  # said by the driver itself: no connection, or one that was lost
    return OF_SERVER.get(code) or OF_SERVER.get(code[:2])


def _of_file(code: int) -> str | None:
    # The low byte is the primary code: https://sqlite.org/rescode.html
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "The database is held by another program: end that program, or try again."
        case sqlite3.SQLITE_FULL:
            return FULL
        case sqlite3.SQLITE_IOERR:
            return "The database's disk cannot be read or written: check its room, its quota and its health."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return "The database cannot be written: give its file and its folder to the user who runs this."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return "The database's file is damaged or is no SQLite database: restore it from a backup, or move it away."
        case _:
            return None
