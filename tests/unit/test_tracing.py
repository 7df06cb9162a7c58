"""Traces: nothing is loaded without a collector, and of what is told only known words go out."""

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from bot.core.errors import SettingsError
from bot.settings import Settings
from bot.tracing.collector import Collector, Posting, read_headers
from bot.tracing.wrapping import Tracing, open_tracing

LOADED = """
import sys, bot.cli, bot.platforms.telegram.adapter, bot.platforms.web.app, bot.reminders.engine.delivery
from bot.settings import Settings
from bot.tracing.wrapping import open_tracing
assert open_tracing(Settings()).spans is None
print(sorted(name for name in sys.modules if name.startswith(("opentelemetry", "structlog", "requests"))))
"""


class Kept:
    """Stands where spans are posted."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> tuple[Collector, Kept]:
    """A collector whose posts are kept, and those."""
    kept = Kept()

    def keep(_posting: Posting, spans: list[ReadableSpan]) -> SpanExportResult:
        kept.spans += spans
        return SpanExportResult.SUCCESS

    monkeypatch.setattr(Posting, "export", keep)
    return Collector("http://127.0.0.1:9/v1/traces", "", "1"), kept


def test_nothing_of_it_is_loaded_without_a_collector() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_parts_stay_what_they_are_without_a_collector() -> None:
    part, tracing = object(), open_tracing(Settings())
    assert tracing == Tracing()
    assert tracing.store(part) is part


def test_address_is_that_of_the_traces_or_of_all() -> None:
    assert Settings(otel_exporter_otlp_endpoint="http://c:4318/").traces_address == "http://c:4318/v1/traces"
    whole = Settings(otel_exporter_otlp_endpoint="http://c", otel_exporter_otlp_traces_endpoint="http://d/x")
    assert whole.traces_address == "http://d/x"
    assert Settings().traces_address is None


@pytest.mark.asyncio
async def test_only_known_words_go_out(collector: tuple[Collector, Kept]) -> None:
    spans, kept = collector
    with spans.begin("update", kind="question", chat="7", lang="words of a reader"):
        spans.note(status="200", intent="what_is", outcome="123456", method="7310000001")
    with pytest.raises(KeyError), spans.begin("a name of a reader"):
        raise KeyError("words of a reader")
    await spans.stop()
    known, strange = kept.spans
    assert (known.name, strange.name) == ("update", "other")
    assert dict(known.attributes or {}) == {
        "kind": "question", "lang": "other", "status": "200", "intent": "what_is", "outcome": "other",
        "method": "other",
    }  # fmt: skip
    assert dict(strange.attributes or {}) == {"error": "KeyError"}
    assert (strange.events, strange.status.description) == ((), None)


@pytest.mark.parametrize("written", ["authorization", "=x", "a=b,c"])
def test_headers_that_cannot_be_read_are_named_and_not_repeated(written: str) -> None:
    with pytest.raises(SettingsError, match=r"^OTEL_EXPORTER_OTLP_HEADERS: ") as refused:
        read_headers(written)
    assert "authorization" not in str(refused.value)


def test_headers_are_read_as_opentelemetry_writes_them() -> None:
    assert read_headers("Authorization=Basic%20abc%3D, x-scope = me ,") == {
        "authorization": "Basic abc=",
        "x-scope": "me",
    }
