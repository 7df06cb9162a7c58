"""What the doctor says of the bot's account, each line provoked on a Bot API over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.clock import FixedClock, SystemClock
from bot.core.errors import SettingsError
from bot.core.observations import Condition, Observation
from bot.platforms.telegram.examination import Account, examine_account
from bot.platforms.telegram.updates import KINDS
from tests.double import BotApiDouble, WebhookRules

pytestmark = pytest.mark.asyncio(loop_scope="function")
HARMLESS = {"getMe", "getWebhookInfo"}
SECRET_PATH = "/telegram/a-path-that-nobody-guesses"


def account_of(double: BotApiDouble, webhook: str | None = None, *, is_served: bool = False) -> Account:
    return Account(double.token, double.url, webhook, is_served)


async def call(double: BotApiDouble, method: str, **parameters: object) -> None:
    """As another program of the same token would."""
    url = f"{double.url}/bot{double.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=parameters) as answer:
        assert answer.status == 200, await answer.text()


async def seen(account: Account, clock: FixedClock | SystemClock | None = None) -> list[Observation]:
    observations = await examine_account(account, clock or SystemClock())
    said = "\n".join(map(str, observations))
    assert account.token not in said
    assert "nobody-guesses" not in said
    return observations


def conditions(observations: list[Observation], check: str) -> list[Condition]:
    return [one.condition for one in observations if one.check == check]


@asynccontextmanager
async def telling_the_time() -> AsyncIterator[str]:
    """The address of a Bot API with a Date in its answers, which the double leaves out."""

    async def answer(request: web.Request) -> web.Response:
        about = {"getMe": {"id": 1, "username": "FactsBot"}, "getWebhookInfo": {"url": "", "pending_update_count": 0}}
        return web.json_response({"ok": True, "result": about[request.match_info["method"]]})

    application = web.Application()
    application.router.add_post("/bot{token}/{method}", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_good_account_is_known_and_nothing_is_changed() -> None:
    async with BotApiDouble() as double:
        observations = await seen(account_of(double))
        assert {one.condition for one in observations} == {Condition.OK}
        assert "@FactsBot" in str(observations[0])
        assert {made.method for made in double.calls} <= HARMLESS


async def test_updates_stay_with_the_bot_that_polls() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        double.push(
            "message", chat.message(text="when is the vote?") if hasattr(chat, "message") else {"chat": {"id": 1}}
        )
        waiting = double.pending
        told = await seen(account_of(double))
        assert "1 waits to be taken" in str(told[-1])
        assert double.pending == waiting == 1
        assert double.conflicts == 0


async def test_token_of_another_shape_is_not_even_sent() -> None:
    async with BotApiDouble() as double:
        (only,) = await seen(replace(account_of(double), token="not-a-token"))
        assert only.condition is Condition.ERROR
        assert double.calls == []


async def test_revoked_token_is_an_error_of_the_setup() -> None:
    async with BotApiDouble() as double:
        (only,) = await seen(replace(account_of(double), token="1:revoked"))
        assert "refuses" in only.seen
        assert not only.is_out_of_reach


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
@pytest.mark.parametrize(("status", "condition"), [(502, Condition.ERROR), (429, Condition.WARNING)])
async def test_server_in_trouble_is_told(method: str, status: int, condition: Condition) -> None:
    async with BotApiDouble() as double:
        double.fail(method, status)
        last = (await seen(account_of(double)))[-1]
        assert last.condition is condition
        assert last.is_out_of_reach is (status == 502)


async def test_unreachable_server_and_lost_connection_are_out_of_reach() -> None:
    async with BotApiDouble() as double:
        double.drop("getMe")
        (lost,) = await seen(account_of(double))
        account = account_of(double)
    (closed,) = await seen(account)
    for one in (lost, closed):
        assert "cannot be reached" in one.seen
        assert one.is_out_of_reach


async def test_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.telegram.examination.PATIENCE", 0.2)
    async with BotApiDouble() as double:
        double.hang("getMe", 30)
        (only,) = await seen(account_of(double))
        assert "no answer came" in only.seen


async def test_other_server_than_a_bot_api_is_told() -> None:
    async with BotApiDouble() as double:
        (only,) = await seen(replace(account_of(double), api_url=f"{double.url}/elsewhere"))
        assert "no Bot API" in only.seen


async def test_proxy_that_is_not_spoken_is_an_error_of_the_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(SettingsError, match="only proxies"):
        await examine_account(Account("1:a", "http://api.internal", None, False), SystemClock())


@pytest.mark.parametrize(
    ("ahead", "condition", "words"),
    [
        (timedelta(minutes=2), Condition.WARNING, "ahead of"),
        (timedelta(minutes=-2), Condition.WARNING, "behind"),
        (timedelta(days=400), Condition.ERROR, "ahead of"),
    ],
)
async def test_clock_that_goes_wrong_is_told(ahead: timedelta, condition: Condition, words: str) -> None:
    async with telling_the_time() as url:
        here = FixedClock(SystemClock().now() + ahead)
        observations = await seen(Account("1:a", url, None, False), here)
        (clock,) = [one for one in observations if one.check == "clock"]
        assert clock.condition is condition
        assert words in clock.seen


async def test_clock_that_goes_right_is_fine() -> None:
    async with telling_the_time() as url:
        observations = await seen(Account("1:a", url, None, False))
        assert conditions(observations, "clock") == [Condition.OK]


async def test_webhook_that_is_set_as_wanted_is_fine() -> None:
    async with BotApiDouble(webhooks=WebhookRules(takes_http=True)) as double:
        url = f"http://127.0.0.1:9{SECRET_PATH}"
        await call(double, "setWebhook", url=url, allowed_updates=KINDS)
        observations = await seen(account_of(double, url))
        assert {one.condition for one in observations} == {Condition.OK}


@pytest.mark.parametrize(
    ("is_served", "condition"), [(True, Condition.ERROR), (False, Condition.WARNING)], ids=["running", "stopped"]
)
@pytest.mark.parametrize(
    ("there", "mine", "words"),
    [
        ("", f"http://127.0.0.1:9{SECRET_PATH}", "posts nowhere"),
        (f"http://127.0.0.1:9{SECRET_PATH}", None, "is to ask for messages"),
        (f"http://127.0.0.1:9{SECRET_PATH}", "http://127.0.0.1:9/telegram/another-path", "another path"),
        (f"http://127.0.0.2:9{SECRET_PATH}", f"http://127.0.0.1:9{SECRET_PATH}", "another server, 127.0.0.2"),
    ],
)
async def test_webhook_that_is_set_otherwise_is_told(
    there: str, mine: str | None, words: str, is_served: bool, condition: Condition
) -> None:
    async with BotApiDouble(webhooks=WebhookRules(takes_http=True)) as double:
        if there:
            await call(double, "setWebhook", url=there)
        observations = await seen(account_of(double, mine, is_served=is_served))
        (webhook,) = [one for one in observations if one.check == "webhook"]
        assert words in webhook.seen
        assert webhook.condition is condition


async def test_failing_posts_are_told_with_their_remedy_until_they_are_long_ago() -> None:
    async with BotApiDouble(webhooks=WebhookRules(takes_http=True, pause=0.01)) as double:
        url = f"http://127.0.0.1:9{SECRET_PATH}"  # where nobody listens
        await call(double, "setWebhook", url=url)
        double.push("message", {"chat": {"id": 1}})
        await double.until(lambda: double.webhook.redeliveries)
        now = [one for one in await seen(account_of(double, url)) if "last failed post" in one.seen]
        later = await seen(account_of(double, url), FixedClock(SystemClock().now() + timedelta(hours=3)))
        assert "0 min ago (Connection refused)" in now[0].seen
        assert "firewall" in now[0].remedy
        assert now[0].condition is Condition.ERROR
        assert [one.condition for one in later if "3 h ago" in one.seen or "2 h ago" in one.seen] == [Condition.OK]


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("SSL error {certificate verify failed}", "certificate"),
        ("Wrong response from the webhook: 403 Forbidden", "TELEGRAM_WEBHOOK_SECRET"),
        ("Wrong response from the webhook: 404 Not Found", "hand the path on"),
        ("Wrong response from the webhook: 502 Bad Gateway", "see that the bot runs"),
        ("Read timeout expired", "firewall"),
        ("Something never heard", "log"),
    ],
)
async def test_each_failure_has_its_remedy(said: str, remedy: str) -> None:
    async with BotApiDouble(webhooks=WebhookRules(takes_http=True)) as double:
        url = f"http://127.0.0.1:9{SECRET_PATH}"
        await call(double, "setWebhook", url=url)
        double.webhook._delivery.last_error = (said, int(datetime.now(UTC).timestamp()))
        (failed,) = [one for one in await seen(account_of(double, url)) if "last failed post" in one.seen]
        assert failed.condition is Condition.WARNING  # nothing waits
        assert remedy in failed.remedy


async def test_kinds_that_are_not_posted_are_told() -> None:
    async with BotApiDouble(webhooks=WebhookRules(takes_http=True)) as double:
        url = f"http://127.0.0.1:9{SECRET_PATH}"
        await call(double, "setWebhook", url=url, allowed_updates=["message", "inline_query"])
        (kinds,) = [one for one in await seen(account_of(double, url)) if "kinds" in one.seen]
        assert "callback_query, my_chat_member are missing" in kinds.seen


async def test_many_that_wait_are_told() -> None:
    async with BotApiDouble() as double:
        for _ in range(101):
            double.push("message", {"chat": {"id": 1}})
        (updates,) = [one for one in await seen(account_of(double)) if one.check == "updates"]
        assert updates.condition is Condition.WARNING
        assert "101 wait" in updates.seen


async def test_webhook_where_telegram_does_not_post_is_told() -> None:
    from bot.platforms.telegram.examination import _port  # noqa: PLC0415 - Telegram itself is out of a test's reach

    for url in ("http://bot.example.org/telegram/x", "https://bot.example.org:8080/telegram/x"):
        told = _port(Account("1:a", None, url, False))
        assert told is not None
        assert told.condition is Condition.ERROR
    assert _port(Account("1:a", None, "https://bot.example.org:8443/telegram/x", False)) is None
