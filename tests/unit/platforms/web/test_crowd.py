"""A crowd at the door: each address has its share, one in danger is heard, and nobody is kept out by mistake."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from ipaddress import ip_network

import httpx
import pytest
import pytest_asyncio

from bot.phrasebook.book import Phrasebook
from bot.platforms import flood
from bot.platforms.flood import SWEPT
from bot.platforms.web.app import create_app
from bot.platforms.web.calendar import TopicCalendar
from bot.platforms.web.crowd import AN_HOUR, HOMES, MOST_LINES, Crowd, Share, Shares
from bot.platforms.web.origins import Proxies
from tests.unit.platforms.web.conftest import RealClock
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, site

pytestmark = pytest.mark.asyncio
PATIENCE = 20.0  # seconds for what takes a few
LIBRARY, HOME = "81.2.69.142", "5.6.7.8"
DANGER = "ICE is at my door"
CADDY = "172.18.0.2"
FEW = Shares(questions=Share(8, 0.5), views=Share(12, 0.5), urgent=Share(4, 2.0))


@dataclass
class Town:
    """The page, with everybody behind one proxy; time stands still but for `pass_by`."""

    client: httpx.AsyncClient
    crowd: Crowd
    seconds: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds

    async def ask(self, address: str, text: str = "when is the vote?", **more: object) -> httpx.Response:
        return await self.client.post("/api/ask", json={"text": text, **more}, headers={"x-forwarded-for": address})

    async def send_form(self, address: str, **fields: str) -> httpx.Response:
        return await self.client.post("/", data=fields, headers={"x-forwarded-for": address})

    async def see(self, address: str, path: str) -> httpx.Response:
        return await self.client.get(path, headers={"x-forwarded-for": address, "accept-language": "es"})

    async def crowd_out(self, address: str) -> None:
        for _ in range(FEW.questions.burst):
            assert (await self.ask(address)).status_code == 200


def write_nothing(_lang: str, _item: str | None) -> bytes:
    return b"BEGIN:VCALENDAR"


Build = Callable[[str, str], Town]


@pytest_asyncio.fixture
async def towns(
    answer: FakeAnswer, phrasebook: Phrasebook, standing_clock: RealClock
) -> AsyncIterator[Callable[[str, str], Town]]:
    """Builds one, by what connects to it and what it trusts."""
    opened: list[httpx.AsyncClient] = []

    def build(peer: str, trusted: str) -> Town:
        proxies = Proxies((ip_network(trusted),) if trusted else ())
        crowd = Crowd(proxies, FEW, lambda: town.seconds)
        calendar = TopicCalendar("dallas", ("en", "es"), write_nothing)
        app = create_app(
            answer, phrasebook.page, known_codes(), all_fine, site(standing_clock, crowd), calendar
        )  # fmt: skip
        opened.append(httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(peer, 1)), base_url="http://page"))
        town = Town(opened[-1], crowd)
        return town

    yield build
    for client in opened:
        await client.aclose()


@pytest.fixture
def town(towns: Build) -> Town:
    return towns(CADDY, "172.16.0.0/12")


async def test_readers_at_a_calm_pace_are_never_kept_waiting(town: Town) -> None:
    for _ in range(100):
        assert (await town.ask(LIBRARY)).status_code == 200
        town.pass_by(0.5)


async def test_two_hundred_readers_of_one_address_who_come_at_once_have_room() -> None:
    address, shares = ip_network(f"{LIBRARY}/32"), Shares()
    questions, views = shares.questions.counting(), shares.views.counting()
    for second in range(120):
        for _ in range(200 if second == 0 else 7):  # everybody once, then each every half a minute
            assert questions.wait(address, 1000.0 + second) == 0
        for _ in range(200 * 3 if second == 0 else 7):  # the page, a picture, a calendar
            assert views.wait(address, 1000.0 + second) == 0


async def test_one_address_has_its_share_and_leaves_that_of_others(town: Town, answer: FakeAnswer) -> None:
    await town.crowd_out(LIBRARY)
    asked = len(answer.asked)
    refused = await town.ask(LIBRARY)

    assert refused.status_code == 429
    assert len(answer.asked) == asked
    assert (await town.ask(HOME)).status_code == 200
    town.pass_by(int(refused.headers["retry-after"]))
    assert (await town.ask(LIBRARY)).status_code == 200


async def test_homes_of_one_ipv6_site_have_a_share_together(town: Town) -> None:
    room = FEW.questions.burst * HOMES
    statuses = [(await town.ask(f"2a02:8070:1:{number:x}::1")).status_code for number in range(room + 5)]

    assert statuses == [200] * room + [429] * 5
    assert (await town.ask("2a02:8070:2:1::1")).status_code == 200
    assert (await town.ask(HOME)).status_code == 200
    assert (await town.ask("2a02:8070:1:9999::1", DANGER)).status_code == 200
    town.pass_by(1)
    assert (await town.ask("2a02:8070:1:9999::1")).status_code == 200


async def test_long_question_counts_as_several(town: Town) -> None:
    lines = "?" * (7 * 400)
    assert (await town.ask(LIBRARY, lines)).status_code == 200
    refused = await town.ask(LIBRARY, lines)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "4")
    assert (await town.ask(HOME, f"{lines} {DANGER}")).status_code == 200
    assert (await town.ask(HOME, f"{lines} {DANGER}")).status_code == 200
    town.pass_by(4)
    assert (await town.ask(LIBRARY, lines)).status_code == 200


async def test_longest_question_is_taken_of_one_who_asks_nothing_else() -> None:
    assert Shares().questions.burst >= MOST_LINES


async def test_refusals_do_not_make_the_wait_longer(town: Town) -> None:
    await town.crowd_out(LIBRARY)
    waits = {(await town.ask(LIBRARY)).headers["retry-after"] for _ in range(50)}
    assert waits == {"1"}


@pytest.mark.parametrize(("asked", "lang"), [({}, "en"), ({"lang": "es"}, "es")])
async def test_program_is_told_when_to_come_back_and_the_reader_in_words(
    town: Town, asked: dict[str, object], lang: str
) -> None:
    await town.crowd_out(LIBRARY)
    refused = (await town.ask(LIBRARY, **asked)).json()

    assert refused == {"error": "This address asks too much: wait 1 s.", "words": f"crowded in {lang}"}


async def test_page_without_script_shows_calm_words_and_keeps_the_question(town: Town) -> None:
    await town.crowd_out(LIBRARY)
    fields = {"text": "¿y <b>mi</b> hermano?", "lang": "es", "intent": "what_is", "entity": "term:287g", "since": "1"}
    refused = await town.send_form(LIBRARY, **fields)

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert "crowded in es" in refused.text
    assert refused.text.count("¿y &lt;b&gt;mi&lt;/b&gt; hermano?</textarea>") == 1
    assert '<html lang="es">' in refused.text


async def test_one_in_danger_is_heard_in_any_crowd(town: Town) -> None:
    await town.crowd_out(LIBRARY)
    heard = [(await town.ask(LIBRARY, DANGER)).status_code for _ in range(FEW.urgent.burst - 1)]
    by_form = await town.send_form(LIBRARY, text=DANGER)

    assert set(heard) | {by_form.status_code} == {200}
    assert (await town.ask(LIBRARY, DANGER)).status_code == 429
    assert (await town.ask(LIBRARY)).status_code == 429


async def test_nonsense_counts_as_a_question(town: Town) -> None:
    for _ in range(FEW.questions.burst):
        assert (await town.ask(LIBRARY, other=1)).status_code == 422
    assert (await town.ask(LIBRARY)).status_code == 429
    assert (await town.ask(LIBRARY, other=1)).status_code == 429


@pytest.mark.parametrize("path", ["/", "/calendar/dallas.ics", "/pictures/what_happened.en.0a.png"])
async def test_looking_has_a_share_of_its_own(town: Town, path: str) -> None:
    statuses = {(await town.see(LIBRARY, path)).status_code for _ in range(FEW.views.burst)}
    refused = await town.see(LIBRARY, path)

    assert 429 not in statuses
    assert (refused.status_code, refused.text) == (429, "crowded in es")
    assert refused.headers["content-type"] == "text/plain; charset=utf-8"
    assert (await town.see(HOME, path)).status_code != 429
    assert (await town.ask(LIBRARY)).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_told_to_whoever_asks(town: Town, path: str) -> None:
    assert {(await town.see(LIBRARY, path)).status_code for _ in range(FEW.views.burst + 1)} == {200}


async def test_made_up_hops_do_not_help(town: Town) -> None:
    await town.crowd_out(LIBRARY)
    assert (await town.ask(f"{HOME}, {LIBRARY}")).status_code == 429


async def test_proxy_that_nobody_trusted_locks_nobody_out_and_is_told_once(
    towns: Build, caplog: pytest.LogCaptureFixture
) -> None:
    town = towns(CADDY, "")
    await town.crowd_out(LIBRARY)

    assert (await town.ask(HOME)).status_code == 200
    assert [record.message.partition(":")[0] for record in caplog.records] == ["web.readers_not_told_apart"]
    ready = await town.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["proxies"].startswith("ok: a proxy is not named in EXPLAINER_TRUSTED_PROXIES")
    assert LIBRARY not in caplog.text + ready.text
    assert CADDY not in caplog.text + ready.text


@pytest.mark.parametrize("hops", [f"{CADDY}", "unknown"])
async def test_proxy_that_names_no_reader_is_told_once_and_for_an_hour(
    town: Town, caplog: pytest.LogCaptureFixture, hops: str
) -> None:
    for _ in range(FEW.questions.burst + 1):
        assert (await town.ask(hops)).status_code == 200

    assert [record.message.partition(":")[0] for record in caplog.records] == ["web.readers_not_told_apart"]
    ready = await town.client.get("/readyz")
    assert (ready.status_code, ready.json()["proxies"][:29]) == (200, "ok: the proxy names no reader")
    assert CADDY not in caplog.text + ready.text
    town.pass_by(AN_HOUR)
    assert "proxies" not in (await town.client.get("/readyz")).json()


async def test_all_is_well_is_not_said(town: Town) -> None:
    await town.ask(LIBRARY)
    assert (await town.client.get("/readyz")).json() == {"content": "ok", "database": "ok"}


async def test_this_machine_itself_is_not_counted(towns: Build) -> None:
    town = towns("127.0.0.1", "")
    for _ in range(FEW.questions.burst + 1):
        assert (await town.client.post("/api/ask", json={"text": "x"})).status_code == 200


async def test_nothing_is_kept_of_those_who_are_gone(town: Town) -> None:
    for number in range(200):
        await town.ask(f"81.2.69.{number}")
        town.pass_by(1)
    assert len(town.crowd._questions.homes._accounts) <= SWEPT + 3


async def test_nothing_is_kept_of_one_in_danger_though_nobody_asks_again(
    towns: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "SWEPT", 0.05)
    town = towns(CADDY, "172.16.0.0/12")
    address = "2a02:8070:1:2::1"
    await town.see(address, "/")
    for _ in range(FEW.questions.burst + 1):
        assert (await town.ask(address, DANGER)).status_code == 200
    controls = [each for of in (town.crowd._questions, town.crowd._views, town.crowd._urgent)
                for each in (of.homes, of.sites)]  # fmt: skip
    assert all(control._accounts for control in controls)
    async with asyncio.timeout(PATIENCE):
        while any(control._accounts for control in controls):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
