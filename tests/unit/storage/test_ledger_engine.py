import asyncio
import time

import pytest
from sqlalchemy import text

from bot.core.errors import ServiceError
from bot.storage.connection_thread import ConnectionThread
from bot.storage.ledger_engine import open_engine
from tests.unit.storage.conftest import on_server

pytestmark = pytest.mark.asyncio


async def test_transaction_that_fails_leaves_nothing_and_the_next_one_works(opened, url, folder):
    async with opened():
        thread = ConnectionThread(open_engine(url, folder), "ledger")
        write = text("INSERT INTO replica (name, heartbeat) VALUES ('one', 0)")
        with pytest.raises(ServiceError):
            await thread.run(lambda connection: (connection.execute(write), connection.execute(text("SELECT nothing"))))
        with pytest.raises(ServiceError):
            await thread.run(lambda c: c.connection.dbapi_connection.cursor().execute("SELECT nothing"))
        assert await thread.run(lambda c: c.execute(text("SELECT count(*) FROM replica")).scalar()) == 0
        await thread.close()


@on_server
async def test_replica_that_is_suspended_in_a_transaction_does_not_hold_up_the_others(opened, url, folder):
    async with opened():
        held_up, other = (ConnectionThread(open_engine(url, folder), "ledger") for _ in range(2))
        lock = text("SELECT next_at FROM rate_bucket FOR UPDATE")
        suspended = asyncio.create_task(held_up.run(lambda c: (c.execute(lock), time.sleep(3.5))))
        await asyncio.sleep(1.0)
        assert await other.run(lambda c: c.execute(lock).scalar()) == 0.0
        with pytest.raises(ServiceError):
            await suspended
        await held_up.close()
        await other.close()
