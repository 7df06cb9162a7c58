"""The figures as Prometheus asks for them, and who may ask."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.conversation.tally import Tally
from bot.core.messages import Incoming, Turn
from bot.phrasebook.book import Phrasebook
from bot.platforms.web.app import create_app
from bot.platforms.web.metrics import Metrics, Watchers
from tests.unit.platforms.web.conftest import RealClock
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, site

pytestmark = pytest.mark.asyncio

Ask = Callable[..., Awaitable[httpx.Response]]
FIGURES = {"sent": 3.0, "rejected": 1.0, "skipped": 0.0, "repeated": 2.0, "throttled": 1.0, "due": 7.0, "lag": 12.5}


@pytest.fixture
def ask(answer: FakeAnswer, phrasebook: Phrasebook, standing_clock: RealClock) -> Ask:
    """Asks an application whose figures are `figures` for them, as a client at an address."""

    async def asked(
        watchers: Watchers, client: str, figures: dict[str, float] | None = None, **headers: str
    ) -> httpx.Response:
        metrics = Metrics(lambda: FIGURES if figures is None else figures, watchers)
        app = create_app(answer, phrasebook.page, known_codes(), all_fine, site(standing_clock), None, metrics)
        transport = httpx.ASGITransport(app, client=(client, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as asking:
            return await asking.get("/metrics", headers=headers)

    return asked


async def test_every_figure_is_told_under_its_name(ask: Ask) -> None:
    response = await ask("local", "127.0.0.1")
    assert response.headers["content-type"].startswith("text/plain")
    told = {
        sample.name: sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }
    assert told == {
        "explainer_reminders_sent_total": 3.0,
        "explainer_reminders_rejected_total": 1.0,
        "explainer_reminders_skipped_total": 0.0,
        "explainer_reminders_repeated_total": 2.0,
        "explainer_reminders_throttled_total": 1.0,
        "explainer_reminders_due": 7.0,
        "explainer_reminders_lag_seconds": 12.5,
    }


async def test_answers_are_told_by_kind_and_time(
    answer: FakeAnswer, phrasebook: Phrasebook, standing_clock: RealClock
) -> None:
    tally = Tally()
    for seconds in (0.004, 0.3, 99.0):
        tally.note(await answer(Incoming(turn=Turn("what_is"))), seconds)
    metrics = Metrics(lambda: {"age": 60.0}, "all", tally)
    app = create_app(answer, phrasebook.page, known_codes(), all_fine, site(standing_clock), None, metrics)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as asking:
        text = (await asking.get("/metrics")).text
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert told["explainer_facts_age_seconds",] == 60.0
    assert told["explainer_answers_total", "what_is", "en", "answer"] == 3.0
    assert told["explainer_answer_seconds_bucket", "0.005"] == 1.0
    assert told["explainer_answer_seconds_bucket", "0.5"] == 2.0
    assert told["explainer_answer_seconds_bucket", "+Inf"] == told["explainer_answer_seconds_count",] == 3.0
    assert told["explainer_answer_seconds_sum",] == pytest.approx(99.304)


async def test_without_a_delivery_there_is_nothing_to_tell(ask: Ask) -> None:
    response = await ask("local", "::1", {})
    assert (response.status_code, response.text) == (200, "")


@pytest.mark.parametrize(
    ("watchers", "client", "headers", "status"),
    [
        ("local", "127.0.0.1", {}, 200),
        ("local", "::1", {}, 200),
        ("local", "10.1.2.3", {}, 404),
        ("local", "127.0.0.1", {"x-forwarded-for": "10.1.2.3"}, 404),
        ("local", "127.0.0.1", {"forwarded": "for=10.1.2.3"}, 404),
        ("local", "testclient", {}, 404),
        ("all", "10.1.2.3", {}, 200),
        ("off", "127.0.0.1", {}, 404),
    ],
)
async def test_only_those_may_ask_whom_the_operator_lets(
    ask: Ask, watchers: Watchers, client: str, headers: dict[str, str], status: int
) -> None:
    assert (await ask(watchers, client, **headers)).status_code == status
