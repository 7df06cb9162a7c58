import asyncio

import pytest
from sqlalchemy import text

pytestmark = pytest.mark.asyncio


async def test_reading_sees_one_state_throughout(opened):
    count = text("SELECT count(*) FROM reader")
    async with opened() as storage:
        async with storage.database.reading() as connection:
            assert (await connection.execute(count)).scalar() == 0
            await storage.readers.choose_language("telegram", "1", "es")
            assert (await connection.execute(count)).scalar() == 0
        async with storage.database.reading() as connection:
            assert (await connection.execute(count)).scalar() == 1


async def test_cancelled_write_leaves_the_database_usable(opened):
    async with opened() as storage:
        for delay in (0, 0.0005, 0.001, 0.002, 0.004):
            task = asyncio.create_task(storage.readers.choose_language("telegram", "1", "es"))
            await asyncio.sleep(delay)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await storage.readers.choose_language("telegram", "1", "en")
        assert (await storage.readers.recall("telegram", "1")).language == "en"


async def test_many_more_reads_than_connections_all_answer(opened):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "1", "es")
        answers = await asyncio.gather(*(storage.readers.recall("telegram", "1") for _ in range(80)))
    assert {answer.language for answer in answers} == {"es"}
