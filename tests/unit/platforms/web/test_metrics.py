"""The figures as Prometheus asks for them, and who may ask."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.conversation.tally import Tally
from bot.core.messages import Incoming, Turn
from bot.phrasebook.book import Phrasebook
from bot.platforms.web.app import create_app
from bot.platforms.web.metrics import FAMILIES, Metrics, Report, Samples, Watchers
from tests.unit.platforms.web.conftest import RealClock
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, site

pytestmark = pytest.mark.asyncio

Ask = Callable[..., Awaitable[httpx.Response]]
FIGURES: Samples = {
    "explainer_reminders_due": {(): 7.0},
    "explainer_updates": {("message", "polling", "taken"): 3.0, ("callback_query", "polling", "dropped"): 1.0},
}
Told = dict[tuple[str, ...], float]


@pytest.fixture
def ask(answer: FakeAnswer, phrasebook: Phrasebook, standing_clock: RealClock) -> Ask:
    """Asks an application whose figures are `figures` for them, as a client at an address."""

    async def asked(
        watchers: Watchers, client: str, tally: Tally | None = None, figures: Samples = FIGURES, **headers: str
    ) -> httpx.Response:
        async def read() -> Samples:
            return figures

        metrics = Metrics(read, watchers, tally)
        app = create_app(answer, phrasebook.page, known_codes(), all_fine, site(standing_clock), None, metrics)
        transport = httpx.ASGITransport(app, client=(client, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as asking:
            return await asking.get("/metrics", headers=headers)

    return asked


def told(response: httpx.Response) -> Told:
    """Every sample by its name and the values of its labels, in the alphabetical order of those."""
    families = list(text_string_to_metric_families(response.text))
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


async def test_every_figure_is_told_under_its_name(ask: Ask) -> None:
    response = await ask("local", "127.0.0.1")
    assert response.headers["content-type"].startswith("text/plain")
    samples = {key: value for key, value in told(response).items() if key[0].startswith("explainer_")}
    assert {key: value for key, value in samples.items() if not key[0].startswith("explainer_answer_seconds")} == {
        ("explainer_reminders_due",): 7.0,
        ("explainer_updates_total", "message", "taken", "polling"): 3.0,
        ("explainer_updates_total", "callback_query", "dropped", "polling"): 1.0,
    }


async def test_answers_are_told_by_kind_and_time(ask: Ask, answer: FakeAnswer) -> None:
    tally = Tally()
    for seconds in (0.004, 0.3, 99.0):
        tally.note(await answer(Incoming(turn=Turn("what_is"))), seconds)
    samples = told(await ask("all", "10.1.2.3", tally))
    assert samples["explainer_answers_total", "what_is", "en", "answer"] == 3.0
    assert samples["explainer_answer_seconds_bucket", "0.005"] == 1.0
    assert samples["explainer_answer_seconds_bucket", "0.5"] == 2.0
    assert samples["explainer_answer_seconds_bucket", "+Inf"] == samples["explainer_answer_seconds_count",] == 3.0
    assert samples["explainer_answer_seconds_sum",] == pytest.approx(99.304)


async def test_families_without_samples_are_told_too(ask: Ask) -> None:
    text = (await ask("local", "::1", figures={})).text
    assert [family.name for family in FAMILIES if f"# HELP {family.name}" not in text] == []


async def test_process_tells_its_memory_and_open_files(ask: Ask) -> None:
    samples = told(await ask("local", "::1"))
    assert samples["process_resident_memory_bytes",] > 1_000_000
    assert samples["process_open_fds",] > 2


async def test_figure_of_no_family_is_noticed() -> None:
    with pytest.raises(KeyError, match="explainer_nothing"):
        list(Report({"explainer_nothing": {(): 1.0}}, Tally()).collect())


@pytest.mark.parametrize(
    ("watchers", "client", "headers", "status"),
    [
        ("local", "127.0.0.1", {}, 200),
        ("local", "::1", {}, 200),
        ("local", "10.1.2.3", {}, 404),
        ("local", "127.0.0.1", {"x-forwarded-for": "10.1.2.3"}, 404),
        ("local", "127.0.0.1", {"forwarded": "for=10.1.2.3"}, 404),
        ("local", "127.0.0.1", {"x-real-ip": "10.1.2.3"}, 404),
        ("local", "127.0.0.1", {"via": "1.1 proxy"}, 404),
        ("local", "testclient", {}, 404),
        ("all", "10.1.2.3", {}, 200),
        ("off", "127.0.0.1", {}, 404),
    ],
)
async def test_only_those_may_ask_whom_the_operator_lets(
    ask: Ask, watchers: Watchers, client: str, headers: dict[str, str], status: int
) -> None:
    assert (await ask(watchers, client, **headers)).status_code == status
