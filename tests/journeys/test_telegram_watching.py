"""What an operator sees of the bot on Telegram: how it is, and what goes to and fro, whatever goes wrong on the way."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest

from bot.platforms.telegram import updates
from bot.platforms.telegram.webhook import Address
from tests.double import BotApiDouble, WebhookRules
from tests.double.stage import (
    POSTED,
    QUICK,
    SECRET,
    FixedAnswers,
    KeptReaders,
    Stage,
    free_port,
    platform_on,
    stage,
    webhook_stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="function")

IMPATIENT = replace(QUICK, poll=1, patience=1.5)


async def until(is_so: Callable[[], bool]) -> None:
    """Waits for it, at most half a minute."""
    for _ in range(600):
        if is_so():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came to be so")


def counted(on: Stage, family: str) -> dict[tuple[str, ...], float]:
    """The samples of a family that are not zero."""
    return {labels: value for labels, value in on.platform.watch.figures()[family].items() if value}


async def test_updates_and_calls_are_counted_by_polling() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("hello")
        chat.press("Vote")
        await chat.reply()
        assert (await chat.ask("fail")).text == "not_now in en"
        await until(lambda: on.platform.watch.figures()["explainer_updates_failed"][()] == 1)
        assert counted(on, "explainer_updates") == {
            ("message", "polling", "taken"): 2,
            ("callback_query", "polling", "taken"): 1,
        }
        sent = ("sendMessage", "ok")  # twice: the second says that the answer failed
        await until(lambda: counted(on, "explainer_telegram_calls").get(sent) == 2)
        calls = counted(on, "explainer_telegram_calls")
        assert calls["editMessageText", "ok"] == 1
        assert calls["getUpdates", "ok"] >= 2
        assert on.platform.state == "ok"
        assert on.platform.watch.figures()["explainer_telegram_contact_timestamp_seconds"][()] > 1_700_000_000


@pytest.mark.parametrize(("status", "result"), [(403, "forbidden"), (429, "too_many_requests"), (502, "server_error")])
async def test_failed_call_is_counted_by_its_kind(status: int, result: str) -> None:
    async with stage() as on:
        on.double.fail("sendMessage", status, retry_after=0.05)
        on.double.private().say("hello")
        await until(lambda: ("sendMessage", result) in counted(on, "explainer_telegram_calls"))


@pytest.mark.parametrize(("way", "result"), [("hang", "timeout"), ("drop", "lost")])
async def test_call_without_an_answer_is_counted_by_what_is_known(way: str, result: str) -> None:
    async with stage(replace(QUICK, read=0.3)) as on:
        getattr(on.double, way)("sendMessage", carried_out=True)
        on.double.private().say("hello")
        await until(lambda: ("sendMessage", result) in counted(on, "explainer_telegram_calls"))


async def test_flood_of_messages_is_counted_as_dropped() -> None:
    async with stage(replace(QUICK, burst=2, every=60.0)) as on:
        chat = on.double.private()
        for _ in range(6):
            chat.say("hello")
        await until(lambda: counted(on, "explainer_updates").get(("message", "polling", "dropped"), 0) == 3)


async def test_revoked_token_is_told_at_once_and_so_is_a_new_one() -> None:
    async with stage() as on:
        token = on.double.token
        on.double.token = "123456789:another"
        on.double.private().say("hello")
        await until(lambda: on.platform.state.startswith("Telegram refuses the token"))
        assert not on.platform.healthy
        on.double.token = token
        await until(lambda: on.platform.state == "ok")


async def test_second_poller_is_told() -> None:
    async with stage() as on:
        on.double.fail("getUpdates", 409)
        on.double.private().say("hello")
        await until(lambda: on.platform.state.startswith("another program asks"))
        assert not on.platform.healthy


@pytest.mark.parametrize("status", [404, 502])
async def test_polls_that_fail_for_long_are_told_until_one_succeeds(status: int) -> None:
    async with stage(IMPATIENT) as on:
        on.double.fail("getUpdates", status, times=3)  # the library waits longer after each
        await until(lambda: on.platform.state == "out of reach")
        await until(lambda: on.platform.state == "ok")


async def test_polls_that_fail_one_after_another_are_told_sooner() -> None:
    async with stage(replace(QUICK, poll=1, grace=1.0)) as on:
        on.double.fail("getUpdates", 502, times=3)
        on.double.private().say("hello")
        await until(lambda: on.platform.state == "out of reach")
        await until(lambda: on.platform.state == "ok")


async def test_token_refused_after_a_late_start_is_told() -> None:
    async with BotApiDouble() as double:
        double.fail("getMe", 503)
        async with platform_on(double, FixedAnswers(), KeptReaders(), token="123456789:AAanother") as platform:
            await until(lambda: platform.state.startswith("Telegram refuses the token"))


async def test_posts_are_counted_by_their_status() -> None:
    async with webhook_stage(POSTED) as on:
        await on.double.private().ask("/vote")
        async with aiohttp.ClientSession() as session:
            for headers, body in (({}, b"{}"), ({"X-Telegram-Bot-Api-Secret-Token": SECRET}, b"no update")):
                async with session.post(on.double.webhook.url, data=body, headers=headers) as response:
                    assert response.status in {400, 403}
        assert counted(on, "explainer_webhook_posts") == {("200",): 1, ("400",): 1, ("403",): 1}
        assert counted(on, "explainer_updates") == {("message", "webhook", "taken"): 1}


async def test_replaced_webhook_is_taken_back_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "LOOK_EVERY", 0.1)
    async with webhook_stage(POSTED) as on:
        await on.double.webhook.methods["setWebhook"]({"url": f"http://127.0.0.1:{free_port()}/of-another"})
        await until(lambda: on.platform.state.startswith("ok: another program took"))
        assert on.platform.healthy


async def test_posts_that_fail_are_told_while_they_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "LOOK_EVERY", 0.1)
    async with webhook_stage(POSTED) as on:
        assert on.platform.webhook is not None
        on.platform.webhook.shut()  # as a proxy that leads nowhere: 503
        chat = on.double.private()
        chat.say("/vote")
        await until(lambda: on.platform.state.startswith("ok: Telegram could not post"))
        figures = on.platform.watch.figures()
        assert figures["explainer_telegram_waiting_updates"][()] == 1
        assert figures["explainer_telegram_post_failed_timestamp_seconds"][()] > 1_700_000_000
        on.platform.webhook.open()
        assert (await chat.reply()).text
        await until(lambda: on.platform.state == "ok")


@pytest.mark.parametrize(("status", "told"), [(401, "ok: Telegram refuses the token"), (502, "ok: out of reach")])
async def test_webhook_without_telegram_is_told_and_still_serves(
    status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "LOOK_EVERY", 0.1)
    address = Address(f"http://127.0.0.1:{free_port()}/telegram/{SECRET}", SECRET)
    async with BotApiDouble(webhooks=WebhookRules(takes_http=True)) as double:
        readers, answers = KeptReaders(), FixedAnswers()
        async with platform_on(double, answers, readers, IMPATIENT, address=address) as platform:
            assert platform.state == "ok"
            double.fail("getWebhookInfo", status, times=1000)
            await until(lambda: platform.state.startswith(told))
            assert platform.healthy
