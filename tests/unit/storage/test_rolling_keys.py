"""A new key taken up by two replicas on one server, one after the other, while readers go on writing to both."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.core.errors import SettingsError
from bot.core.messages import Turn
from bot.reminders.subscription import Subscription
from bot.storage import open_storage
from bot.storage.keys import Keys
from bot.storage.rotation import renew_keys
from tests.unit.storage.conftest import on_server

pytestmark = pytest.mark.asyncio

OLD, NEW = "an old secret of an operator", "a new secret of an operator"
# What the runbook says: known to both before either writes with it, and taken out once nothing is under the old one.
STEPS = (([OLD], [OLD]), ([OLD, NEW], [OLD]), ([OLD, NEW], [OLD, NEW]), ([NEW, OLD], [OLD, NEW]), ([NEW, OLD],) * 2)
TOPIC = "dallas-287g"
TURN = Turn("what_is", "term:ice")
MADE = Subscription("es", datetime(2025, 10, 24, tzinfo=UTC))
SWEPT = 3  # as often as a minute passes at each step


async def _write(storage, chat: str) -> None:
    await storage.readers.choose_language("telegram", chat, "es")
    await storage.readers.remember_turn("telegram", chat, TURN)
    await storage.readers.flush()
    await storage.subscriptions(TOPIC).put("telegram", chat, MADE)


async def _is_known(storage, chat: str) -> bool:
    kept = await storage.readers.recall("telegram", chat)
    subscription = await storage.subscriptions(TOPIC).get("telegram", chat)
    return (kept.language, kept.turn, subscription) == ("es", TURN, MADE)


async def _sweep(*storages) -> None:
    """What each does once a minute."""
    async with asyncio.TaskGroup() as group:
        for storage in storages:
            for _ in range(SWEPT):
                group.create_task(renew_keys(storage.database, storage.keys))
                group.create_task(storage.sweep())


@on_server
async def test_each_reader_is_found_by_both_replicas_at_every_step(opened, rows):
    written: list[str] = []
    for number, (one, other) in enumerate(STEPS):
        async with opened(one) as first, opened(other) as second:
            for storage, name in ((first, "a"), (second, "b")):
                await _write(storage, f"7{number}{name}")
                written.append(f"7{number}{name}")
            await _sweep(first, second)
            for chat in written:
                assert await _is_known(first, chat), (number, chat)
                assert await _is_known(second, chat), (number, chat)
            assert rows("SELECT count(*) FROM subscription") == [(len(written),)]
    async with opened([NEW, OLD]) as storage:
        await renew_keys(storage.database, storage.keys)
        for chat in written:  # whoever writes is under the new key from then on
            await storage.readers.remember_turn("telegram", chat, TURN)
    async with opened([NEW]) as one, opened([NEW]) as other:
        for chat in written:
            assert await _is_known(one, chat)
            assert await _is_known(other, chat)
            await other.readers.forget("telegram", chat)
    assert rows("SELECT count(*) FROM reader") == rows("SELECT count(*) FROM subscription") == [(0,)]
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY lacks the key"):
        async with opened([OLD]):
            pass


async def test_languages_under_a_key_that_is_taken_away_are_erased_and_all_others_stay(opened, rows, caplog):
    async with opened([OLD]) as storage:
        for chat in ("1", "2"):
            await storage.readers.choose_language("telegram", chat, "es")
    async with opened([NEW, OLD]) as storage:
        await storage.readers.remember_turn("telegram", "2", TURN)
        await storage.readers.choose_language("telegram", "3", "en")
        await storage.readers.flush()
        assert (await storage.readers.recall("telegram", "1")).language == "es"
    async with opened([NEW]) as storage:
        kept = [(await storage.readers.recall("telegram", chat)).language for chat in ("1", "2", "3")]
        assert kept == [None, "es", "en"]
    assert rows("SELECT count(*) FROM reader") == [(2,)]
    assert "readers_let_go" in caplog.text
    assert all(mark.hex() == Keys([NEW]).fingerprints[0][:4].hex() for (mark,) in rows("SELECT mark FROM reader"))


async def test_replicas_that_start_at_once_with_a_new_key_agree(opened, url, folder, clock, rows):
    async with opened([OLD]) as storage:
        await _write(storage, "1")

    async def start() -> bool:
        storage = await open_storage(url, folder, [NEW, OLD], clock)
        try:
            return await _is_known(storage, "1")
        finally:
            await storage.close()

    assert await asyncio.gather(*(start() for _ in range(4))) == [True] * 4
    assert len(rows("SELECT fingerprint FROM retired_key")) == len(rows("SELECT fingerprint FROM key_check")) == 1


@on_server
@pytest.mark.parametrize("secrets", [[], ["a secret that never wrote here"]])
async def test_server_without_its_key_is_refused_in_one_sentence(opened, secrets, url, folder, clock):
    async with opened([OLD]):
        pass
    with pytest.raises(SettingsError, match=r"^EXPLAINER_SECRET_KEY") as refused:
        await open_storage(url, folder, secrets, clock)
    assert "\n" not in str(refused.value)
    assert not folder.exists() or not list(folder.glob("*.key"))
