"""POST /api/ask, as programs and the page's script use it."""

import httpx
import pytest

from bot.core.messages import Incoming, Turn
from tests.unit.platforms.web.samples import FakeAnswer

pytestmark = pytest.mark.asyncio
JSON = {"content-type": "application/json"}


async def test_question_gets_the_whole_answer(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/ask", json={"text": "When is the vote?"})

    assert response.status_code == 200
    told = response.json()
    keys = "intent entity outcome confidence lang at html text facts sources buttons suggestions"
    assert list(told) == keys.split()
    assert told["intent"] == "when_is_the_vote"
    assert told["entity"] is None
    assert told["at"] == "2025-10-24T18:00:00-05:00"
    assert told["text"].startswith("A set clock is in use.\n\nExpected in the first week")
    assert told["sources"][0]["publisher"] == "CBS News Texas"
    assert told["buttons"][0] == {"label": "Remind me", "intent": "remind_me", "entity": None}
    assert told["buttons"][-1] == {"label": "Calendar", "url": "https://example.org/vote.ics"}


async def test_button_that_switches_the_language_says_so(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/ask", json={"text": "287"})

    assert response.json()["buttons"][-1] == {"label": "Español", "intent": "language", "entity": None, "lang": "es"}


async def test_all_that_was_asked_reaches_the_conversation(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    asked = {
        "text": "and him?",
        "lang": "es",
        "at": "2025-11-06T09:00",
        "context": {"intent": "what_is", "entity": "term:287g"},
    }
    await client.post("/api/ask", json=asked, headers={"accept-language": "fr, en;q=0.8"})

    (incoming,) = answer.asked
    assert (incoming.text, incoming.lang, incoming.lang_hint) == ("and him?", "es", "en")
    assert incoming.context == Turn("what_is", "term:287g")
    assert incoming.at is not None
    assert incoming.at.isoformat() == "2025-11-06T09:00:00-06:00"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-10-24T18:00:00-05:00", "2025-10-24T18:00:00-05:00"),
        ("2025-10-24T23:00:00.250Z", "2025-10-24T18:00:00-05:00"),
        ("2025-10-24T18:00", "2025-10-24T18:00:00-05:00"),
    ],
)
async def test_instant_is_read_with_or_without_an_offset(
    client: httpx.AsyncClient, answer: FakeAnswer, written: str, meant: str
) -> None:
    assert (await client.post("/api/ask", json={"text": "x", "at": written})).status_code == 200

    assert answer.asked[0].at is not None
    assert answer.asked[0].at.isoformat() == meant


async def test_pressed_button_is_asked_as_its_turn(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    await client.post("/api/ask", json={"intent": "what_is", "entity": "term:287g", "text": "What is 287(g)?"})

    assert answer.asked[0].turn == Turn("what_is", "term:287g")


async def test_button_of_an_older_pack_is_asked_in_the_words_of_its_label(
    client: httpx.AsyncClient, answer: FakeAnswer
) -> None:
    response = await client.post("/api/ask", json={"intent": "what_is", "entity": "term:gone", "text": "What is gone?"})

    assert response.status_code == 200
    assert answer.asked == [Incoming("What is gone?")]


async def test_context_of_an_older_pack_is_left_out(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    context = {"intent": "what_is", "entity": "term:gone"}
    assert (await client.post("/api/ask", json={"text": "and then?", "context": context})).status_code == 200

    assert answer.asked[0].context is None


@pytest.mark.parametrize("text", ["", "\0", "a\0b", "🗳️🗳️", "<script>alert(1)</script>", "x" * 100_000])
async def test_any_text_is_answered(client: httpx.AsyncClient, answer: FakeAnswer, text: str) -> None:
    response = await client.post("/api/ask", json={"text": text})

    assert response.status_code == 200
    assert answer.asked[0].text == text
    assert "alert(1)" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        {"text": 5},
        {"text": ["When?"]},
        {"text": "x", "lang": "fr"},
        {"text": "x", "lang": 1},
        {"text": "x", "other": 1},
        {"text": "x", "at": "tomorrow"},
        {"text": "x", "at": "2025-11-31T09:00"},
        {"text": "x", "at": 5},
        {"text": "x", "at": "0001-01-01T00:00Z"},
        {"text": "x", "at": "9999-12-31T23:59-12:00"},
        {"text": "x", "context": "help"},
        {"text": "x", "context": {"intent": "help", "more": 1}},
        {"text": "x", "context": {"intent": "<script>"}},
        {"entity": "term:ice"},
        {"intent": "help", "entity": "../../etc"},
        {"intent": "help\n"},
        {"intent": "no_such_intent"},
        {},
        [],
        5,
        "text",
    ],
)
async def test_question_of_another_shape_is_refused_in_one_sentence(
    client: httpx.AsyncClient, answer: FakeAnswer, body: object
) -> None:
    response = await client.post("/api/ask", json=body)

    assert response.status_code == 422
    assert list(response.json()) == ["error"]
    assert response.json()["error"].endswith(".")
    assert "\n" not in response.json()["error"]
    assert answer.asked == []


@pytest.mark.parametrize("key", ["text", "lang", "at", "intent", "<b>secret</b>"])
async def test_refusal_never_repeats_what_was_sent(client: httpx.AsyncClient, key: str) -> None:
    response = await client.post("/api/ask", json={key: {"<b>secret</b>": "<b>secret</b>"}})

    assert response.status_code == 422
    assert "secret" not in response.text


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b"\xff\xfe", b"[" * 100_000, b'{"text": "\\ud800"}'])
async def test_what_is_not_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/api/ask", content=body, headers=JSON)

    assert response.status_code == 400
    assert response.json() == {"error": "This is not a JSON object in UTF-8."}


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_other_media_type_is_refused(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post("/api/ask", content=b'{"text": "x"}', headers={"content-type": media_type})

    assert response.status_code == 415
    assert "application/json" in response.json()["error"]


async def test_huge_body_is_refused_however_it_is_sent(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    async def in_pieces() -> object:
        for _ in range(40):
            yield b"x" * 10_000

    announced = await client.post("/api/ask", json={"text": "x" * 300_000})
    unannounced = await client.post("/api/ask", content=in_pieces(), headers=JSON)

    assert (announced.status_code, unannounced.status_code) == (413, 413)
    assert "larger" in announced.json()["error"]
    assert answer.asked == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_other_method_is_refused(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/api/ask")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_failure_of_the_conversation_tells_nothing(
    client: httpx.AsyncClient, answer: FakeAnswer, caplog: pytest.LogCaptureFixture
) -> None:
    answer.failing = True
    response = await client.post("/api/ask", json={"text": "my secret"})

    assert response.status_code == 500
    assert list(response.json()) == ["error"]
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text + response.text
