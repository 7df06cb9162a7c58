"""The page as the server writes it, and its form as browsers without script send it."""

import re
from html import unescape

import httpx
import pytest

from bot.core.messages import Incoming, Turn
from bot.phrasebook.book import Phrasebook
from bot.platforms.web.app import create_app
from tests.unit.platforms.web.conftest import RealClock
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, reply_of, site

pytestmark = pytest.mark.asyncio
FORM = {"content-type": "application/x-www-form-urlencoded"}
XSS = "\"'><img src=x onerror=alert(1)><script>alert(1)</script></textarea>{{ 7*7777777 }}"


def hidden(html: str) -> dict[str, str]:
    """The form's hidden fields."""
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html)}


def presses(html: str) -> dict[str, str]:
    """What each button sends, by its label."""
    return {
        unescape(label): unescape(value)
        for value, label in re.findall(r'name="press" value="([^"]*)"[^>]*>([^<]*)<', html)
    }


async def test_page_greets_in_the_browsers_language(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    english = await client.get("/", headers={"accept-language": "de, en;q=0.7, es;q=0.3"})
    spanish = await client.get("/", headers={"accept-language": "es-MX,es;q=0.9,en;q=0.5"})

    assert '<html lang="en">' in english.text
    assert "Ask me about Dallas" in english.text
    assert '<html lang="es">' in spanish.text
    assert '<li class="answered" lang="es">' in spanish.text
    assert "Pregúntame sobre Dallas" in spanish.text
    assert spanish.headers["vary"] == "Accept-Language"
    assert [asked.turn for asked in answer.asked] == [Turn("help"), Turn("help")]


@pytest.mark.parametrize("header", ["", "*", "de", "en;q=0, fr", "es;q=x", ";;;,,,=", "x" * 5000])
async def test_odd_language_header_gets_the_default(client: httpx.AsyncClient, header: str) -> None:
    assert '<html lang="en">' in (await client.get("/", headers={"accept-language": header})).text


async def test_question_of_a_form_comes_back_with_its_answer(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    response = await client.post("/", data={"text": "When is the vote?", "hint": "en"})

    assert response.status_code == 200
    assert '<span class="words">When is the vote?</span>' in response.text
    assert "Expected in the first week" in response.text
    assert answer.asked == [Incoming("When is the vote?", lang_hint="en")]


async def test_button_without_script_asks_its_turn(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    press = presses((await client.get("/")).text)["What is 287(g)?"]
    response = await client.post("/", data={"text": "half a thou", "press": press})

    assert answer.asked[-1].turn == Turn("what_is", "term:287g")
    assert '<span class="words">What is 287(g)?</span>' in response.text
    assert ">half a thou</textarea>" in response.text


async def test_follow_up_carries_the_turn_before(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    first = await client.post("/", data={"text": "What is 287(g)?"})
    await client.post("/", data={"text": "and why?", **hidden(first.text)})

    assert answer.asked[-1].context == Turn("what_is", "term:287g")


@pytest.mark.parametrize("text", ["ice cream", "thanks"])
async def test_refusal_or_thanks_keeps_the_turn_before(
    client: httpx.AsyncClient, standing_clock: RealClock, text: str
) -> None:
    since = str(int(standing_clock.now().timestamp()) - 60)
    fields = {"text": text, "intent": "what_is", "entity": "term:287g", "since": since}
    response = await client.post("/", data=fields)

    kept = hidden(response.text)
    assert (kept["intent"], kept["entity"], kept["since"]) == ("what_is", "term:287g", since)


@pytest.mark.parametrize("age", [601, -5, 10**9])
async def test_turn_is_forgotten_after_ten_minutes(
    client: httpx.AsyncClient, answer: FakeAnswer, standing_clock: RealClock, age: int
) -> None:
    since = str(int(standing_clock.now().timestamp()) - age)
    await client.post("/", data={"text": "and why?", "intent": "what_is", "entity": "term:287g", "since": since})

    assert answer.asked[-1].context is None


async def test_language_switch_tells_the_answer_again(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    first = await client.post("/", data={"text": "When is the vote?"})
    second = await client.post("/", data={**hidden(first.text), "text": "a draft", "switch": "es"})

    assert '<html lang="es">' in second.text
    assert "Mañana: jueves 6 de noviembre" in second.text
    assert ">a draft</textarea>" in second.text
    assert hidden(second.text)["lang"] == "es"
    assert answer.asked[-1].lang == "es"


async def test_language_button_chooses_the_language(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    first = await client.post("/", data={"text": "287"})
    second = await client.post("/", data={"text": "", "press": presses(first.text)["Español"]})

    assert answer.asked[-1] == Incoming(turn=Turn("language"), lang="es", lang_hint="en")
    assert hidden(second.text)["lang"] == "es"


async def test_page_follows_the_language_of_the_answer(client: httpx.AsyncClient) -> None:
    response = await client.post("/", data={"text": "¿Cuándo es la votación?", "hint": "en"})

    assert '<html lang="es">' in response.text
    assert hidden(response.text)["hint"] == "es"
    assert hidden(response.text)["lang"] == ""


async def test_button_of_an_older_pack_is_asked_by_its_label(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    await client.post("/", data={"press": "AAAAAAAAAAAA When is the vote?"})
    await client.post("/", data={"press": "AAAAAAAAAAAA"})

    assert (answer.asked[0].text, answer.asked[0].turn) == ("When is the vote?", None)
    assert answer.asked[1].turn == Turn("help")


@pytest.mark.parametrize("field", ["text", "press", "lang", "hint", "switch", "intent", "entity", "since"])
async def test_markup_in_any_field_comes_back_escaped(client: httpx.AsyncClient, field: str) -> None:
    for value in (XSS, f"AAAAAAAAAAAA {XSS}", f"AAAAAAAAAAAA.es {XSS}"):
        response = await client.post("/", data={"text": "x", field: value})

        assert response.status_code == 200
        assert "<script>alert" not in response.text
        assert "<img src=x" not in response.text
        assert str(7 * 7777777) not in response.text


async def test_control_characters_are_not_echoed(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    response = await client.post("/", content=b"text=a%00b%1Bc%0Ad%FF", headers=FORM)

    assert answer.asked[0].text == "a\0b\x1bc\nd\N{REPLACEMENT CHARACTER}"
    assert '<span class="words">abc\nd\N{REPLACEMENT CHARACTER}</span>' in response.text


async def test_long_text_is_asked_whole_and_shown_in_part(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    response = await client.post("/", data={"text": "x" * 100_000})

    assert len(answer.asked[0].text) == 100_000
    assert len(response.text) < 20_000


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"text=" + b"x" * 300_000, FORM, 413),
        (b"text=x", {"content-type": "multipart/form-data; boundary=x"}, 415),
        (b"text=x", {}, 415),
        (b"&".join(b"a=1" for _ in range(50)), FORM, 422),
    ],
)
async def test_other_than_the_pages_form_is_refused(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    response = await client.post("/", content=body, headers=headers)

    assert response.status_code == status
    assert list(response.json()) == ["error"]


@pytest.mark.parametrize(
    "body", [b"", b"=", b"&&&", b"press=", b"switch=fr", b"text", b"press=%00", b"since=99&intent=help"]
)
async def test_odd_form_is_answered(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await client.post("/", content=body, headers=FORM)).status_code == 200


async def test_failure_keeps_the_question_in_the_box(client: httpx.AsyncClient, answer: FakeAnswer) -> None:
    answer.failing = True
    response = await client.post("/", data={"text": "When is the vote?"})

    assert response.status_code == 500
    assert '<li class="failed"' in response.text
    assert ">When is the vote?</textarea>" in response.text
    assert "secret" not in response.text


async def test_set_clock_is_shown(
    answer: FakeAnswer, phrasebook: Phrasebook, clock: object, client: httpx.AsyncClient
) -> None:
    app = create_app(answer, phrasebook.page, known_codes(), all_fine, site(clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as rehearsal:
        shown = (await rehearsal.get("/")).text

    assert "Rehearsal: it is Oct 24, 2025, 6:00 p.m. in Dallas." in shown
    assert "Rehearsal" not in (await client.get("/")).text


async def test_answer_stands_in_the_page_as_it_was_told(client: httpx.AsyncClient) -> None:
    page = (await client.post("/", data={"text": "287"})).text

    assert reply_of("what_is", "en").html in page.replace("\N{NO-BREAK SPACE}", " ")
    assert 'href="https://example.org/vote.ics"' not in page
    assert 'href="https://example.org/vote.ics"' in (await client.post("/", data={"text": "vote"})).text
