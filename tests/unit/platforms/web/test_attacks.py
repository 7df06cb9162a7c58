"""What strangers try on the page and the API, over real connections: nothing of it is believed, echoed or stored."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import orjson
import pytest
import pytest_asyncio

from bot.core.messages import Incoming, Picture, Reply, Turn
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.drawing import draw_trial
from bot.platforms.web.app import create_app
from bot.platforms.web.calendar import TopicCalendar
from bot.platforms.web.server import WebServer
from tests.unit.platforms.web.conftest import RealClock
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, reply_of, site

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE = 20.0  # seconds
EVIL = "evil.example"
MARKUP = "<script>alert(1)</script>"
JSON = {"content-type": "application/json"}
PNG = draw_trial('<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500"/>', ())
PATHS = (
    "/",
    "/api/ask",
    "/healthz",
    "/readyz",
    "/static/page.css",
    "/calendar/dallas.ics",
    "/pictures/what_is.en.0.png",
)


class ShowingAnswer(FakeAnswer):
    """Has a picture, too."""

    async def __call__(self, incoming: Incoming) -> Reply:
        reply = await super().__call__(incoming)
        if incoming.turn != Turn("what_is", "option:picture"):
            return reply
        shown = Picture(PNG, "alt", f"/pictures/what_is.{reply.lang}.0a.png")
        return replace(reply_of("what_is", reply.lang), entity=None, picture=shown)


def file_of_anything(_lang: str, item: str | None) -> bytes:
    return f"BEGIN:VCALENDAR {len(item or '')}".encode()


@dataclass
class Target:
    """A server of the page; `client` speaks to it well, `raw` says anything."""

    server: WebServer
    client: httpx.AsyncClient
    answer: FakeAnswer

    async def raw(self, *sent: bytes) -> bytes:
        """All that comes back until the server ends the connection, which it is asked to."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        for data in sent:
            writer.write(data)
        writer.write_eof()
        try:
            return await asyncio.wait_for(reader.read(), PATIENCE)
        finally:
            writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_target(phrasebook: Phrasebook) -> AsyncIterator[Target]:
    """One for all, since its end takes longer than a test."""
    answer, calendar = ShowingAnswer(), TopicCalendar("dallas", ("en", "es"), file_of_anything)
    clock = RealClock(datetime(2025, 11, 6, 12, tzinfo=UTC))
    server = WebServer(
        create_app(answer, phrasebook.page, known_codes(), all_fine, site(clock), calendar), "127.0.0.1", 0
    )
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE) as client:
        yield Target(server, client, answer)
    await server.stop()


@pytest.fixture
def target(shared_target: Target) -> Target:
    """The one, to which nothing has been said."""
    shared_target.answer.asked.clear()
    shared_target.answer.failing = False
    return shared_target


