import asyncio
import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.core.errors import SettingsError
from bot.storage import open_storage
from bot.storage.database import FILE_NAME
from bot.storage.schema import HEAD
from bot.storage.tables import metadata

pytestmark = pytest.mark.asyncio


async def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_migrated_schema_has_no_difference_from_the_tables(opened, folder):
    async with opened():
        pass
    engine = create_engine(f"sqlite:///{folder / FILE_NAME}")
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


async def test_fresh_schema_is_written_as_the_migrated_one_is(opened, folder, tmp_path):
    async with opened():
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated = _statements(folder / FILE_NAME)
    del migrated["alembic_version"]
    assert migrated == _statements(tmp_path / "fresh.db")
    assert {"reader", "key_check", "ix_reader_turn_at"} <= migrated.keys()


def _statements(path) -> dict[str, list[str]]:
    """What made each table and index, as a sorted list of its parts: columns, checks, options."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: sorted(part.strip().rstrip(",").strip() for part in sql.splitlines()) for name, sql in rows}


async def test_newer_database_is_refused_and_left_as_it_is(opened, folder):
    async with opened():
        pass
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    with pytest.raises(SettingsError, match=r"newer than this program .*9999.*update the program"):
        async with opened():
            pass
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


async def test_interrupted_migration_leaves_nothing_and_is_run_again(opened, folder, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise InterruptedError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", interrupt)
        with pytest.raises(InterruptedError):
            async with opened():
                pass
    assert _statements(folder / FILE_NAME) == {}
    async with opened() as storage:
        assert await storage.ready()


async def test_programs_that_start_at_once_make_one_database(folder, clock):
    for attempt in range(5):
        place = folder / str(attempt)
        starts = [asyncio.to_thread(_start_and_end, place, clock) for _ in range(4)]
        assert await asyncio.gather(*starts) == [True] * 4


def _start_and_end(folder, clock) -> bool:
    async def run() -> bool:
        storage = await open_storage(None, folder, [], clock)
        try:
            return await storage.ready()
        finally:
            await storage.close()

    return asyncio.run(run())


async def test_start_on_an_existing_database_does_not_import_the_migrations(opened, folder):
    async with opened(["a secret of this test"]):
        pass
    program = """
import asyncio, sys
from pathlib import Path
from bot.core.clock import SystemClock
from bot.storage import open_storage

async def run():
    await (await open_storage(None, Path(sys.argv[1]), ["a secret of this test"], SystemClock())).close()

asyncio.run(run())
print([name for name in sys.modules if name.startswith(("alembic", "mako"))])
"""
    run = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(folder), stdout=subprocess.PIPE)
    said, _ = await run.communicate()
    assert said.decode().strip() == "[]"
