"""The calendar files as calendars and browsers ask for them."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Route

from bot.phrasebook.book import Phrasebook
from bot.platforms.web.app import create_app
from bot.platforms.web.calendar import KEPT, TopicCalendar
from tests.unit.platforms.web.conftest import RealClock
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, site

pytestmark = pytest.mark.asyncio


def written(lang: str, item: str | None) -> bytes | None:
    """A file that tells what was asked for; there is one date, `vote`."""
    return f"BEGIN:VCALENDAR {item or 'all'} {lang}".encode() if item in {None, "vote"} else None


@pytest_asyncio.fixture
async def calendar(
    answer: FakeAnswer, phrasebook: Phrasebook, standing_clock: RealClock
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with calendar files."""
    files = TopicCalendar("old-bridge", ("en", "es"), written)
    app = create_app(answer, phrasebook.page, known_codes(), all_fine, site(standing_clock), files)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/calendar/old-bridge.ics", "BEGIN:VCALENDAR all en"),
        ("/calendar/old-bridge.ics?lang=es", "BEGIN:VCALENDAR all es"),
        ("/calendar/old-bridge.ics?lang=xx", "BEGIN:VCALENDAR all en"),
        ("/calendar/old-bridge/vote.ics", "BEGIN:VCALENDAR vote en"),
        ("/calendar/old-bridge/vote.ics?lang=es", "BEGIN:VCALENDAR vote es"),
    ],
)
async def test_file_is_served_in_the_language_asked_for(calendar: httpx.AsyncClient, path: str, content: str) -> None:
    response = await calendar.get(path)

    assert (response.status_code, response.text) == (200, content)
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.headers["x-content-type-options"] == "nosniff"
    name = path.partition("?")[0].rpartition("/")[2]
    assert response.headers["content-disposition"] == f'inline; filename="{name}"'


async def test_file_that_did_not_change_is_not_sent_again(calendar: httpx.AsyncClient) -> None:
    path = "/calendar/old-bridge.ics"
    tag = (await calendar.get(path)).headers["etag"]

    for known in (tag, f'"other", W/{tag}'):
        response = await calendar.get(path, headers={"If-None-Match": known})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)
    assert (await calendar.get(f"{path}?lang=es", headers={"If-None-Match": tag})).status_code == 200


async def test_headers_alone_can_be_asked_for(calendar: httpx.AsyncClient) -> None:
    response = await calendar.head("/calendar/old-bridge/vote.ics")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/calendar/new-bridge.ics",
        "/calendar/new-bridge/vote.ics",
        "/calendar/old-bridge/lost.ics",
        "/calendar/old-bridge/vote",
        "/calendar/old-bridge",
        "/calendar/",
        "/calendar/..%2f..%2fetc.ics",
        "/calendar/old-bridge/vote/more.ics",
    ],
)
async def test_other_calendars_are_not_there(calendar: httpx.AsyncClient, path: str) -> None:
    response = await calendar.get(path)

    assert response.status_code == 404
    assert set(response.json()) == {"error"}
    assert response.headers["cache-control"] == "no-store"


async def test_application_without_calendars_has_none(client: httpx.AsyncClient) -> None:
    assert (await client.get("/calendar/old-bridge.ics")).status_code == 404


async def test_file_is_made_once_a_minute_and_never_for_what_there_is_not() -> None:
    now, made = 1000.0, list[tuple[str, str | None]]()

    def write(lang: str, item: str | None) -> bytes | None:
        made.append((lang, item))
        return f"{len(made)}".encode() if item is None else None

    files = TopicCalendar("old-bridge", ("en", "es"), write, lambda: now)
    app = Starlette(routes=[Route("/{topic}.ics", files.serve), Route("/{topic}/{item}.ics", files.serve)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
        asked = [(await client.get(f"/old-bridge.ics?lang={lang}")).text for lang in ("en", "es", "en", "xx", "es")]
        assert asked == ["1", "2", "1", "1", "2"]
        for number in range(5):
            assert (await client.get(f"/old-bridge/none-{number}.ics")).status_code == 404
        assert len(files.made) == 2
        now += KEPT
        assert (await client.get("/old-bridge.ics")).text == "8"
