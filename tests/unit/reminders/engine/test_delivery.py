"""What a delivery does between its jobs, on a real ledger in a file."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.clock import RehearsalClock
from bot.core.errors import ServiceError
from bot.core.messages import Reply
from bot.factbase.base import FactBase
from bot.reminders.engine import announcements
from bot.reminders.engine.announcements import STALLED
from bot.reminders.engine.content import digest_of
from bot.reminders.engine.delivery import Delivery, Setup
from bot.reminders.subscription import Subscription
from bot.storage import open_storage
from bot.storage.address import FILE_NAME
from bot.storage.keys import Keys
from bot.storage.ledger import open_ledger
from bot.storage.subscription_list import Entry

pytestmark = pytest.mark.asyncio

SECRET = "the secret of these tests"
TOPIC = "old-bridge"
DUE = datetime(2026, 11, 24, 14, 0, 1, tzinfo=UTC)
SINCE = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass
class Office:
    """A courier that only operators are reached by."""

    told: list[tuple[str, str | int]] = field(default_factory=list)

    def prepare(self, reply: Reply) -> object:
        return reply

    async def send(self, chat: str, thread: int | None, prepared: object, silent: bool) -> int:
        raise AssertionError(chat, thread, prepared, silent)

    def answers_sent(self) -> int:
        return 0

    async def tell_admins(self, event: str, numbers: Mapping[str, str | int]) -> None:
        self.told.append((event, numbers["total"]))


def nothing(*_: object) -> None:
    """Composes no message."""


async def test_operators_are_told_of_a_start_with_its_recipients_and_of_a_database_that_stalls(
    tmp_path: Path, base_of: Callable[..., FactBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, folder, office, now = RehearsalClock(DUE), tmp_path / "var", Office(), 100.0
    monkeypatch.setattr(announcements, "elapsed", lambda: now)
    storage = await open_storage(None, folder, [SECRET], clock)
    await storage.subscription_list().add([Entry("telegram", "1", TOPIC, Subscription("en", SINCE))])
    ledger = open_ledger(None, folder, Keys([SECRET]), TOPIC)
    setup = Setup(
        ledger, storage.subscriptions(TOPIC), {"telegram": office}, clock, 28.0, "local", "sqlite://",
        timedelta(days=30), rehearsal=True,
    )  # fmt: skip
    delivery = Delivery(setup, base_of(), nothing)
    await delivery.look()
    await delivery._report()
    assert office.told == []
    await delivery._look_up()
    await delivery._report()
    assert office.told == [("started", 1)]
    with closing(sqlite3.connect(folder / FILE_NAME)) as file, file:
        file.execute("ALTER TABLE campaign RENAME TO out_of_reach")
    now += STALLED + 1
    with pytest.raises(ServiceError):
        await delivery._report()
    assert office.told == [("started", 1), ("stalled", 1)]
    await ledger.close()
    await storage.close()


async def test_content_read_anew_moves_reminders_and_counts_from_then_on(
    tmp_path: Path, base_of: Callable[..., FactBase]
) -> None:
    clock, folder = RehearsalClock(DUE), tmp_path / "var"
    storage = await open_storage(None, folder, [SECRET], clock)
    ledger = open_ledger(None, folder, Keys([SECRET]), TOPIC)
    setup = Setup(
        ledger, storage.subscriptions(TOPIC), {"telegram": Office()}, clock, 28.0, "local", "sqlite://",
        timedelta(days=30), rehearsal=True,
    )  # fmt: skip
    later = base_of(changes={"decisions.yaml": ("when: 2026-12-01", "when: 2026-12-15")})
    delivery = Delivery(setup, later, nothing)
    await delivery.look()
    assert (await ledger.progress(), await ledger.adopted()) == ([], (digest_of(later), "local"))
    corrected = base_of()
    delivery.reload(corrected, nothing)
    await ledger.adopt(digest_of(later), "another")  # one that started since, and was not told of the correction
    await delivery._plan()
    assert await ledger.adopted() == (digest_of(corrected), "local")
    assert [one.state for one in await ledger.progress()] == ["running"]
    await ledger.close()
    await storage.close()
