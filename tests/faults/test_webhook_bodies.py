"""Whatever is posted to the webhook: it is taken or refused, nothing of it is logged, the next update is answered."""

import asyncio
import gc
import logging
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import orjson
import pytest

from bot.platforms.telegram import webhook as room
from bot.platforms.telegram.webhook import Address, Webhook
from tests.double.server import TOKEN, BotApiDouble
from tests.double.stage import QUICK, SECRET, FixedAnswers, KeptReaders, platform_on
from tests.faults.fuzzing import tried
from tests.faults.webhook_bodies import ANA, MESSAGE, bodies

TAKEN_OR_REFUSED = {200, 400, 413}
PATIENCE = 20.0  # seconds; a response takes a few milliseconds
NEVER_LOGGED = re.compile(rf"private words|secret words|Ana|4711[0-9]{{8}}|{SECRET}|{TOKEN}")
QUERY = (
    b'{"update_id": 7, "inline_query": {"id": %s, "from": {"id": 471100000000, "first_name": "Ana", "is_bot": false}, '
)
UNWRITABLE = QUERY % (b"[" * 500 + b"]" * 500) + b'"query": "vote", "offset": ""}}'  # is read, and cannot be written


@dataclass
class Posts:
    """A bot without a server before it: what is posted goes straight to its webhook."""

    runner: asyncio.Runner
    double: BotApiDouble
    answers: FixedAnswers
    webhook: Webhook
    numbers: Iterator[int] = field(default_factory=lambda: count(2**62 + 1))

    def post(self, body: bytes) -> tuple[int, bytes]:
        """The status and the body of the response."""
        return self.runner.run(asyncio.wait_for(self._post(body), PATIENCE))

    def next_is_answered(self) -> bool:
        """Whether a good update of another person is answered in its response."""
        number = next(self.numbers)
        person = ANA | {"id": number - 2**62}
        message = MESSAGE | {"from": person, "chat": {"id": person["id"], "type": "private"}, "text": "/vote"}
        status, body = self.post(orjson.dumps({"update_id": number, "message": message}))
        return status == 200 and orjson.loads(body)["chat_id"] == person["id"]

    def forget(self) -> None:
        """Keeps nothing of the past, of which there is much."""
        self.double.calls.clear()
        self.answers.asked.clear()

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(room.SECRET_HEADER, SECRET.encode())]
        await self.webhook({"type": "http", "method": "POST", "headers": headers}, receive, send)
        return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Posts]:
    """A bot that nobody is too fast for, and whose responses end by themselves or never."""
    monkeypatch.setattr(room, "HOLD", 100 * PATIENCE)
    pace = replace(QUICK, burst=10**6)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def start() -> Posts:
            double = await stack.enter_async_context(BotApiDouble())
            answers, address = FixedAnswers(), Address("https://bot.example.org/telegram/x", SECRET)
            platform = platform_on(double, answers, KeptReaders(), pace, address=address, rate=1e6)
            await stack.enter_async_context(platform)
            assert platform.webhook is not None
            return Posts(runner, double, answers, platform.webhook)

        yield runner.run(start())
        runner.run(stack.aclose())


def check(posts: Posts, caplog: pytest.LogCaptureFixture, examples: int) -> dict[int, int]:
    """Posts so many bodies; how often there was each status."""
    seen = dict.fromkeys(TAKEN_OR_REFUSED, 0)

    def is_taken_or_refused(body: bytes) -> None:
        caplog.clear()
        status, _ = posts.post(body)
        assert status in TAKEN_OR_REFUSED
        seen[status] += 1
        assert posts.next_is_answered()
        assert not NEVER_LOGGED.search(caplog.text)
        assert not [record for record in caplog.records if record.name == "asyncio"]
        posts.forget()

    with caplog.at_level(logging.DEBUG):
        is_taken_or_refused(UNWRITABLE)
        tried(bodies(), is_taken_or_refused, examples)
        caplog.clear()
        gc.collect()  # a task that failed unseen says so when it is collected
        assert not [record for record in caplog.records if record.name == "asyncio"]
    return seen


def test_any_body_is_taken_or_refused_and_the_next_update_is_answered(
    posts: Posts, caplog: pytest.LogCaptureFixture
) -> None:
    seen = check(posts, caplog, 300)
    assert seen[200] > seen[400] > 0


@pytest.mark.long
def test_very_many_bodies_are_taken_or_refused(
    posts: Posts, caplog: pytest.LogCaptureFixture, is_bounded: bool
) -> None:
    seen = check(posts, caplog, 2_000 if is_bounded else 100_000)
    print(f"\nstatuses: {seen}")
    assert seen[200] > seen[400] > 0
