import asyncio
import logging
from datetime import UTC, datetime

import pytest

from bot.core.errors import SettingsError
from bot.reminders.subscription import Subscription
from bot.storage.rotation import renew_keys
from bot.storage.subscription_list import Entry

pytestmark = pytest.mark.asyncio

TOPIC = "dallas-287g"
OLD, NEW = "an old secret of an operator", "a new secret of an operator"
MADE = Subscription("es", datetime(2025, 10, 24, tzinfo=UTC), frozenset({"day"}), thread=7)


async def _subscribe(storage, count: int) -> None:
    entries = [Entry("telegram", str(number), TOPIC, MADE) for number in range(count)]
    assert await storage.subscription_list().add(entries) == count


async def test_rotation_moves_every_subscription_while_the_program_runs(opened, monkeypatch):
    monkeypatch.setattr("bot.storage.rotation.BATCH", 10)
    async with opened([OLD]) as storage:
        await _subscribe(storage, 35)
    async with opened([NEW, OLD]) as storage:
        subscriptions = storage.subscriptions(TOPIC)
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(renew_keys(storage.database, storage.keys))
            for number in range(30, 40):
                group.create_task(subscriptions.put("telegram", str(number), MADE))
        assert 30 <= renewing.result() <= 35
    async with opened([NEW]) as storage:
        for number in range(40):
            assert await storage.subscriptions(TOPIC).get("telegram", str(number)) == MADE
        assert len([entry async for page in storage.subscription_list().pages() for entry in page]) == 40


async def test_sweeping_moves_subscriptions_too(opened):
    async with opened([OLD]) as storage:
        await _subscribe(storage, 3)
    async with opened([NEW, OLD]) as storage:
        sweep, swept = storage.readers.sweep, asyncio.Event()

        async def note(now):
            swept.set()
            return await sweep(now)

        storage.readers.sweep = note
        task = asyncio.create_task(storage.keep_sweeping())
        await asyncio.wait_for(swept.wait(), 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with opened([NEW]) as storage:
        assert await storage.subscriptions(TOPIC).get("telegram", "1") == MADE


async def test_key_that_subscriptions_are_still_under_cannot_be_taken_away(opened):
    async with opened([OLD]) as storage:
        await _subscribe(storage, 3)
    async with opened([NEW, OLD]):
        pass
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY lacks an older key"):
        async with opened([NEW]):
            pass
    async with opened([NEW, OLD]) as storage:
        assert await renew_keys(storage.database, storage.keys) == 3
        assert await renew_keys(storage.database, storage.keys) == 0
    async with opened([NEW]) as storage:
        assert await storage.subscriptions(TOPIC).get("telegram", "1") == MADE
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY lacks the key"):
        async with opened([OLD]):
            pass


async def test_key_may_go_back_and_forth(opened):
    async with opened([OLD]) as storage:
        await _subscribe(storage, 2)
    for secrets in ([NEW, OLD], [OLD, NEW], [NEW, OLD]):
        async with opened(secrets) as storage:
            assert await renew_keys(storage.database, storage.keys) in {0, 2}
    async with opened([NEW]) as storage:
        assert await storage.subscriptions(TOPIC).get("telegram", "0") == MADE


async def test_chat_that_subscribed_anew_through_another_replica_keeps_that(opened):
    newer = Subscription("en", datetime(2025, 10, 25, tzinfo=UTC))
    async with opened([NEW, OLD]) as storage:
        await storage.subscriptions(TOPIC).put("telegram", "1", newer)
    async with opened([OLD, NEW]) as storage:
        assert await storage.subscription_list().count() == 1
    async with opened([NEW, OLD]) as one:
        await one.subscriptions(TOPIC).put("telegram", "1", newer)
        async with opened([OLD, NEW]) as other:
            await other.subscriptions("another").put("telegram", "1", MADE)
        await one.subscriptions("another").put("telegram", "1", newer)
        assert await renew_keys(one.database, one.keys) == 0
        assert await one.subscriptions("another").get("telegram", "1") == newer
        assert await one.subscription_list().count() == 2


async def test_what_cannot_be_decrypted_stays_and_is_warned_of(opened, rows, caplog):
    async with opened([OLD]) as storage:
        await _subscribe(storage, 2)
    rows("UPDATE subscription SET sealed = %s WHERE id = (SELECT min(id) FROM subscription)", b"nothing that opens")
    async with opened([NEW, OLD]) as storage:
        caplog.set_level(logging.INFO)
        assert await renew_keys(storage.database, storage.keys) == 1
        assert "storage.unreadable subscriptions=1" in caplog.text
        assert await storage.subscription_list().count() == 2
