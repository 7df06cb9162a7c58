"""Connects the ledger and the durable jobs to the database that the other tables are in."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from bot.storage.address import file_of
from bot.storage.postgresql import CLIENT_SETTINGS, SERVER_SETTINGS
from bot.storage.sqlite import file_engine

# A replica that is suspended within a transaction would hold the rate that all share: the server ends it, in
# milliseconds, before the others would take it for dead.
HELD_UP: Final = {"idle_in_transaction_session_timeout": 2000}


def open_engine(url: str | None, folder: Path) -> Engine:
    """An engine of threads for the database that `open_database` opened with the same arguments; asks nothing yet."""
    path = file_of(url, folder)
    if path is None:
        return _open_server(url or "")
    return file_engine(path)


def jobs_address(url: str | None, folder: Path) -> str:
    """The same database's address as the durable jobs take it."""
    path = file_of(url, folder)
    return URL.create("sqlite", database=str(path)).render_as_string() if path else str(url)


def _open_server(url: str) -> Engine:
    address = make_url(url)
    query = dict(address.query)
    given = query.pop("options", ())
    options = [f"-c {name}={value}" for name, value in (SERVER_SETTINGS | HELD_UP).items()]
    options += [given] if isinstance(given, str) else given
    client = {name: value for name, value in CLIENT_SETTINGS.items() if name not in query}
    return create_engine(
        address.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
        connect_args=client | {"options": " ".join(options)},
        hide_parameters=True,
        poolclass=NullPool,
        use_native_hstore=False,
    )
