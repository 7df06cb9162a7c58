"""What /readyz and /metrics tell is gathered from all rooms, and from those alone that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.conversation.reloads import Reloads
from bot.conversation.tally import Tally
from bot.core.clock import FixedClock
from bot.core.errors import ServiceError
from bot.editorial.serving import Reloaded
from bot.platforms.web.metrics import Report, Samples
from bot.platforms.web.watching import UNDERSTANDING, Program, Served, Watching, campaign_figures
from bot.reminders.ledger import Progress

pytestmark = pytest.mark.asyncio

NOW = datetime(2025, 11, 6, 12, tzinfo=UTC)


@dataclass
class Disk:
    """A disk with this much room."""

    free: int | None = None

    async def look(self) -> str:
        self.free = 1000
        return "ok"


@dataclass
class Bot:
    """A bot that tells what it is given; `progress` may be an error."""

    campaigns: Sequence[Progress] | Exception = field(default_factory=list)

    def checks(self) -> Mapping[str, str]:
        return {"telegram": "out of reach"}

    def figures(self) -> Samples:
        return {"explainer_updates_failed": {(): 2}}

    def reminders(self) -> Mapping[str, float]:
        return {"due": 3, "lag": 4.5, "sent": 5, "rejected": 0, "skipped": 0, "repeated": 0, "throttled": 0}

    async def progress(self) -> Sequence[Progress]:
        if isinstance(self.campaigns, Exception):
            raise self.campaigns
        return self.campaigns


async def reload() -> Reloaded:
    return Reloaded()


async def away() -> str:
    raise ServiceError("The database is out of reach.")


async def fine() -> str:
    return "ok"


def campaign(state: str, total: int, sent: int, rejected: int = 0, skipped: int = 0) -> Progress:
    return Progress(f"{state}-{total}", state, NOW - timedelta(hours=1), True, total, sent, rejected, skipped)


def watching(
    bot: Bot | None = None, status: str = "ready", newest_on: datetime | None = None, **more: object
) -> Watching:
    program = Program(
        "1.2.3", FixedClock(NOW), lambda: Served("t", "v", status, newest_on), Reloads(reload), fine, Disk()
    )
    return Watching(Program(**{name: getattr(program, name) for name in Program.__slots__} | {"bot": bot} | more))


async def test_checks_are_those_of_the_rooms_there_are() -> None:
    assert await watching().ready() == {"content": "ok", "database": "ok", "disk": "ok", "understanding": "ok"}
    assert await watching(Bot(), "words", probe=away).ready() == {
        "content": "ok",
        "database": "The database is out of reach.",
        "disk": "ok",
        "understanding": UNDERSTANDING["words"],
        "telegram": "out of reach",
    }


async def test_figures_are_samples_of_known_metrics() -> None:
    figures = await watching(Bot(), newest_on=NOW - timedelta(days=1), probe=away).figures()
    list(Report(figures, Tally()).collect())  # raises for what is unknown
    assert figures["explainer_ready"] == {
        ("content",): True, ("database",): False, ("disk",): True, ("understanding",): True, ("telegram",): False,
    }  # fmt: skip
    assert figures["explainer_pack_info"] == {("t", "v"): 1}
    assert figures["explainer_build_info"] == {("1.2.3",): 1}
    assert figures["explainer_facts_age_seconds"] == {(): 86_400.0}
    assert figures["explainer_understanding"] == {(status,): status == "ready" for status in UNDERSTANDING}
    assert figures["explainer_disk_free_bytes"] == {(): 1000}
    assert figures["explainer_clock_set"] == {(): True}
    assert figures["explainer_reminders_lag_seconds"] == {(): 4.5}
    assert figures["explainer_updates_failed"] == {(): 2}
    assert figures["explainer_database_answer_seconds"][()] >= 0


async def test_page_alone_has_no_figures_of_a_bot() -> None:
    figures = await watching().figures()
    assert not [name for name, samples in figures.items() if samples and "telegram" in name]
    assert figures["explainer_campaigns"] == {}


async def test_campaigns_that_are_not_over_are_added_up() -> None:
    campaigns = [campaign("running", 100, 40, 5, 5), campaign("paused", 10, 0), campaign("done", 1000, 990, 10)]
    assert campaign_figures(campaigns) == {
        "explainer_campaigns": {("running",): 1, ("paused",): 1},
        "explainer_campaign_reminders": {("sent",): 40, ("rejected",): 5, ("skipped",): 5, ("remaining",): 60},
    }
    assert (await watching(Bot(campaigns)).figures())["explainer_campaigns"] == {("running",): 1, ("paused",): 1}


async def test_campaigns_are_left_out_while_the_database_is_away() -> None:
    figures = await watching(Bot(ServiceError("The database is out of reach."))).figures()
    assert figures["explainer_campaigns"] == {}
    assert figures["explainer_reminders_due"] == {(): 3}
