"""Replicas with different dates, on a real ledger in a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.clock import SystemClock
from bot.reminders.engine import content as module
from bot.reminders.engine.content import PATIENCE, Content, digest_of
from bot.storage import open_storage
from bot.storage.ledger import LedgerStore, open_ledger

pytestmark = pytest.mark.asyncio

MOVED = {"decisions.yaml": ("when: 2026-12-01", "when: 2026-12-08")}


@pytest_asyncio.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[LedgerStore]:
    storage = await open_storage(None, tmp_path / "var", ["the secret of these tests"], SystemClock())
    opened = open_ledger(None, tmp_path / "var", storage.keys, "old-bridge")
    yield opened
    await opened.close()
    await storage.close()


async def test_same_dates_have_one_name_and_others_another(base_of) -> None:
    assert digest_of(base_of()) == digest_of(base_of())
    assert digest_of(base_of()) != digest_of(base_of(changes=MOVED))


async def test_replica_that_started_last_speaks_and_one_with_other_dates_is_silent(ledger, base_of) -> None:
    old, new = Content(ledger, "one", base_of()), Content(ledger, "other", base_of(changes=MOVED))
    await old.adopt()
    assert await old.counts()
    await new.adopt()
    assert (await old.counts(), await new.counts()) == (False, True)
    await old.adopt(base_of(changes=MOVED))
    assert (await old.counts(), await new.counts()) == (True, True)


async def test_silent_replica_speaks_again_only_after_long_without_the_newer_one(ledger, base_of, monkeypatch) -> None:
    old, new, now = Content(ledger, "one", base_of()), Content(ledger, "other", base_of(changes=MOVED)), 100.0
    monkeypatch.setattr(module, "elapsed", lambda: now)
    await new.adopt()
    for alive, seconds, speaks in (
        (["one", "other"], 0.0, False),
        (["one"], PATIENCE, False),
        (["one"], PATIENCE - 1, False),
        (["one"], 2, True),
    ):
        now += seconds
        await old.watch(alive)
        assert await old.counts() is speaks


async def test_replica_of_the_same_content_stands_in_for_one_that_is_gone(ledger, base_of) -> None:
    one, twin = Content(ledger, "one", base_of()), Content(ledger, "twin", base_of())
    await one.adopt()
    await twin.watch(["twin"])
    assert (await ledger.adopted() or ("", ""))[1] == "twin"
