import asyncio
import re
import sqlite3
import subprocess
import sys

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from bot.core.errors import SettingsError
from bot.storage import ledger_tables, open_storage
from bot.storage.address import FILE_NAME, open_database
from bot.storage.probe import FINE, probe
from bot.storage.schema import HEAD, upgrade
from bot.storage.tables import metadata
from tests.unit.storage.conftest import SECRET, on_file, on_server

pytestmark = pytest.mark.asyncio

OURS = {"reader", "key_check", "subscription", ledger_tables.delivery.name}
BETWEEN_PARTS = re.compile(r"\n|, (?![^(]*\))")  # a column that came later stands behind the one before it
DESCRIPTION = """
SELECT c.relname, 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
       coalesce(col_description(c.oid, a.attnum), ''), coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
UNION ALL SELECT conrelid::regclass::text, 'constraint', conname, pg_get_constraintdef(oid), '', '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tablename, 'index', indexname, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = 'public'
"""


def of_file(path) -> dict[str, list[str]]:
    """What made each table and index, as a sorted list of its parts: columns, checks, options."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    parts = {name: BETWEEN_PARTS.split(sql) for name, sql in rows}
    return {name: sorted(part.strip().rstrip(",") for part in found if part.strip()) for name, found in parts.items()}


def of_server(url) -> list[tuple[str, ...]]:
    """Columns with their comments, constraints and indexes of all tables."""
    with psycopg.connect(url) as connection:
        return sorted(row for row in connection.execute(DESCRIPTION) if row[0] != "alembic_version")


async def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_migrated_schema_has_no_difference_from_the_tables(fresh, opened):
    async with opened() as storage, storage.database.reading() as connection:
        assert await connection.run_sync(differences) == []


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


@on_file
async def test_fresh_file_is_written_as_the_migrated_one_is(fresh, opened, folder, tmp_path):
    async with opened():
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated = of_file(folder / FILE_NAME)
    del migrated["alembic_version"]
    fresh = of_file(tmp_path / "fresh.db")
    assert {"sqlite_sequence": [], **migrated} == {"sqlite_sequence": [], **fresh}
    assert OURS | {"ix_reader_turn_at"} <= migrated.keys()


@on_server
async def test_fresh_schema_of_a_server_is_as_the_migrated_one_is(fresh, opened, url, postgres, folder):
    async with opened():
        pass
    address = postgres.make()
    database = open_database(address, folder)
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    await database.close()
    migrated = of_server(url)
    assert migrated == of_server(address)
    assert {row[0] for row in migrated} >= OURS
    postgres.drop(address)


async def test_newer_database_is_refused_and_left_as_it_is(opened, rows):
    async with opened():
        pass
    rows("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SettingsError, match=r"newer than this program .*9999.*update the program") as refused:
        async with opened():
            pass
    assert "\n" not in str(refused.value)
    assert rows("SELECT version_num FROM alembic_version") == [("9999",)]


async def test_interrupted_migration_leaves_nothing_and_is_run_again(fresh, opened, url, folder, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise InterruptedError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", interrupt)
        with pytest.raises(InterruptedError):
            async with opened():
                pass
    assert not (of_server(url) if url else of_file(folder / FILE_NAME))
    async with opened() as storage:
        assert await probe(storage.database) == FINE


async def test_programs_that_start_at_once_make_one_database(fresh, opened, url, folder, clock):
    starts = [asyncio.to_thread(_start_and_end, url, folder, clock) for _ in range(4)]
    assert await asyncio.gather(*starts) == [True] * 4


def _start_and_end(url, folder, clock) -> bool:
    async def run() -> bool:
        storage = await open_storage(url, folder, [SECRET] if url else [], clock)
        try:
            return await probe(storage.database) == FINE
        finally:
            await storage.close()

    return asyncio.run(run())


async def test_upgrade_of_what_is_up_to_date_changes_nothing(opened):
    async with opened() as storage:
        await upgrade(storage.database)
        assert await probe(storage.database) == FINE


async def test_start_on_an_existing_database_does_not_import_the_migrations(opened, url, folder):
    async with opened(["a secret of this test"]):
        pass
    program = """
import asyncio, sys
from pathlib import Path
from bot.core.clock import SystemClock
from bot.storage import open_storage

async def run():
    url, folder = sys.argv[1] or None, Path(sys.argv[2])
    await (await open_storage(url, folder, ["a secret of this test"], SystemClock())).close()

asyncio.run(run())
print([name for name in sys.modules if name.startswith(("alembic", "mako"))])
"""
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, url or "", str(folder), stdout=subprocess.PIPE
    )
    said, _ = await run.communicate()
    assert said.decode().strip() == "[]"