def statuses(told: bytes) -> list[int]:
    """The status of each response."""
    return [int(part[:3]) for part in told.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("path", PATHS)
async def test_no_response_sets_a_cookie_or_lets_itself_be_framed(target: Target, path: str) -> None:
    for method in ("GET", "POST", "HEAD"):
        response = await target.client.request(method, path, headers={"cookie": "a=b", "origin": f"https://{EVIL}"})
        assert "set-cookie" not in response.headers
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_another_site_cannot_ask_with_a_form_of_its_own(target: Target, media_type: str) -> None:
    headers = {"content-type": media_type, "origin": f"https://{EVIL}"}
    response = await target.client.post("/api/ask", content=b'{"text": "x", "=": ""}', headers=headers)
    assert response.status_code == 415
    assert target.answer.asked == []


async def test_another_site_is_not_allowed_to_send_json(target: Target) -> None:
    asks = {"origin": f"https://{EVIL}", "access-control-request-method": "POST",
            "access-control-request-headers": "content-type"}  # fmt: skip
    response = await target.client.options("/api/ask", headers=asks)
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_form_from_another_site_changes_nothing(target: Target) -> None:
    before = (await target.client.get("/")).text
    sent = {"text": "vote", "lang": "es", "switch": "es", "intent": "what_is"}
    assert (await target.client.post("/", data=sent, headers={"origin": f"https://{EVIL}"})).status_code == 200
    assert (await target.client.get("/")).text == before


@pytest.mark.parametrize("host", [EVIL, f"{EVIL}:1", f'{EVIL}"><script>', "a@b", "", "[::", "x/../y?z#"])
@pytest.mark.parametrize("path", [*PATHS, "/healthz/", "/pictures/what_is.en.old.png", f"//{EVIL}/", "/nowhere"])
async def test_host_that_a_request_names_leads_nowhere(target: Target, host: str, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: {EVIL}\r\nConnection: close\r\n\r\n"
    told = await target.raw(head.encode())
    assert EVIL.encode() not in told
    assert 500 not in statuses(told)


async def test_picture_that_has_changed_leads_to_its_own_path_alone(target: Target) -> None:
    response = await target.client.get("/pictures/what_is.en.old.png", headers={"host": EVIL})
    assert (response.status_code, response.headers["location"]) == (307, "/pictures/what_is.en.0a.png")


PLACES = {
    "text": {"text": MARKUP},
    "lang": {"lang": MARKUP, "text": "x"},
    "hint": {"hint": MARKUP, "text": "x"},
    "intent": {"intent": MARKUP, "since": "1762430000", "text": "x"},
    "entity": {"intent": "what_is", "entity": MARKUP, "since": "1762430000", "text": "x"},
    "since": {"intent": "what_is", "since": MARKUP, "text": "x"},
    "press": {"press": f"{MARKUP} {MARKUP}"},
    "label": {"press": f"none {MARKUP}"},
    "switch": {"switch": MARKUP, "text": MARKUP},
    "name": {MARKUP: "x"},
    "attribute": {"text": '"><script>alert(1)</script>', "press": '" onfocus="alert(1)" '},
    "textarea": {"text": f"</textarea>{MARKUP}", "switch": "es"},
}


@pytest.mark.parametrize("fields", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("crowded", [False, True])
async def test_markup_in_a_form_stays_text(target: Target, fields: dict[str, str], crowded: bool) -> None:
    target.answer.failing = crowded  # then the page shows what was asked again
    page = (await target.client.post("/", data=fields, headers={"accept-language": MARKUP})).text
    assert "<script>alert" not in page
    assert page.count("<script") == 1
    assert " onfocus=" not in page.replace("&#34; onfocus=", "")


@pytest.mark.parametrize("field", ["text", "lang", "intent", "entity", "at", "context", "unknown<b>"])
async def test_markup_in_a_question_is_not_echoed(target: Target, field: str) -> None:
    asked = {"text": "x", field: MARKUP}
    response = await target.client.post("/api/ask", json=asked, headers={"accept-language": MARKUP})
    assert b"alert(1)" not in response.content
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "header", ["accept-language", "if-none-match", "user-agent", "referer", "content-type", "range"]
)
@pytest.mark.parametrize("path", PATHS)
async def test_headers_are_not_echoed(target: Target, header: str, path: str) -> None:
    response = await target.client.get(path, headers={header: f"{MARKUP};q=9"})
    assert b"alert(1)" not in response.content
    assert not [value for value in response.headers.values() if "alert" in value]
    assert response.status_code < 500


@pytest.mark.parametrize(
    "query",
    [f"?lang={quote(MARKUP)}", "?lang=en&lang=es", "?lang=" + "x" * 5000, "?%00=%ff", "?lang=%0d%0aset-cookie:a=b"],
)
@pytest.mark.parametrize("path", PATHS)
async def test_parameters_are_not_echoed(target: Target, query: str, path: str) -> None:
    response = await target.client.get(path + query)
    assert b"alert(1)" not in response.content
    assert "set-cookie" not in response.headers
    assert response.status_code < 500


@pytest.mark.parametrize(
    "item",
    [
        'a".ics',
        "a%0d%0aset-cookie:x",
        "a;filename=b",
        "a%00",
        "%e2%80%aecod",
        "<b>",
        "..%5c..",
        "a b",
        "x" * 300,
        "%ff",
        "a\\b",
    ],
)
async def test_name_of_a_calendar_file_cannot_be_made_up(target: Target, item: str) -> None:
    response = await target.client.get(f"/calendar/dallas/{item}.ics")
    assert response.status_code == 404
    assert "content-disposition" not in response.headers
    assert response.json() == {"error": "There is no such calendar."}


@pytest.mark.parametrize(
    "path",
    ["/admin", "/admin/", "/docs", "/openapi.json", "/.env", "/.git/config", "/api", "/api/", "/api/admin", "/debug",
     "/static/", "/static/..%2f..%2fsettings.py", "/static/%2e%2e/server.py", "/static/../app.py", "/..%2fetc/passwd",
     "/pictures/..%2f..%2fa.en.0.png", "/pictures/what_is.xx.0.png", "/calendar/..%2fa.ics", "/telegram/x", "//",
     "/%00", "/%ff", "/healthz%00", "/HEALTHZ", "/healthz/"],
)  # fmt: skip
async def test_what_does_not_exist_is_not_there(target: Target, path: str) -> None:
    told = await target.raw(f"GET {path} HTTP/1.1\r\nHost: page\r\nConnection: close\r\n\r\n".encode())
    assert statuses(told) == [404]
    assert b"root:" not in told


@pytest.mark.parametrize(
    "method", ["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "PROPFIND", "DEBUG", "GETT", "get"]
)
@pytest.mark.parametrize("path", ["/", "/api/ask", "/healthz", "*", f"http://{EVIL}/", f"{EVIL}:443"])
async def test_odd_methods_do_nothing_and_echo_nothing(target: Target, method: str, path: str) -> None:
    secret = b"X-Secret: do-not-echo\r\n"
    told = await target.raw(
        f"{method} {path} HTTP/1.1\r\nHost: page\r\nConnection: close\r\n".encode() + secret + b"\r\n"
    )
    assert b"do-not-echo" not in told
    assert EVIL.encode() not in told
    assert set(statuses(told)) <= {400, 404, 405}
    assert target.answer.asked == []


ASK = orjson.dumps({"text": "smuggled"})
INNER = b"POST /api/ask HTTP/1.1\r\nHost: page\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ASK),
    ASK,
)
SMUGGLED = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INNER),
    "list of lengths": b"Content-Length: 0, 5\r\n\r\n",
    "signed length": b"Content-Length: +0\r\n\r\n",
    "negative length": b"Content-Length: -1\r\n\r\n",
    "huge length": b"Content-Length: 99999999999999999999999\r\n\r\n",
    "hexadecimal length": b"Content-Length: 0x0\r\n\r\n",
    "chunks misspelt": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "space before colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded line": b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare line feed": b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare return": b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "NUL": b"X: a\0b\r\n\r\n",
    "huge chunk": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
}


