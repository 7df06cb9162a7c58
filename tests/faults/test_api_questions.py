"""Whatever the page and the API are asked: an answer or a refusal, nothing of it echoed or logged, nothing left."""

import asyncio
import gc
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import strategies as st
from starlette.types import ASGIApp

from bot.platforms.markup import parse
from bot.platforms.web.app import create_app
from bot.platforms.web.calendar import TopicCalendar
from bot.platforms.web.crowd import Crowd, Door, Share, Shares
from bot.platforms.web.origins import Proxies
from bot.platforms.web.page import Site
from bot.wiring import Explainer
from tests.faults.api_questions import ADDRESSES, CANARY, MACHINE, PROXY, Asked, forms, looks, questions
from tests.faults.fuzzing import tried
from tests.journeys.test_memory import resident

PATIENCE = 30.0  # seconds; a response takes a few milliseconds, a picture less than a second
ANSWERED_OR_REFUSED = {
    "/api/ask": {200, 400, 413, 415, 422, 429},
    "/": {200, 413, 415, 422, 429},
}
LOOKED = {200, 304, 307, 404, 405, 429}
FEW = Shares(Share(2, 20.0), Share(2, 20.0), Share(1, 20.0))  # of which little comes back during a test
KEPT = 300  # requests that are made again, to see what they leave behind
ROUNDS = 4
GROWS = 12.0  # megabytes at most from the second to the last round; the same again leaves nothing
SENTENCE = re.compile(r"[^<>\n]{1,200}\.|Not Found|Method Not Allowed")


@dataclass
class Page:
    """The page of the Dallas pack without a server before it: what is asked goes straight to its routes."""

    runner: asyncio.Runner
    app: ASGIApp
    seen: Counter[tuple[str, int]] = field(default_factory=Counter)

    def ask(self, asked: Asked) -> tuple[int, dict[bytes, bytes], bytes]:
        """The status, the headers and the body of the response."""
        return self.runner.run(asyncio.wait_for(self._ask(asked), PATIENCE))

    async def _ask(self, asked: Asked) -> tuple[int, dict[bytes, bytes], bytes]:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        path, _, query = asked.path.partition("?")
        headers = [(name.encode(), value.encode("latin-1")) for name, value in asked.headers]
        scope = {
            "type": "http", "http_version": "1.1", "method": asked.method, "scheme": "http", "root_path": "",
            "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "headers": headers,
            "client": (asked.peer, 4000), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await self.app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])


async def fine() -> dict[str, str]:
    return {}


@pytest.fixture
def page(served: Explainer) -> Iterator[Page]:
    crowd = Crowd(Proxies((ip_network(f"{PROXY}/32"),)), FEW)
    topic, door = served.content.base.topic, Door(crowd, served.is_urgent, served.phrase)
    site = Site(topic.name.root, topic.place_name.root, served.content.base.zone, topic.languages, served.clock, door)
    calendar = TopicCalendar(topic.id, topic.languages, served.file)
    app = create_app(served.conversation, served.content.phrasebook.page, served.codes, fine, site, calendar)
    with asyncio.Runner() as runner:
        yield Page(runner, app)


def check(page: Page, asked: Asked) -> None:
    """Asks, and looks at all that comes back."""
    status, headers, body = page.ask(asked)
    page.seen[asked.path if asked.method == "POST" else "looks", status] += 1
    allowed = ANSWERED_OR_REFUSED[asked.path] if asked.method == "POST" else LOOKED
    assert status in allowed
    assert (status == 429) == (b"retry-after" in headers)
    assert asked.peer != MACHINE or status != 429
    assert not any(address.encode() in body for address in ADDRESSES)
    assert b"content-security-policy" in headers
    assert not any(CANARY.encode() in value for value in headers.values())
    media_type = headers.get(b"content-type", b"").partition(b";")[0]
    if media_type == b"application/json":
        check_json(orjson.loads(body), status)
    elif media_type == b"text/html":
        check_html(body.decode())
    else:
        assert CANARY.encode() not in body


def check_json(told: dict[str, Any], status: int) -> None:
    """An answer in the subset that holds nothing of the question, or one sentence."""
    assert CANARY not in repr(told)
    if status == 200:
        assert {"intent", "outcome", "lang", "html", "text", "buttons"} <= told.keys()
        assert parse(told["html"])
    else:
        assert list(told) == (["error", "words"] if status == 429 else ["error"])
        assert SENTENCE.fullmatch(told["error"])


def check_html(html: str) -> None:
    """The page with its own script alone; what a reader wrote stands in it as text."""
    assert html.count("<script") == html.count("</script>") == 1
    assert f"<b>{CANARY}" not in html
    assert f"<img src=x onerror={CANARY}" not in html
    assert not re.search(r"<[a-z]+\s[^>\"]*\son[a-z]+=", html)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", html)


def ask_much(page: Page, caplog: pytest.LogCaptureFixture, examples: int) -> list[Asked]:
    """Asks so much, and gives some of it."""
    kept: list[Asked] = []

    def is_answered_or_refused(asked: Asked) -> None:
        caplog.clear()
        check(page, asked)
        assert CANARY not in caplog.text
        assert not any(address in caplog.text for address in ADDRESSES)
        assert not [record for record in caplog.records if record.name in {"asyncio", "bot.platforms.web.protection"}]
        if len(kept) < KEPT:
            kept.append(asked)

    with caplog.at_level(logging.DEBUG):
        tried(st.one_of(questions(), questions(), forms(), looks()), is_answered_or_refused, examples)
        caplog.clear()
        gc.collect()  # a task that failed unseen says so when it is collected
        assert not [record for record in caplog.records if record.name == "asyncio"]
    print(f"\nstatuses: {dict(sorted(page.seen.items()))}")
    return kept


def test_any_question_is_answered_or_refused(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    ask_much(page, caplog, 300)
    assert {("/api/ask", 200), ("/api/ask", 429), ("/", 200), ("/", 429), ("looks", 404)} <= page.seen.keys()


@pytest.mark.long
def test_very_many_questions_are_answered_or_refused_and_leave_nothing_behind(
    page: Page, caplog: pytest.LogCaptureFixture, is_bounded: bool
) -> None:
    kept = ask_much(page, caplog, 2_000 if is_bounded else 100_000)
    assert {("/api/ask", status) for status in (200, 400, 415, 422)} | {("/", 200), ("looks", 404)} <= page.seen.keys()
    held: list[tuple[float, int]] = []
    for _ in range(ROUNDS):
        for asked in kept:
            check(page, asked)
        gc.collect()
        caplog.clear()
        held.append((resident(os.getpid()), len(list(Path("/proc/self/fd").iterdir()))))
    print(f"megabytes resident, files open: {held}")
    assert held[-1][0] <= held[1][0] + GROWS
    assert held[-1][1] <= held[1][1]
