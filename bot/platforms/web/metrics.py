"""Figures for whoever watches the service, in Prometheus' text format: counts alone, of nobody in particular."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from math import isinf
from typing import Final, Literal, TypeAlias

from prometheus_client import CONTENT_TYPE_LATEST, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.conversation.tally import Tally
from bot.platforms.web.origins import HANDED_ON

Watchers = Literal["local", "all", "off"]
Samples: TypeAlias = dict[str, Mapping[tuple[str, ...], float]]  # by family, its samples by the labels' values
Figures: TypeAlias = Mapping[str, Mapping[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Family:
    """What a metric is: its name without a counter's `_total`, what it counts or measures, and its labels' names."""

    kind: type[CounterMetricFamily] | type[GaugeMetricFamily]
    name: str
    about: str
    labels: tuple[str, ...] = ()

    def metric(self, samples: Mapping[tuple[str, ...], float]) -> Metric:
        """The family with its samples, by the values of its labels."""
        metric = self.kind(self.name, self.about, labels=self.labels)
        for values, value in samples.items():
            metric.add_metric(values, value)
        return metric


_COUNT, _GAUGE = CounterMetricFamily, GaugeMetricFamily
FAMILIES: Final = (
    Family(_GAUGE, "explainer_build_info", "1, with the program's version", ("version",)),
    Family(_GAUGE, "explainer_pack_info", "1, with the topic and the version of what is served", ("topic", "version")),
    Family(_GAUGE, "explainer_facts_age_seconds", "Time since the newest known source became known"),
    Family(_COUNT, "explainer_content_reloads", "Times that the content was read anew", ("result",)),
    Family(_GAUGE, "explainer_content_refused", "1 while content is served because newer content has errors"),
    Family(_GAUGE, "explainer_understanding", "1 for the way in which questions are understood now", ("status",)),
    Family(_GAUGE, "explainer_clock_set", "1 while the clock is set, so that nothing is delivered but in a rehearsal"),
    Family(_GAUGE, "explainer_ready", "1 for each check of /readyz that is passed, else 0", ("check",)),
    Family(_GAUGE, "explainer_database_answer_seconds", "Time that the last check of the database took"),
    Family(_GAUGE, "explainer_disk_free_bytes", "Room on the disk of the database, or else of the data folder"),
    Family(_GAUGE, "explainer_loop_lag_seconds", "The latest that the event loop was in the last quarter of a minute"),
    Family(_COUNT, "explainer_updates", "Updates from Telegram by what became of them", ("kind", "way", "result")),
    Family(_COUNT, "explainer_updates_failed", "Updates whose answer failed"),
    Family(_COUNT, "explainer_webhook_posts", "Requests to the webhook by the status of the response", ("status",)),
    Family(_COUNT, "explainer_telegram_calls", "Calls to the Bot API by how they ended", ("method", "result")),
    Family(_GAUGE, "explainer_telegram_contact_timestamp_seconds", "When Telegram last gave or posted updates"),
    Family(_GAUGE, "explainer_telegram_waiting_updates", "Updates that Telegram has still to post"),
    Family(_GAUGE, "explainer_telegram_post_failed_timestamp_seconds", "When Telegram last failed to post"),
    Family(_GAUGE, "explainer_campaigns", "Campaigns that are not over, of all replicas", ("state",)),
    Family(
        _GAUGE, "explainer_campaign_reminders", "Reminders of campaigns that are not over, of all replicas", ("state",)
    ),
    Family(_GAUGE, "explainer_reminders_due", "Reminders of running campaigns that are still to be sent"),
    Family(_GAUGE, "explainer_reminders_lag_seconds", "Age of the oldest campaign that has reminders to send"),
    Family(_COUNT, "explainer_reminders_sent", "Reminders that this process sent"),
    Family(_COUNT, "explainer_reminders_rejected", "Reminders whose chat was gone, or that were given up"),
    Family(_COUNT, "explainer_reminders_skipped", "Reminders that nobody wanted any more when their turn came"),
    Family(_COUNT, "explainer_reminders_repeated", "Tries of reminders that were not the first"),
    Family(_COUNT, "explainer_reminders_throttled", "Times that the platform asked for a pause"),
)


@dataclass(frozen=True, slots=True)
class Report(Collector):
    """One report: every family, those without samples too, so that a query can tell none from zero."""

    figures: Figures
    tally: Tally

    def collect(self) -> Iterator[Metric]:
        """Raises KeyError for figures of a family that there is not."""
        if unknown := self.figures.keys() - {family.name for family in FAMILIES}:
            raise KeyError(*sorted(unknown))
        for family in FAMILIES:
            yield family.metric(self.figures.get(family.name, {}))
        yield from self._answers()
        yield from ProcessCollector(registry=None).collect()

    def _answers(self) -> Iterator[Metric]:
        answers = CounterMetricFamily("explainer_answers", "Answers given", labels=("intent", "outcome", "lang"))
        for kind, count in self.tally.kinds.items():
            answers.add_metric((kind.intent, kind.outcome, kind.lang), count)
        yield answers
        times = [("+Inf" if isinf(seconds) else str(seconds), count) for seconds, count in self.tally.times]
        yield HistogramMetricFamily("explainer_answer_seconds", "Time to make an answer", times, self.tally.seconds)


class Metrics:
    """GET /metrics. `watchers` says who may read it: `local` this machine alone, `all` everybody, `off` nobody. `read`
    gives the figures as of now; those of a family that is not there are a KeyError."""

    def __init__(self, read: Callable[[], Awaitable[Figures]], watchers: Watchers, tally: Tally | None = None) -> None:
        self._read = read
        self._watchers = watchers
        self._tally = tally or Tally()

    async def report(self, request: Request) -> Response:
        """Raises HTTPException 404 for those who may not read it: for them there is no such page."""
        if self._watchers == "off" or (self._watchers == "local" and not _is_local(request)):
            raise HTTPException(404, "Not Found")
        report = Report(await self._read(), self._tally)
        return Response(generate_latest(report), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    """Whether the connection itself comes from this machine and was not handed on by a proxy on it."""
    if request.client is None or any(name in request.headers for name in HANDED_ON):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