@pytest.mark.parametrize("head", SMUGGLED.values(), ids=SMUGGLED)
async def test_request_whose_end_can_be_read_in_two_ways_carries_no_second_one(target: Target, head: bytes) -> None:
    media_type = b"Content-Type: application/x-www-form-urlencoded\r\n"
    told = await target.raw(b"POST / HTTP/1.1\r\nHost: page\r\n" + media_type + head + INNER)
    assert "smuggled" not in [incoming.text for incoming in target.answer.asked]
    assert statuses(told)[-1:] in ([400], [])


async def test_upgrade_is_not_taken_up(target: Target) -> None:
    head = b"GET / HTTP/1.1\r\nHost: page\r\nConnection: upgrade, close\r\nUpgrade: %s\r\n\r\n"
    for protocol in (b"websocket", b"h2c", b"TLS/1.0"):
        assert 101 not in statuses(await target.raw(head % protocol))


BOMBS = {
    "depth": b'{"text":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    "depth of objects": b'{"context":' * 10_000 + b"1" + b"}" * 10_000,
    "huge number": b'{"text": ' + b"9" * 100_000 + b"}",
    "huge exponent": b'{"text": 1e999999999}',
    "not a number": b'{"text": NaN}',
    "lone surrogate": b'{"text": "\\ud83d"}',
    "wrong bytes": b'{"text": "\xff\xfe"}',
    "many keys": b"{" + b",".join(b'"k%d":1' % number for number in range(15_000)) + b"}",
    "byte order mark": b'\xef\xbb\xbf{"text": "x"}',
    "nothing": b"",
    "raw control character": b'{"text": "\0"}',
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
async def test_bomb_of_json_is_refused_in_one_sentence(target: Target, body: bytes) -> None:
    response = await target.client.post("/api/ask", content=body, headers=JSON)
    assert response.status_code in {400, 422}
    assert list(response.json()) == ["error"]
    assert target.answer.asked == []


async def test_of_a_key_that_stands_twice_one_value_counts(target: Target) -> None:
    response = await target.client.post("/api/ask", content=b'{"text": "one", "text": "two"}', headers=JSON)
    assert response.status_code == 200
    assert [incoming.text for incoming in target.answer.asked] == ["two"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_large_body_is_taken_by_no_route(target: Target, method: str, path: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 50_000

    for media_type in ("application/json", "application/x-www-form-urlencoded"):
        response = await target.client.request(method, path, content=pieces(), headers={"content-type": media_type})
        assert response.status_code < 500
        assert not any(len(incoming.text) > 300_000 for incoming in target.answer.asked)


@pytest.mark.parametrize("text", ["\u202emoor", "\u2066\u2067x", "a\u0000b", "\ufeff\ufffe", "e\u0301" * 5000])
async def test_strange_letters_do_no_harm_around_them(target: Target, text: str) -> None:
    page = (await target.client.post("/", data={"text": text})).text
    assert page.count('<span class="words">') == 2
    assert (await target.client.post("/api/ask", json={"text": text})).status_code == 200
