"""What surrounds the answers: guarding headers, assets, health, and the server itself."""

import asyncio
import re
import socket

import httpx
import pytest
from starlette.applications import Starlette

from bot.core.errors import SettingsError
from bot.platforms.web.app import create_app
from bot.platforms.web.server import WebServer
from tests.unit.platforms.web.conftest import RealClock
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, site

pytestmark = pytest.mark.asyncio
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def words_of_nobody(_lang: str, **_values: object) -> str:
    """A page that cannot be written."""
    raise LookupError("a secret")


async def urls(client: httpx.AsyncClient) -> list[str]:
    """The addresses that the page asks for."""
    return re.findall(r'(?:src|href)="(/[^"]*)"', (await client.get("/")).text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/nowhere"),
        ("GET", "/api/ask"),
        ("POST", "/api/ask"),
    ],
)
async def test_every_response_puts_the_browser_on_its_guard(client: httpx.AsyncClient, method: str, path: str) -> None:
    headers = (await client.request(method, path)).headers

    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers


async def test_failure_is_guarded_too(
    answer: FakeAnswer, standing_clock: RealClock, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(answer, words_of_nobody, known_codes(), all_fine, site(standing_clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
        response = await client.get("/")

    assert response.status_code == 500
    assert response.headers["content-security-policy"] == POLICY
    assert "LookupError" in caplog.text
    assert "secret" not in caplog.text + response.text


async def test_assets_are_kept_by_browsers_and_change_their_name_with_their_content(client: httpx.AsyncClient) -> None:
    found = {url for url in await urls(client) if url.startswith("/static/")}

    assert {re.sub(r"\.[0-9a-f]{12}\.", ".", url) for url in found} == {
        "/static/page.css",
        "/static/page.js",
        "/static/icon.svg",
    }
    for url in found:
        response = await client.get(url)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["content-type"].partition(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}


@pytest.mark.parametrize("name", ["page.css", "page.000000000000.js", "..%2fapp.py", "%2e%2e/server.py"])
async def test_other_files_are_not_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status_code == 404


async def test_page_is_small_and_asks_no_other_host(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    sizes = [len((await client.get(url)).content) for url in set(await urls(client)) if url.startswith("/static/")]

    assert len(page.encode()) + sum(sizes) < 60_000
    assert not re.search(r'(?:src|action|href)="(?:https?:)?//', page)
    assert " style=" not in page
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=", page)


async def test_alive_is_said_in_one_word(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")

    assert (response.status_code, response.text) == (200, "ok")


async def failing_check() -> dict[str, str]:
    raise OSError("secret path")


async def missing_database() -> dict[str, str]:
    return {"content": "ok", "database": "out of reach"}


@pytest.mark.parametrize(
    ("ready", "status", "checks"),
    [
        (all_fine, 200, {"content": "ok", "database": "ok"}),
        (missing_database, 503, {"content": "ok", "database": "out of reach"}),
        (failing_check, 503, {"checks": "OSError"}),
    ],
)
async def test_readiness_tells_each_check(
    answer: FakeAnswer, standing_clock: RealClock, ready: object, status: int, checks: dict[str, str]
) -> None:
    app = create_app(answer, words_of_nobody, known_codes(), ready, site(standing_clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
        response = await client.get("/readyz")

    assert (response.status_code, response.json()) == (status, checks)


async def test_server_starts_on_a_free_port_and_lets_it_go() -> None:
    server = WebServer(Starlette(), "127.0.0.1", 0)
    await server.start()
    port = server.port
    async with httpx.AsyncClient() as client:
        assert (await client.get(server.url)).status_code == 404
    await server.stop()

    socket.create_server(("127.0.0.1", port)).close()


async def test_server_finishes_the_answer_in_hand(standing_clock: RealClock) -> None:
    begun = asyncio.Event()

    async def slow() -> dict[str, str]:
        begun.set()
        await asyncio.sleep(0.3)
        return {"slow": "ok"}

    app = create_app(FakeAnswer(), words_of_nobody, known_codes(), slow, site(standing_clock))
    server = WebServer(app, "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient() as client:
        asked = asyncio.create_task(client.get(f"{server.url}/readyz"))
        await begun.wait()
        await server.stop()
        assert (await asked).json() == {"slow": "ok"}


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
async def test_taken_address_is_said_in_one_sentence(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = WebServer(Starlette(), host, taken.getsockname()[1])
        with pytest.raises(SettingsError, match=r"^EXPLAINER_PORT: .* cannot be listened on") as raised:
            await server.start()
        await server.stop()

    assert "\n" not in str(raised.value)


async def test_requests_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    server = WebServer(Starlette(), "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient() as client:
        await client.get(f"{server.url}/a-path")
    await server.stop()

    assert not [
        record for record in caplog.records if record.name.startswith("uvicorn") and "a-path" in record.getMessage()
    ]
