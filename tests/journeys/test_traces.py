"""What the whole program tells a collector of traces: which work took how long, in words of a closed list."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot import __version__
from bot.tracing.collector import NAMES, VALUES
from bot.wiring import Explainer
from tests.double import BotApiDouble, WebhookRules
from tests.faults.programs import PATH, WEBHOOK, programs

pytestmark = pytest.mark.asyncio(loop_scope="function")

WORDS = "quetzalcoatlus"


@dataclass
class CollectorDouble:
    """Takes spans on loopback as a collector does, once for all paths."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    bodies: bytes = b""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies += body
        self.headers.append(request.headers.get("Authorization"))
        assert request.path == "/v1/traces"
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append({one.key: one.value.string_value for one in group.resource.attributes})
            self.spans += [span for scope in group.scope_spans for span in scope.spans]
        return web.Response(content_type="application/x-protobuf")

    def named(self, name: str, **values: str) -> list[Span]:
        """The spans of a name that have these values."""
        return [one for one in self.spans if one.name == name and values.items() <= values_of(one).items()]

    def below(self, span: Span) -> set[str]:
        """The names of the spans within it."""
        return {one.name for one in self.spans if one.parent_span_id == span.span_id}


def values_of(span: Span) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


@asynccontextmanager
async def collecting() -> AsyncIterator[CollectorDouble]:
    collector, app = CollectorDouble(), web.Application()
    app.router.add_post("/{path:.*}", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


def foreign(spans: list[Span]) -> Iterator[str]:
    """What stands in spans and in no closed list."""
    for span in spans:
        yield from {span.name} - NAMES
        yield from values_of(span).keys() - VALUES
        yield from (event.name for event in span.events)
        yield from span.links
        yield from filter(None, [span.status.message, span.trace_state])


async def test_collector_is_told_where_time_goes_and_nothing_of_anybody(
    served: Explainer, data: Path, tmp_path: Path
) -> None:
    async with (
        collecting() as collector,
        BotApiDouble(webhooks=WebhookRules()) as double,
        programs(double, tmp_path, data, TELEGRAM_API_URL=double.url) as (program,),
        aiohttp.ClientSession(program.url, headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}) as page,
    ):
        double.webhook.targets = [program.url]
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=a%20key"}
        settings = told | {"EXPLAINER_REHEARSAL": "1"}
        await program.start(EXPLAINER_CLOCK="2025-11-06T07:30", **settings)
        chat = double.private()
        await chat.ask(f"when is the vote, {WORDS}?")
        chat.press("Yes, remind me", await chat.ask("/remind"))
        await chat.reply()
        async with page.post("/api/ask", json={"text": f"who decides {WORDS}?", "lang": "es"}) as answer:
            assert answer.status == 200
        async with page.get(f"/{WORDS}"), page.get("/healthz"):
            pass
        await program.stop()
        await program.start(EXPLAINER_CLOCK="2025-11-06T08:00:01", **settings, **WEBHOOK)
        assert (await chat.reply(30)).text.startswith("Reminder")
        await chat.ask("/vote")
        await program.stop()
        check(collector)
        for mark in (WORDS, str(chat.id), double.token, PATH, "127.0.0.1", "ab" * 16):
            assert mark.encode() not in collector.bodies
        assert bytes.fromhex("ab" * 16) not in collector.bodies


def check(collector: CollectorDouble) -> None:
    assert not list(foreign(collector.spans))
    assert {span.name for span in collector.spans} == NAMES
    assert set(collector.headers) == {"a key"}
    assert all(one["service.name"] == "civic-explainer" for one in collector.resources)
    assert all(one["service.version"] == __version__ for one in collector.resources)
    (asked,) = collector.named("update", kind="question", platform="telegram", outcome="answer", lang="en")
    assert values_of(asked)["intent"] == "when_is_the_vote"
    assert collector.below(asked) >= {"understanding", "rendering", "database", "bot_api"}
    (request,) = collector.named("request", kind="api", status="200", intent="who_decides", lang="es")
    assert collector.below(request) >= {"understanding"}
    assert [one.kind for one in collector.named("request")] == [request.kind]  # no other path is told of
    (chunk,) = collector.named("chunk")
    sent = [one for one in collector.named("bot_api", method="sendMessage") if one.trace_id == chunk.trace_id]
    assert len(sent) == 1
    assert collector.named("update", kind="press")


@pytest.mark.long
@pytest.mark.parametrize("way", ["refuses", "hangs"])
async def test_collector_that_is_away_slows_nothing_and_is_told_once(
    served: Explainer, data: Path, tmp_path: Path, way: str
) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if way == "refuses":
        server.close()
        await server.wait_closed()
    async with (
        BotApiDouble() as double,
        programs(double, tmp_path, data, TELEGRAM_API_URL=double.url) as (program,),
    ):
        address = f"http://127.0.0.1:{port}/x"
        await program.start(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=address, OTEL_BSP_SCHEDULE_DELAY="100")
        chat = double.private()
        for _ in range(5):
            await chat.ask("/vote")
        async with asyncio.timeout(20):
            while "traces.not_taken" not in program.said:  # noqa: ASYNC110 - a file tells nobody that it grew
                await asyncio.sleep(0.1)
        await chat.ask("/vote")
        begun = monotonic()
        await program.stop()
        assert monotonic() - begun < 10  # what an operator's SIGTERM is promised
        assert program.said.count("traces.not_taken") == 1
        assert "opentelemetry" not in program.said
    server.close()
