"""`explainer campaigns` in this process, on both databases."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.core.clock import SystemClock
from bot.reminders.campaign import Plan, campaign_of
from bot.reminders.notice import Kind, Notice
from bot.reminders.subscription import Subscription
from bot.storage import open_storage
from bot.storage.ledger import open_ledger
from bot.storage.subscription_list import Entry

SECRET = "the secret of these tests"
TOPIC = "dallas-287g"
NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)
CAMPAIGN = campaign_of([Notice("sb8-deadline", Kind.WEEK, "v1", NOW, NOW + timedelta(days=5))], NOW)

Invoke = Callable[..., Result]


@pytest.fixture(params=["sqlite", "postgresql"])
def invoke(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command over a database in which one campaign waits to be sent to two chats."""
    for name in ("EXPLAINER_CLOCK", "DATABASE_URL", "EXPLAINER_SECRET_KEY_FILE", "EXPLAINER_FACTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPLAINER_SECRET_KEY", SECRET)
    monkeypatch.setenv("EXPLAINER_DATA", str(tmp_path / "var"))
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    if url:
        monkeypatch.setenv("DATABASE_URL", url)
    asyncio.run(make(url, tmp_path / "var"))
    return lambda *words: CliRunner().invoke(main, ("campaigns", *words))


async def make(url: str | None, folder: Path) -> None:
    storage = await open_storage(url, folder, [SECRET], SystemClock())
    subscription = Subscription("en", NOW - timedelta(days=9))
    entries = [Entry("telegram", str(chat), TOPIC, subscription) for chat in range(2)]
    await storage.subscription_list().add(entries)
    ledger = open_ledger(url, folder, storage.keys, TOPIC)
    assert await ledger.apply(Plan(create=(CAMPAIGN,)))
    while await ledger.plan_page(NOW):
        pass
    await ledger.close()
    await storage.close()


def test_campaigns_are_listed_for_people(invoke: Invoke) -> None:
    lines = invoke().stdout.splitlines()
    assert lines[0].split() == ["campaign", "state", "total", "sent", "rejected", "remaining"]
    assert lines[1].split() == [CAMPAIGN.key, "running", "2", "0", "0", "2"]


def test_campaigns_are_listed_for_scripts(invoke: Invoke) -> None:
    (line,) = invoke("--json").stdout.splitlines()
    campaign = json.loads(line)
    assert campaign == {
        "key": CAMPAIGN.key, "state": "running", "created_at": NOW.isoformat(), "planned": True,
        "total": 2, "sent": 0, "rejected": 0, "skipped": 0, "remaining": 2,
    }  # fmt: skip


def test_campaign_is_paused_resumed_and_cancelled(invoke: Invoke) -> None:
    states = []
    for word in ("pause", "resume", "cancel"):
        result = invoke(word, CAMPAIGN.key)
        assert result.exit_code == 0, result.output
        states.append(json.loads(invoke("--json").stdout)["state"])
    assert states == ["paused", "running", "cancelled"]


@pytest.mark.parametrize("key", ["nothing-like-it", CAMPAIGN.key])
def test_campaign_that_is_not_under_way_is_said(invoke: Invoke, key: str) -> None:
    invoke("cancel", CAMPAIGN.key)
    result = invoke("resume", key)
    assert result.exit_code == 2
    assert f"No campaign {key} is under way" in result.stderr
