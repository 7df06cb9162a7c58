"""Figures for whoever watches the service, in Prometheus' text format: counts alone, of nobody in particular."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from math import isinf
from typing import Final, Literal

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.conversation.tally import Tally

Watchers = Literal["local", "all", "off"]

COUNTERS: Final = {
    "sent": ("explainer_reminders_sent", "Reminders that this process sent"),
    "rejected": ("explainer_reminders_rejected", "Reminders whose chat was gone, or that were given up"),
    "skipped": ("explainer_reminders_skipped", "Reminders that nobody wanted any more when their turn came"),
    "repeated": ("explainer_reminders_repeated", "Tries of reminders that were not the first"),
    "throttled": ("explainer_reminders_throttled", "Times that the platform asked for a pause"),
}
GAUGES: Final = {
    "due": ("explainer_reminders_due", "Reminders of running campaigns that are still to be sent"),
    "lag": ("explainer_reminders_lag_seconds", "Age of the oldest campaign that has reminders to send"),
    "age": ("explainer_facts_age_seconds", "Time since the newest known source became known"),
}


@dataclass(frozen=True, slots=True)
class Figures(Collector):
    """Reads the figures anew for each report; one that is not there is left out."""

    read: Callable[[], Mapping[str, float]]

    def collect(self) -> Iterator[Metric]:
        figures = self.read()
        for key, (name, help_text) in COUNTERS.items():
            if key in figures:
                yield CounterMetricFamily(name, help_text, figures[key])
        for key, (name, help_text) in GAUGES.items():
            if key in figures:
                yield GaugeMetricFamily(name, help_text, figures[key])


@dataclass(frozen=True, slots=True)
class Answers(Collector):
    """The counts of answers."""

    tally: Tally

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily("explainer_answers", "Answers given", labels=("intent", "outcome", "lang"))
        for kind, count in self.tally.kinds.items():
            answers.add_metric((kind.intent, kind.outcome, kind.lang), count)
        yield answers
        times = [("+Inf" if isinf(seconds) else str(seconds), count) for seconds, count in self.tally.times]
        yield HistogramMetricFamily("explainer_answer_seconds", "Time to make an answer", times, self.tally.seconds)


class Metrics:
    """GET /metrics. `watchers` says who may read it: `local` this machine alone, `all` everybody, `off` nobody."""

    def __init__(self, read: Callable[[], Mapping[str, float]], watchers: Watchers, tally: Tally | None = None) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(Figures(read))
        if tally:
            self._registry.register(Answers(tally))
        self._watchers = watchers

    async def report(self, request: Request) -> Response:
        """Raises HTTPException 404 for those who may not read it: for them there is no such page."""
        if self._watchers == "off" or (self._watchers == "local" and not _is_local(request)):
            raise HTTPException(404, "Not Found")
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    """Whether the connection itself comes from this machine and was not handed on by a proxy on it."""
    if request.client is None or any(name in request.headers for name in ("forwarded", "x-forwarded-for")):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
