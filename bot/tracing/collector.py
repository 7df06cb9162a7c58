"""Posts spans to an OpenTelemetry collector (OTLP over HTTP) from a thread of its own, as long as it takes them.

A collector that is away slows nothing down: spans wait in a queue of 2048, then are dropped. Traces of others are never
continued: a `traceparent` that comes in with a request is not read.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status, StatusCode, get_current_span

from bot.core.errors import SettingsError

log = logging.getLogger(__name__)

NAMES: Final = frozenset({"update", "request", "understanding", "rendering", "database", "bot_api", "chunk"})
VALUES: Final = frozenset({
    "platform", "kind", "intent", "outcome", "lang", "method", "operation", "status", "error",
})  # fmt: skip
WORD: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}|[1-5][0-9]{2}")  # no number that could be an id
OTHER: Final = "other"
LAST_POST: Final = 1.5  # seconds that the last spans get when the program ends
TIMEOUT: Final = 5.0  # seconds that one post may take, with all its tries


class Posting(SpanExporter):
    """Posts spans; says once that the collector does not take them, and once that it does again."""

    def __init__(self, address: str, headers: Mapping[str, str]) -> None:
        self._exporter = OTLPSpanExporter(endpoint=address, headers=dict(headers), timeout=TIMEOUT)
        self._is_taken = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception:  # whatever the client raises names the address
            result = SpanExportResult.FAILURE
        is_taken = result is SpanExportResult.SUCCESS
        if is_taken and not self._is_taken:
            log.info("traces.taken_again")
        elif self._is_taken and not is_taken:
            log.warning("traces.not_taken: the collector does not take spans; they are dropped until it does")
        self._is_taken = is_taken
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


class Collector:
    """Fills the port `bot.core.spans.Spans`; `address` is where spans are posted, `version` this program's.

    Only NAMES and VALUES go out, and of a value only a word or a status: anything else becomes `other`.
    """

    def __init__(self, address: str, headers: str, version: str) -> None:
        # its exporter repeats itself, and names the address; what an operator needs to know, `Posting` says
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        resource = Resource.create({SERVICE_NAME: "civic-explainer", SERVICE_VERSION: version})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(Posting(address, read_headers(headers))))
        self._tracer = self._provider.get_tracer("civic-explainer", version)

    @contextmanager
    def begin(self, name: str, **values: str) -> Iterator[None]:
        """See `bot.core.spans.Spans`. Of an error its type alone is kept."""
        with self._tracer.start_as_current_span(
            name if name in NAMES else OTHER, attributes=_plain(values),
            record_exception=False, set_status_on_exception=False,
        ) as span:  # fmt: skip
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR))
                span.set_attributes(_plain({"error": type(error).__name__}))
                raise

    def note(self, **values: str) -> None:
        """See `bot.core.spans.Spans`."""
        get_current_span().set_attributes(_plain(values))

    async def stop(self) -> None:
        """Posts what is left, within LAST_POST seconds; the process need not wait for more."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            self._provider.shutdown()
            if not loop.is_closed():
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=end, name="last spans", daemon=True).start()
        try:
            async with asyncio.timeout(LAST_POST):
                await done.wait()
        except TimeoutError:
            log.warning("traces.lost: the collector did not take the last spans in time")


def _plain(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value if WORD.fullmatch(value) else OTHER for name, value in values.items() if name in VALUES}


def read_headers(written: str) -> dict[str, str]:
    """Headers as OpenTelemetry writes them: `name=value`, separated by commas, values percent-encoded.

    Raises SettingsError.
    """
    pairs = [part.partition("=") for part in written.split(",") if part.strip()]
    if not all(name.strip() and between for name, between, _ in pairs):
        raise SettingsError("OTEL_EXPORTER_OTLP_HEADERS: write name=value, several separated by commas.")
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}
