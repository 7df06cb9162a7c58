"""How the program begins with a webhook: before Telegram is there, after long polling, with wrong settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.platforms.telegram import updates
from bot.wiring import Explainer
from tests.double import BotApiDouble, WebhookRules
from tests.double.stage import POSTED, free_port, webhook_stage
from tests.faults.programs import PATH, WEBHOOK, Program, programs

pytestmark = pytest.mark.asyncio(loop_scope="function")

ENDED = 2  # the exit status of a wrong setting


@asynccontextmanager
async def program_on(double: BotApiDouble, data: Path, tmp_path: Path, **settings: str) -> AsyncIterator[Program]:
    """One program, not started yet."""
    async with programs(double, tmp_path, data, TELEGRAM_API_URL=double.url, **settings) as (program,):
        double.webhook.targets = [program.url]
        yield program


@pytest.mark.long
async def test_program_that_begins_before_telegram_is_there_takes_updates_once_it_is(
    served: Explainer, data: Path, tmp_path: Path
) -> None:
    port = free_port()
    double = BotApiDouble(port=port, webhooks=WebhookRules())
    settings = WEBHOOK | {"TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
    async with programs(double, tmp_path, data, **settings) as (program,), aiohttp.ClientSession() as session:
        await program.start()
        async with session.get(f"{program.url}/readyz") as checks:
            assert (checks.status, (await checks.json())["telegram"]) == (503, "out of reach")
        async with session.post(f"{program.url}{PATH}", json={"update_id": 1}) as refused:
            assert refused.status == 403
        double.webhook.targets = [program.url]
        async with double:
            chat = double.private()
            chat.say("/vote")
            assert (await chat.reply(40)).text
            async with session.get(f"{program.url}/readyz") as checks:
                assert checks.status == 200
            await program.stop()
            assert double.refused == []
        assert "telegram.out_of_reach" in program.said


@pytest.mark.long
async def test_either_way_takes_over_from_the_other_between_two_starts(
    served: Explainer, data: Path, tmp_path: Path
) -> None:
    async with BotApiDouble(webhooks=WebhookRules()) as double, program_on(double, data, tmp_path) as program:
        chat = double.private()
        for number, settings in enumerate(({}, WEBHOOK, {}, WEBHOOK), start=1):
            chat.say("/vote")  # while no program runs
            await program.start(**settings)
            assert (await chat.reply(20)).text
            assert (await chat.ask("/help")).text
            assert bool(double.webhook.url) == bool(settings)
            await program.stop()
            assert len(chat.messages) == 2 * number
        assert double.refused == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"TELEGRAM_BOT_TOKEN": "123456789:AAnot-the-token-of-this-bot-000000000"}, "TELEGRAM_BOT_TOKEN"),
        ({"TELEGRAM_WEBHOOK_SECRET": "no secret with blanks"}, "TELEGRAM_WEBHOOK_SECRET"),
        ({"TELEGRAM_WEBHOOK_SECRET": ""}, "TELEGRAM_WEBHOOK_SECRET"),
        ({"TELEGRAM_WEBHOOK_URL": ""}, "TELEGRAM_WEBHOOK_URL"),
        ({"TELEGRAM_WEBHOOK_URL": "https://bot.example.org/healthz"}, "TELEGRAM_WEBHOOK_URL"),
        ({"TELEGRAM_WEBHOOK_URL": f"https://127.0.0.1{PATH}"}, "TELEGRAM_WEBHOOK_URL"),  # Telegram reaches none such
    ],
)
async def test_wrong_setting_ends_the_start_with_one_sentence_that_names_it(
    settings: dict[str, str], named: str, served: Explainer, data: Path, tmp_path: Path
) -> None:
    async with BotApiDouble(webhooks=WebhookRules()) as double, program_on(double, data, tmp_path) as program:
        with pytest.raises(AssertionError, match="explainer: "):
            await program.start(**WEBHOOK | settings)
        assert await program.ended() == ENDED
        last = program.said.splitlines()[-1]
        assert last.startswith("explainer: ")
        assert named in last
        assert "Traceback" not in program.said
        assert not [value for value in settings.values() if value and value in last]


async def test_webhook_that_another_program_replaced_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "LOOK_EVERY", 0.2)
    async with webhook_stage(POSTED) as on:
        own, chat = on.double.webhook.url, on.double.private()
        for other in (f"http://127.0.0.1:{free_port()}/of-another", ""):
            await on.double.webhook.methods["setWebhook"]({"url": other})
            assert on.double.webhook.url == other
            chat.say("/vote")
            assert (await chat.reply()).text.startswith("when_is_the_vote")
            assert on.double.webhook.url == own
        assert await chat.is_quiet()
        assert on.platform.healthy
