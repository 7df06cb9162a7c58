"""A room in which a campaign is due: a real ledger in a file, and a courier of the test's own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.core.clock import Clock, RehearsalClock
from bot.factbase.base import FactBase
from bot.reminders import planning
from bot.reminders.engine.acknowledgements import Acknowledgements
from bot.reminders.engine.chunk_run import Means
from bot.reminders.engine.night import Night
from bot.reminders.engine.posting import Posting
from bot.reminders.engine.sender import Sender
from bot.reminders.engine.tally import Answers, Tally
from bot.reminders.engine.wording import Wording
from bot.reminders.subscription import Subscription
from bot.storage import open_storage
from bot.storage.keys import Keys
from bot.storage.ledger import open_ledger
from bot.storage.subscription_list import Entry
from tests.unit.reminders.engine.dispatch import DUE, SECRET, TOPIC, Post, Room, compose


@pytest.fixture
def room(tmp_path: Path, base_of: Callable[..., FactBase]) -> Callable[..., Any]:
    @asynccontextmanager
    async def opened(
        *readers: Subscription, rate: float = 400.0, post: Post | None = None, sent_at: Clock | None = None
    ) -> AsyncIterator[Room]:
        clock, base, folder, courier = RehearsalClock(DUE), base_of(), tmp_path / "var", post or Post()
        storage = await open_storage(None, folder, [SECRET], clock)
        entries = [Entry("telegram", str(number), TOPIC, one) for number, one in enumerate(readers)]
        await storage.subscription_list().add(entries)
        ledger = open_ledger(None, folder, Keys([SECRET]), TOPIC)
        assert await ledger.apply(planning.plan(base, clock, await ledger.past()))
        while await ledger.plan_page(clock.now()):
            pass
        couriers = {"telegram": courier}
        wording, acknowledgements, tally = Wording(compose, base, clock, couriers), Acknowledgements(ledger), Tally()
        night = Night(sent_at or clock, base.zone)
        posting = Posting(ledger, storage.subscriptions(TOPIC), couriers, wording, clock, night)
        means = Means(ledger, posting, acknowledgements, Answers(couriers), tally, rate)

        async def refresh() -> bool:
            wording.learn(await ledger.past())
            return True

        yield Room(storage, ledger, Sender(means, "local", refresh), courier, wording, tally)
        await acknowledgements.stop()
        await ledger.close()
        await storage.close()

    return opened
