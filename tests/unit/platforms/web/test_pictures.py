"""A reply's picture in the page, and where it is served from."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from bot.conversation.pictures import OPTION
from bot.core.clock import FixedClock
from bot.core.messages import Incoming, Picture, Reply, Turn
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.drawing import draw_trial
from bot.platforms.web.app import create_app
from tests.pictures import pixels
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, reply_of, site

pytestmark = pytest.mark.asyncio

NOW = datetime(2025, 11, 6, 12, tzinfo=UTC)
PNG = draw_trial('<svg xmlns="http://www.w3.org/2000/svg" width="500" height="1000"/>', ())
ALT = 'Timeline: "11" <entries>'


class ShowingAnswer(FakeAnswer):
    """Has a picture of what happened, true for two minutes more."""

    mark = "0a1b"

    async def __call__(self, incoming: Incoming) -> Reply:
        reply = await super().__call__(incoming)
        if incoming.turn != Turn("what_happened", OPTION):
            return reply
        path = f"/pictures/what_happened.{reply.lang}.{self.mark}.png"
        return replace(reply_of("what_is", reply.lang), intent="what_happened", entity=None,
                       picture=Picture(PNG, ALT, path), until=NOW + timedelta(minutes=2))  # fmt: skip


@pytest.fixture
def answer() -> ShowingAnswer:
    return ShowingAnswer()


@pytest_asyncio.fixture
async def client(answer: ShowingAnswer, phrasebook: Phrasebook) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(answer, phrasebook.page, known_codes(), all_fine, site(FixedClock(NOW)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
        yield client


async def test_the_picture_is_served_for_as_long_as_it_is_true(client: httpx.AsyncClient) -> None:
    response = await client.get("/pictures/what_happened.es.0a1b.png")
    assert (response.status_code, response.content) == (200, PNG)
    assert response.headers["content-type"] == "image/png"
    assert response.headers["cache-control"] == "public, max-age=120"
    assert "img-src 'self'" in response.headers["content-security-policy"]


async def test_an_older_pictures_address_leads_to_the_present_one(client: httpx.AsyncClient) -> None:
    response = await client.get("/pictures/what_happened.en.old.png")
    assert (response.status_code, response.headers["location"]) == (307, "/pictures/what_happened.en.0a1b.png")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["what_is.en.0a1b", "nothing.en.0a1b", "what_happened.fr.0a1b", "what_happened.en", "a.b.c.d"]
)
async def test_what_has_no_picture_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/pictures/{path}.png")).status_code == 404


async def test_the_api_tells_where_the_picture_is(client: httpx.AsyncClient) -> None:
    asked = {"intent": "what_happened", "entity": OPTION, "text": "As a picture", "lang": "en"}
    told = (await client.post("/api/ask", json=asked)).json()
    height, width, _ = pixels(PNG).shape
    assert told["picture"] == {
        "url": "/pictures/what_happened.en.0a1b.png", "alt": ALT, "width": width, "height": height,
    }  # fmt: skip
    assert "picture" not in (await client.post("/api/ask", json={"text": "vote"})).json()


async def test_a_picture_of_another_instant_is_not_promised(client: httpx.AsyncClient) -> None:
    asked = {"intent": "what_happened", "entity": OPTION, "text": "As a picture", "at": "2025-10-24T18:00"}
    assert "picture" not in (await client.post("/api/ask", json=asked)).json()


async def test_the_page_shows_it_without_script(client: httpx.AsyncClient) -> None:
    press = known_codes().code(Turn("what_happened", OPTION))
    response = await client.post("/", data={"press": press})
    assert (
        '<img src="/pictures/what_happened.en.0a1b.png" alt="Timeline: &#34;11&#34; &lt;entries&gt;"' in response.text
    )
    assert (await client.get("/")).text.count("<img src=") == 1
