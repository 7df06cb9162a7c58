"""Databases of every release are brought up to the newest schema with all that they hold."""

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.reminders.ledger import DeliveryState
from bot.storage.address import FILE_NAME, open_database
from bot.storage.ledger import open_ledger
from bot.storage.maintenance import check_database
from bot.storage.rotation import renew_keys
from bot.storage.schema import HEAD
from bot.storage.tables import metadata
from tests.unit.storage.released import (
    FOLDER,
    GROUP,
    MESSAGE,
    NOW,
    READER,
    SECRETS,
    SINCE,
    SUBSCRIPTIONS,
    TOPIC,
    TURN,
    campaign,
    lay_down,
)
from tests.unit.storage.test_schema import differences, of_file, of_server

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("fresh")]

REVISIONS = ("0001", "0002", "0003", "0004")
KILLED_WITHIN = """
import asyncio, os, signal, sys
from pathlib import Path
from alembic.operations import Operations
from bot.storage.maintenance import upgrade_database

def die(name):
    made = getattr(Operations, name)
    def run(*arguments, **options):
        made(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(Operations, name, run)

from alembic import op
die("create_table"), die("add_column")
asyncio.run(upgrade_database(sys.argv[1] or None, Path(sys.argv[2])))
"""


@pytest.fixture(params=[pytest.param(one, marks=pytest.mark.long) if one == "0002" else one for one in REVISIONS])
def released(request, url, folder) -> str:
    """The revision of the kept database that lies in the test's place."""
    lay_down(request.param, url, folder / FILE_NAME)
    return request.param


def _known() -> list[str]:
    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    return sorted(revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions())


async def test_every_revision_has_its_kept_databases():
    wanted = {f"{revision}.{backend}.sql" for revision in _known() for backend in ("sqlite", "postgresql")}
    assert {path.name for path in FOLDER.glob("*.sql")} == wanted
    assert list(REVISIONS) == _known()


async def test_kept_database_has_rows_in_every_table(released, rows, url):
    tables = [table for (table,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'" if url else
              "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%%'")]  # fmt: skip
    assert rows("SELECT version_num FROM alembic_version") == [(released,)]
    for table in tables:
        assert rows(f"SELECT count(*) FROM {table}") > [(0,)], table  # noqa: S608 - its own tables
    if released == HEAD:
        assert {*tables} == {"alembic_version", *metadata.tables}


async def test_what_is_kept_of_readers_outlives_the_upgrade_and_can_be_forgotten(released, opened, clock, rows):
    clock.instant = NOW
    async with opened(SECRETS) as storage:
        recalled = await storage.readers.recall("telegram", READER)
        assert (recalled.language, recalled.turn) == ("es", TURN)
        assert (await storage.readers.recall("telegram", GROUP)).language is None
        for chat, subscription in SUBSCRIPTIONS.items():
            kept = await storage.subscriptions(TOPIC).get("telegram", chat)
            assert kept == (subscription if released > "0001" else None)
        await storage.readers.forget("telegram", READER)
        assert (await storage.readers.recall("telegram", READER)).language is None
    assert rows("SELECT count(*) FROM reader") == [(0,)]
    assert rows("SELECT count(*) FROM subscription") == [(2 if released > "0001" else 0,)]
    if released > "0002":
        assert rows("SELECT count(*) FROM delivery") == [(1,)]


@pytest.mark.parametrize("released", REVISIONS[2:], indirect=True)  # before, nothing was delivered
async def test_delivery_goes_on_where_it_was_before_the_upgrade(released, opened, url, folder, rows):
    async with opened(SECRETS) as storage:
        ledger = open_ledger(url, folder, storage.keys, TOPIC)
        (progress,) = await ledger.progress()
        assert (progress.key, progress.total, progress.sent, progress.remaining) == (campaign().key, 2, 1, 1)
        (chunk,) = await ledger.in_hand()
        work = await ledger.begin(chunk, "another")
        claim = await ledger.claim(work, list(work.waiting), 0, 1000.0)
        assert [address.chat for address in claim.rows.values()] == [GROUP]
        past = await ledger.past()
        assert [one.told for one in past.seen.values()] == ["as it was told"]
        assert past.spent == {campaign().notices[0].key}
        await ledger.close()
    assert rows("SELECT message_id FROM delivery WHERE state = %s", int(DeliveryState.SENT)) == [(MESSAGE,)]


async def test_upgraded_schema_is_the_fresh_one(released, opened, url, folder, postgres, tmp_path):
    async with opened(SECRETS) as storage, storage.database.reading() as connection:
        assert await connection.run_sync(differences) == []
    other = postgres.make() if url else None
    fresh = open_database(other, tmp_path / "fresh")
    async with fresh.writing() as connection:
        await connection.run_sync(metadata.create_all)
    await fresh.close()
    if other:
        assert of_server(url) == of_server(other)
        postgres.drop(other)
    else:
        migrated, made = of_file(folder / FILE_NAME), of_file(tmp_path / "fresh" / FILE_NAME)
        del migrated["alembic_version"]
        assert migrated == made


@pytest.mark.parametrize("released", ["0001", "0003"], indirect=True)
async def test_upgrade_that_is_killed_in_the_middle_leaves_the_old_database(released, url, folder, opened, rows):
    before = _everything(url, folder)
    run = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_WITHIN, url or "", str(folder))
    assert await run.wait() == -signal.SIGKILL
    health = await check_database(url, folder)
    assert (health.version, health.faults) == (released, ())
    assert _everything(url, folder) == before
    async with opened(SECRETS) as storage:
        assert (await storage.readers.recall("telegram", READER)).language == "es"


def _everything(url: str | None, folder: Path) -> list[object]:
    if url:
        return list(of_server(url))
    with closing(sqlite3.connect(folder / FILE_NAME)) as file:
        return list(file.iterdump())


@pytest.mark.parametrize("released", ["0001", "0003", "0004"], indirect=True)
async def test_readers_of_an_earlier_release_are_let_go_with_the_key_they_may_be_under(released, opened, rows, clock):
    clock.instant = SINCE + timedelta(days=90)
    async with opened(SECRETS) as storage:
        await renew_keys(storage.database, storage.keys)
        assert await storage.sweep() == 1
    async with opened(SECRETS[:1]) as storage:
        language = (await storage.readers.recall("telegram", READER)).language
        is_known = released in {"0001", HEAD}  # the first knew one key alone, the newest marks what is under which
        assert language == ("es" if is_known else None)
        assert len(rows("SELECT key FROM reader")) == is_known
