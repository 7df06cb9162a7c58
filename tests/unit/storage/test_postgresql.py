import asyncio

import psycopg
import pytest
from sqlalchemy import text

from bot.core.errors import ServiceError
from bot.core.messages import Turn
from bot.storage import open_storage
from bot.storage.address import open_database
from bot.storage.probe import FINE, probe
from tests.unit.storage.conftest import SECRET, on_server

pytestmark = pytest.mark.asyncio


@on_server
async def test_connections_have_their_limits(opened):
    async with opened() as storage, storage.database.writing() as connection:
        found = [
            (await connection.execute(text(f"SHOW {name}"))).scalar()
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "timezone")
        ]
    assert found == ["2s", "20s", "1min", "UTC"]


@on_server
async def test_settings_in_the_address_go_before_ours(opened, url, folder):
    database = open_database(f"{url}&options=-c%20lock_timeout%3D5s&application_name=ours", folder)
    async with database.reading() as connection:
        assert (await connection.execute(text("SHOW lock_timeout"))).scalar() == "5s"
        assert (await connection.execute(text("SHOW statement_timeout"))).scalar() == "20s"
        assert (await connection.execute(text("SHOW application_name"))).scalar() == "ours"
    await database.close()


@on_server
async def test_reading_cannot_write(opened):
    async with opened() as storage:
        with pytest.raises(ServiceError, match="cannot be written"):
            async with storage.database.reading() as connection:
                await connection.execute(text("DELETE FROM reader"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@127.0.0.1:1/explainer",
        "postgresql://me:hush@/explainer?host=127.0.0.1:1&host=127.0.0.1:2",
        "postgresql://me:hush@/explainer?host=/nowhere",
    ],
)
async def test_server_that_is_not_there_is_said_without_address_or_password(url, folder, clock):
    with pytest.raises(ServiceError, match="out of reach") as caught:
        await open_storage(url, folder, [SECRET], clock)
    assert not {"hush", "127.0.0.1", "nowhere", "me:"} & set(str(caught.value).split())
    assert "hush" not in f"{caught.value.__cause__!r}"


async def test_database_or_user_that_is_not_there_is_said(postgres, folder, clock):
    for address in (postgres.address("nothing"), postgres.address().replace("postgres@", "nobody:hush@")):
        with pytest.raises(ServiceError, match="out of reach") as caught:
            await open_storage(address, folder, [SECRET], clock)
        assert "nobody" not in str(caught.value)
        assert "hush" not in f"{caught.value.__cause__!r}"


@on_server
async def test_reader_locked_by_another_replica_is_said_and_passes(opened, url):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        with psycopg.connect(url) as other:
            other.execute("SELECT * FROM reader FOR UPDATE")
            assert (await storage.readers.recall("telegram", "1")).language == "es"
            with pytest.raises(ServiceError, match="busy"):
                await storage.readers.choose_language("telegram", "1", "en")
        await storage.readers.choose_language("telegram", "1", "en")
        assert (await storage.readers.recall("telegram", "1")).language == "en"


async def test_pool_recovers_when_the_server_comes_back(lone_postgres, folder, clock):
    url = lone_postgres.make()
    storage = await open_storage(url, folder, [SECRET], clock)
    await asyncio.gather(*(storage.readers.choose_language("telegram", str(number), "es") for number in range(20)))
    lone_postgres.stop()
    with pytest.raises(ServiceError, match="out of reach"):
        await probe(storage.database)
    with pytest.raises(ServiceError, match="out of reach"):
        await storage.readers.choose_language("telegram", "1", "en")
    with pytest.raises(ServiceError, match="out of reach"):
        await storage.readers.recall("telegram", "1")
    await storage.readers.remember_turn("telegram", "1", Turn("help"))
    with pytest.raises(ServiceError, match="out of reach"):
        await storage.readers.flush()
    lone_postgres.start()
    answers = await asyncio.gather(*(storage.readers.recall("telegram", str(number)) for number in range(20)))
    assert {answer.language for answer in answers} == {"es"}
    assert await probe(storage.database) == FINE
    await storage.close()
    storage = await open_storage(url, folder, [SECRET], clock)
    assert (await storage.readers.recall("telegram", "1")).turn == Turn("help")
    await storage.close()


@on_server
async def test_connections_that_the_server_ended_are_replaced_unseen(opened, postgres, url):
    ours = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE 'test_%'"
    )
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", "1", Turn("what_is"))
        await storage.readers.flush()
        postgres.tell(ours)
        assert (await storage.readers.recall("telegram", "1")).turn == Turn("what_is")
        postgres.tell(ours)
        await storage.readers.remember_turn("telegram", "1", Turn("help"))
        await storage.readers.flush()
        assert (await storage.readers.recall("telegram", "1")).turn == Turn("help")


@on_server
async def test_transaction_that_loses_its_connection_is_said(opened, postgres):
    async with opened() as storage:
        with pytest.raises(ServiceError, match="out of reach"):
            await _lose(storage.database, postgres)
        assert await probe(storage.database) == FINE


async def _lose(database, postgres) -> None:
    async with database.writing() as connection:
        pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar()
        postgres.tell(f"SELECT pg_terminate_backend({pid}, 2000)")
        await connection.execute(text("SELECT 1"))


@on_server
async def test_writers_of_one_reader_in_two_replicas_wait_for_each_other(opened):
    async with opened() as one, opened() as other:
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(one.readers.choose_language("telegram", "1", f"l{number}"))
                group.create_task(other.readers.remember_turn("telegram", "1", Turn(f"t{number}")))
                if number == 10:
                    group.create_task(other.readers.forget("telegram", "1"))
        await one.readers.choose_language("telegram", "1", "last")  # whichever of them came last, it is not forgotten
        await other.readers.remember_turn("telegram", "1", Turn("last"))
    async with opened() as storage:
        assert (await storage.readers.recall("telegram", "1")).language == "last"
        assert (await storage.readers.recall("telegram", "1")).turn == Turn("last")
