"""Webhooks of the double: what is taken, and how updates come until they are answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.double import BotApiDouble, WebhookRules
from tests.double.caller import call
from tests.double.http import Dropped, QuietServer, listen

pytestmark = pytest.mark.asyncio(loop_scope="function")

QUICK = WebhookRules(takes_http=True, timeout=2.0, pause=0.01, longest_pause=0.04)
SECRET = "s3cret_-"


class Receiver:
    """A bot's side of a webhook: keeps what came, and answers what the test says."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.answer: Callable[[dict[str, Any]], Response] = lambda _update: Response()
        self.seconds = 0.0
        self.url = ""
        self.arrived = asyncio.Event()

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates]

    async def take(self, request: Request) -> Response:
        update = await request.json()
        self.updates.append(update)
        self.secrets.append(request.headers.get("x-telegram-bot-api-secret-token"))
        self.arrived.set()
        await asyncio.sleep(self.seconds)
        return self.answer(update)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that listens at `url`."""
    taking, listening = Receiver(), listen(0)
    taking.url = f"http://127.0.0.1:{listening.getsockname()[1]}/telegram/path"
    app = Starlette(routes=[Route("/telegram/path", taking.take, methods=["POST"])])
    server = QuietServer(uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield taking
    finally:
        server.end()
        await serving
        listening.close()


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"url": "http://example.org/x"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "http://127.0.0.1:8080/x"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.org:8080/x"}, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ({"url": "https://192.168.0.4/x"}, "bad webhook: IP address 192.168.0.4 is reserved"),
        ({"url": "https://[x"}, "invalid webhook URL specified"),
        ({"url": "https://example.org", "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": "https://example.org", "secret_token": "a" * 257}, "secret token is too long"),
        ({"url": "https://example.org", "max_connections": 0}, "max_connections must be 1 to 100, not 0"),
        ({"url": "https://example.org", "max_connections": 101}, "max_connections must be 1 to 100, not 101"),
        ({}, "url is empty"),
    ],
)
async def test_webhook_that_telegram_refuses_is_refused(parameters: dict[str, Any], why: str) -> None:
    async with BotApiDouble() as double:
        assert await call(double, "setWebhook", **parameters) == (400, f"Bad Request: {why}")
        assert (await call(double, "getWebhookInfo"))[1]["url"] == ""


async def test_updates_that_waited_and_new_ones_come_with_the_secret() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        chat = double.private()
        chat.say("before")
        assert await call(double, "setWebhook", url=bot.url, secret_token=SECRET) == (200, True)
        chat.say("after")
        await double.until(lambda: not double.pending)
        assert (bot.texts, bot.secrets) == (["before", "after"], [SECRET, SECRET])
        assert bot.updates[0]["update_id"] < bot.updates[1]["update_id"]


async def test_polling_and_a_webhook_exclude_each_other() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        poll = asyncio.create_task(call(double, "getUpdates", timeout=5))
        await asyncio.sleep(0.1)
        await call(double, "setWebhook", url=bot.url)
        assert await poll == (409, "Conflict: terminated by setWebhook request")
        status, description = await call(double, "getUpdates")
        assert (status, description[:58]) == (409, "Conflict: can't use getUpdates method while webhook is act")
        await call(double, "deleteWebhook")
        double.private().say("polled")
        assert [update["message"]["text"] for update in (await call(double, "getUpdates"))[1]] == ["polled"]
        assert (bot.updates, double.refused) == ([], [])


async def test_empty_address_removes_the_webhook() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        await call(double, "setWebhook", url=bot.url)
        assert await call(double, "setWebhook", url="") == (200, True)
        assert await call(double, "getUpdates") == (200, [])


async def test_only_the_kinds_asked_for_are_delivered_and_unknown_ones_are_ignored() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        await call(double, "setWebhook", url=bot.url, allowed_updates=["message", "pigeon"])
        chat = double.private()
        chat.block()
        chat.say("heard")
        await double.until(lambda: not double.pending)
        assert bot.texts == ["heard"]
        assert (await call(double, "getWebhookInfo"))[1]["allowed_updates"] == ["message"]


async def test_drop_pending_forgets_what_waited() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        double.private().say("forgotten")
        await call(double, "setWebhook", url=bot.url, drop_pending_updates=True)
        double.private().say("heard")
        await double.until(lambda: not double.pending)
        assert bot.texts == ["heard"]


async def test_update_that_is_not_answered_with_2xx_comes_again() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        answers = [Response(status_code=500), Dropped(), Response(status_code=302), Response(status_code=204)]
        bot.answer = lambda _update: answers.pop(0)
        await call(double, "setWebhook", url=bot.url)
        double.private().say("again")
        await double.until(lambda: not double.pending)
        assert len({update["update_id"] for update in bot.updates}) == 1
        assert [attempt.status for attempt in double.webhook.attempts] == [500, 0, 302, 204]
        assert (len(bot.updates), double.webhook.redeliveries) == (4, 3)
        info = (await call(double, "getWebhookInfo"))[1]
        assert info["last_error_message"] == "Wrong response from the webhook: 302 Found"
        assert info["pending_update_count"] == 0


async def test_update_that_is_answered_too_late_comes_again() -> None:
    async with BotApiDouble(webhooks=replace(QUICK, timeout=0.2)) as double, receiver() as bot:
        bot.seconds = 5.0
        await call(double, "setWebhook", url=bot.url)
        double.private().say("slow")
        await double.until(lambda: double.webhook.attempts)
        bot.seconds = 0.0
        await double.until(lambda: not double.pending)
        assert (await call(double, "getWebhookInfo"))[1]["last_error_message"] == "Read timeout expired"
        assert double.webhook.redeliveries == len(bot.updates) - 1 > 0


async def test_bot_that_is_away_gets_its_updates_when_it_is_back() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        double.webhook.targets = ["http://127.0.0.1:9"]
        await call(double, "setWebhook", url=bot.url)
        double.private().say("patience")
        await double.until(lambda: double.webhook.redeliveries > 1)
        assert (await call(double, "getWebhookInfo"))[1]["last_error_message"] == "Connection refused"
        double.webhook.targets = []
        await double.until(lambda: not double.pending)
        assert bot.texts == ["patience"]


async def test_no_more_connections_than_the_bot_takes_are_open_at_once() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        bot.seconds = 0.02
        await call(double, "setWebhook", url=bot.url, max_connections=3)
        for number in range(9):
            double.private().say(str(number))
        await double.until(lambda: not double.pending)
        assert (double.webhook.busiest, sorted(bot.texts)) == (3, [str(number) for number in range(9)])


@pytest.mark.parametrize(("in_turn", "busiest"), [(False, 4), (True, 1)])
async def test_updates_of_a_chat_come_at_once_or_in_turn_as_the_test_says(in_turn: bool, busiest: int) -> None:
    rules = WebhookRules(takes_http=True, in_turn=in_turn)
    async with BotApiDouble(webhooks=rules) as double, receiver() as bot:
        bot.seconds = 0.1
        chat = double.private()
        for text in "abcd":
            chat.say(text)
        await call(double, "setWebhook", url=bot.url)
        await double.until(lambda: not double.pending)
        assert double.webhook.busiest == busiest
        assert bot.texts == list("abcd")


async def test_two_replicas_get_the_updates_by_turns() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as one, receiver() as other:
        double.webhook.targets = [bot.url.removesuffix("/telegram/path") for bot in (one, other)]
        assert (await call(double, "setWebhook", url="https://bot.example.org/telegram/path"))[0] == 200
        for text in "abcd":
            double.private().say(text)
        await double.until(lambda: not double.pending)
        assert (sorted(one.texts + other.texts), len(one.texts)) == (list("abcd"), 2)


async def test_second_replica_that_sets_the_same_webhook_disturbs_no_delivery() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        bot.seconds = 0.15
        await call(double, "setWebhook", url=bot.url)
        double.private().say("once")
        await asyncio.wait_for(bot.arrived.wait(), 5)
        await call(double, "setWebhook", url=bot.url)
        await double.until(lambda: not double.pending)
        assert bot.texts == ["once"]


async def test_call_in_the_response_is_carried_out_and_recorded() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        chat = double.private()
        bot.answer = lambda _update: JSONResponse({"method": "sendMessage", "chat_id": chat.id, "text": "hello"})
        await call(double, "setWebhook", url=bot.url)
        assert (await chat.ask("hi")).text == "hello"
        await double.until(lambda: not double.pending)
        made = double.called("sendMessage")[0]
        assert (made.status, made.via_webhook, made.parameters["text"]) == (200, True, "hello")
        assert double.webhook.attempts[0].called == "sendMessage"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"method": "sendMessage", "chat_id": 1, "text": "x"}, "Bad Request: chat not found"),
        ({"method": "sendMessage", "text": "x"}, "Bad Request: chat_id is empty"),
        ({"method": "sendPigeon"}, "Not Found: method not found"),
        ({"method": "getMe"}, "Not Found: method not found"),
        ({"method": "deleteWebhook"}, "Not Found: method not found"),
    ],
)
async def test_wrong_call_in_the_response_is_lost_but_recorded(body: dict[str, Any], why: str) -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        bot.answer = lambda _update: JSONResponse(body)
        await call(double, "setWebhook", url=bot.url)
        double.private().say("hi")
        await double.until(lambda: not double.pending)
        assert [(one.description, one.via_webhook) for one in double.refused] == [(why, True)]
        assert (len(bot.updates), double.webhook.redeliveries, double.webhook.url) == (1, 0, bot.url)


async def test_response_that_holds_no_call_is_an_answer_all_the_same() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        bodies = [JSONResponse({"ok": True}), JSONResponse([1]), Response(b"{", media_type="application/json")]
        bot.answer = lambda _update: bodies.pop(0)
        await call(double, "setWebhook", url=bot.url, max_connections=1)
        for text in "abc":
            double.private().say(text)
        await double.until(lambda: not double.pending)
        assert (len(bot.updates), double.refused) == (3, [])


async def test_ordered_fault_meets_a_call_in_the_response_too() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        chat = double.private()
        bot.answer = lambda _update: JSONResponse({"method": "sendMessage", "chat_id": chat.id, "text": "x"})
        double.fail("sendMessage", 429, retry_after=1)
        await call(double, "setWebhook", url=bot.url)
        chat.say("hi")
        await double.until(lambda: not double.pending)
        assert [(one.status, one.fault) for one in double.called("sendMessage")] == [(429, "answer")]
        assert (chat.messages, double.refused) == ({}, [])


async def test_any_update_can_be_posted_past_the_queue() -> None:
    async with BotApiDouble(webhooks=QUICK) as double, receiver() as bot:
        bot.answer = lambda _update: Response(b"seen", status_code=401)
        await call(double, "setWebhook", url=bot.url, secret_token=SECRET)
        assert await double.webhook.post({"update_id": 7}, secret="other") == (401, b"seen")
        assert await double.webhook.post({"update_id": 7}) == (401, b"seen")
        assert (bot.secrets, double.webhook.attempts) == (["other", SECRET], [])
