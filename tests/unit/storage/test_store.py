import asyncio
import logging

import pytest

from bot.core.errors import ServiceError, SettingsError
from bot.core.messages import Turn
from bot.storage.keys import KEY_FILE, Keys
from bot.storage.probe import FINE, probe
from tests.unit.storage.conftest import on_file, on_server

pytestmark = pytest.mark.asyncio

OLD, NEW = "an old secret of an operator", "a new secret of an operator"
ICE = Turn("what_is", "term:ice")


async def test_wrong_key_is_refused_at_start_by_the_name_of_its_variable(opened):
    async with opened([OLD]):
        pass
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY lacks the key") as caught:
        async with opened([NEW]):
            pass
    assert OLD not in str(caught.value)
    assert NEW not in str(caught.value)
    async with opened([OLD]) as storage:
        assert await probe(storage.database) == FINE


@on_server
async def test_server_without_a_secret_is_refused_by_the_name_of_its_variable(fresh, opened, folder):
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY is required with PostgreSQL"):
        async with opened([]):
            pass
    assert not folder.exists()


@on_file
async def test_no_secret_makes_a_key_that_serves_after_a_restart(fresh, opened):
    async with opened([]) as storage:
        await storage.readers.remember_turn("telegram", "1", ICE)
    async with opened([]) as storage:
        assert (await storage.readers.recall("telegram", "1")).turn == ICE


@on_file
async def test_lost_key_file_is_missed_and_not_made_anew(opened, folder):
    async with opened([]):
        pass
    kept = (folder / KEY_FILE).rename(folder / "kept")
    with pytest.raises(SettingsError, match=r"secret\.key cannot be read .*restore it"):
        async with opened([]):
            pass
    kept.rename(folder / KEY_FILE)
    async with opened([]) as storage:
        assert await probe(storage.database) == FINE


@on_file
async def test_key_of_the_file_may_move_to_the_environment(opened, folder):
    async with opened([]) as storage:
        await storage.readers.choose_language("telegram", "1", "es")
    async with opened([NEW, (folder / KEY_FILE).read_text()]) as storage:
        assert (await storage.readers.recall("telegram", "1")).language == "es"


async def test_rotated_key_still_finds_readers_and_moves_them_when_they_write(opened, rows):
    async with opened([OLD]) as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        await storage.readers.remember_turn("telegram", "1", ICE)
    async with opened([NEW, OLD]) as storage:
        assert (await storage.readers.recall("telegram", "1")).language == "es"
        assert (await storage.readers.recall("telegram", "1")).turn == ICE
        await storage.readers.choose_language("telegram", "1", "en")
    assert rows("SELECT key FROM reader") == [Keys([NEW]).row_keys("telegram", "1")]
    async with opened([NEW]) as storage:
        assert (await storage.readers.recall("telegram", "1")).language == "en"
        assert (await storage.readers.recall("telegram", "1")).turn == ICE


async def test_old_key_alone_is_refused_once_a_new_one_encrypts(opened):
    for secrets in ([OLD], [OLD, NEW], [NEW, OLD], [NEW]):
        async with opened(secrets) as storage:
            assert await probe(storage.database) == FINE
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY"):
        async with opened([OLD]):
            pass


@on_file
async def test_forget_reaches_a_row_under_an_older_key(opened, on_disk):
    async with opened([OLD]) as storage:
        await storage.readers.choose_language("telegram", "1", "es")
    [row_key] = Keys([OLD]).row_keys("telegram", "1")
    assert row_key in on_disk()
    async with opened([NEW, OLD]) as storage:
        await storage.readers.forget("telegram", "1")
        assert (await storage.readers.recall("telegram", "1")).language is None
    assert row_key not in on_disk()


async def test_turns_that_ended_while_the_program_was_down_are_erased_by_the_first_sweep(opened, clock, rows):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", "1", ICE)
    clock.move(minutes=10)
    async with opened() as storage:
        assert await storage.sweep() == 1
    assert rows("SELECT count(*) FROM reader") == [(0,)]


async def test_sweeping_goes_on_after_a_failure_until_cancelled(opened, clock, caplog):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", "55501", ICE)
        clock.move(minutes=10)
        failures = iter([ServiceError("The database is held by another program.")])
        sweep, swept = storage.readers.sweep, asyncio.Event()

        async def fail_once(now):
            for failure in failures:
                raise failure
            count = await sweep(now)
            swept.set()
            return count

        storage.readers.sweep = fail_once
        task = asyncio.create_task(storage.keep_sweeping(0.001))
        await asyncio.wait_for(swept.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert "held by another program" in caplog.text
        assert await sweep(clock.now()) == 0


@on_file
async def test_another_folders_key_file_is_refused(fresh, opened, folder, tmp_path):
    async with opened([], url=f"sqlite:///{tmp_path / 'one.db'}"):
        pass
    (folder / KEY_FILE).write_text("the key of another folder\n")
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY lacks the key"):
        async with opened([], url=f"sqlite:///{tmp_path / 'one.db'}"):
            pass


async def test_database_that_lost_its_tables_is_not_ready(opened, rows):
    async with opened() as storage:
        assert await probe(storage.database) == FINE
        rows("DROP TABLE key_check")
        with pytest.raises(ServiceError, match="does not answer as it should"):
            await probe(storage.database)


async def test_logs_at_their_most_talkative_name_no_reader(fresh, opened, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="alembic")  # which the command line quiets for its whole process
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "7305551234", "es")
        await storage.readers.remember_turn("telegram", "7305551234", ICE)
        await storage.readers.recall("telegram", "7305551234")
        await storage.readers.forget("telegram", "7305551234")
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "alembic" in {record.name.partition(".")[0] for record in caplog.records}  # something was said
    for word in ("7305551234", "term:ice", "INSERT INTO reader", repr(Keys(["the first secret of these tests"]))):
        assert word not in said
