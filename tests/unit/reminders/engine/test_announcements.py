"""What operators are told, by a courier that may be down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.messages import Reply
from bot.reminders.campaign import Campaign, Plan, campaign_of
from bot.reminders.engine import announcements as module
from bot.reminders.engine.announcements import LOOKED_UP, STALLED, Announcements
from bot.reminders.ledger import Progress
from bot.reminders.notice import Kind, Notice

pytestmark = pytest.mark.asyncio

NOW = datetime(2025, 11, 1, 12, tzinfo=UTC)


@dataclass
class Office:
    """A courier to operators; what it is told while it `is_down` is lost."""

    is_down: bool = False
    told: list[tuple[str, int, int]] = field(default_factory=list)

    def prepare(self, reply: Reply) -> object:
        raise AssertionError(reply)

    async def send(self, chat: str, thread: int | None, prepared: object, silent: bool) -> int:
        raise AssertionError(chat, thread, prepared, silent)

    def answers_sent(self) -> int:
        return 0

    async def tell_admins(self, event: str, numbers: Mapping[str, str | int]) -> None:
        if not self.is_down:
            self.told.append((event, int(numbers["sent"]), int(numbers["total"])))


@dataclass
class Watch:
    """The seconds that count."""

    seconds: float = 100.0


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(module, "elapsed", lambda: watch.seconds)
    return watch


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def announcements(office: Office, watch: Watch) -> Announcements:
    return Announcements({"telegram": office})


def made() -> Campaign:
    return campaign_of([Notice("mending", Kind.WEEK, "v1", NOW, NOW + timedelta(days=5))], NOW)


def progress(total: int = 10, sent: int = 0, *, planned: bool = True) -> Progress:
    return Progress(made().key, "running", NOW, planned, total, sent, 0, 0)


async def test_start_is_told_once_with_the_number_of_recipients(announcements: Announcements, office: Office) -> None:
    announcements.made(Plan(create=(made(),)))
    await announcements.started([progress(0, planned=False)])
    assert office.told == []
    await announcements.started([progress(10)])
    await announcements.started([progress(10, 2)])
    assert office.told == [("started", 0, 10)]


async def test_start_is_told_before_a_long_lookup_ends(
    announcements: Announcements, office: Office, watch: Watch
) -> None:
    announcements.made(Plan(create=(made(),)))
    watch.seconds += LOOKED_UP + 1
    await announcements.started([progress(0, planned=False)])
    assert office.told == []
    await announcements.started([progress(500, 20, planned=False)])
    assert office.told == [("started", 20, 500)]


async def test_campaign_that_was_cancelled_before_is_not_told_as_started(
    announcements: Announcements, office: Office
) -> None:
    announcements.made(Plan(create=(made(),)))
    await announcements.started([replace(progress(0, planned=False), state="cancelled")])
    await announcements.started([progress(10)])
    assert office.told == []


async def test_campaign_of_another_replica_is_not_told_as_started(announcements: Announcements, office: Office) -> None:
    await announcements.started([progress(10)])
    assert office.told == []


async def test_stall_is_told_once_while_it_lasts(announcements: Announcements, office: Office, watch: Watch) -> None:
    await announcements.stalled([progress(10, 4)])
    for _ in range(5):
        watch.seconds += STALLED + 1
        await announcements.stalled([progress(10, 4)])
    assert office.told == [("stalled", 4, 10)]


async def test_stall_of_the_platform_reaches_the_operators_once_it_answers(
    announcements: Announcements, office: Office, watch: Watch
) -> None:
    await announcements.stalled([progress(10, 4)])
    office.is_down = True
    watch.seconds += STALLED + 1
    await announcements.stalled([progress(10, 4)])
    office.is_down = False
    for sent in (5, 6):
        await announcements.stalled([progress(10, sent)])
    assert office.told == [("resumed", 5, 10)]


async def test_campaign_that_moves_is_not_told_as_stalled(
    announcements: Announcements, office: Office, watch: Watch
) -> None:
    for sent in range(5):
        watch.seconds += STALLED - 1
        await announcements.stalled([progress(10, sent)])
    assert office.told == []
