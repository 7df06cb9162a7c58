"""Requests as programs, forms, calendars and browsers send them, and what becomes of them when they are bent."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from tests.faults.bending import ODD, bent_json, torn

CANARY = "zqcanaryqz"  # stands in what is asked, and nowhere in what is answered
MARKUP = (f"<b>{CANARY}</b>", f"<script>{CANARY}</script>", f'"><img src=x onerror={CANARY}>', f"{{{{{CANARY}}}}}")
WORDS = (
    "when is the vote?", "¿cuándo es la votación?", "who is for it", "will i be deported", "what is 287g", "and him?",
    "hello", "k va a pasar", "25 million", "ICE is at my door", "🗳️", "حان", "\u202e\u2066", "a\x00b", "'; drop table--",
)  # fmt: skip
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"text": CANARY},
    {"text": CANARY, "lang": "es", "at": "2025-11-06T09:00"},
    {"text": CANARY, "context": {"intent": "what_is", "entity": "term:287g"}},
    {"text": CANARY, "intent": "what_is", "entity": "term:287g", "lang": "en"},
    {"intent": "who_said_what", "at": "2025-10-24T18:00:00.5-05:00"},
    {"intent": "what_happened", "entity": "option:picture"},
)
INTENTS = ("what_is", "what_happened", "help", "no_such", "", "a" * 70, "WHAT_IS", "where_they_stand")
FIELDS = ("text", "lang", "hint", "intent", "entity", "since", "press", "switch", "other")
FORMS = (
    "/calendar/{}.ics", "/calendar/{}/{}.ics", "/calendar/dallas-287g/{}.ics?lang={}", "/pictures/{}.{}.{}.png",
    "/pictures/{}.es.{}.png", "/static/{}", "/{}", "/?{}={}",
)  # fmt: skip
MACHINE, PROXY = "127.0.0.1", "172.18.0.2"  # the first is not counted; the second is to be trusted
PEERS = (MACHINE, MACHINE, MACHINE, PROXY, PROXY, "203.0.113.77", "2001:db8:77:7::7", "10.77.7.7")
HOPS = ("198.51.100.77", "198.51.100.78:4077", "2001:db8:77:8::7", PROXY, "unknown", "", CANARY, "\xa0")
ADDRESSES = ("203.0.113.77", "2001:db8:77", "10.77.7.7", "198.51.100.7", PROXY)  # as none may be told or logged
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

plain = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=60), st.sampled_from([one for one in ODD if isinstance(one, str)])
)
peers = st.sampled_from(PEERS)
told = st.tuples(plain, st.sampled_from(MARKUP), plain).map(" ".join)
chains = st.lists(st.sampled_from(HOPS), min_size=1, max_size=20)
forwarding = st.lists(
    st.one_of(
        chains.map(lambda hops: ("x-forwarded-for", ", ".join(hops))),
        chains.map(
            lambda hops: ("forwarded", ", ".join(f'for="[{hop}]"' if ":" in hop else f"for={hop}" for hop in hops))
        ),
        st.sampled_from(HOPS).map(lambda hop: ("x-real-ip", hop)),
    ),
    max_size=2,
)


@dataclass(frozen=True)
class Asked:
    """One request; `headers` beyond those that it needs."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    peer: str = MACHINE


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """A question to the API."""
    bent = bent_json(draw(st.sampled_from(QUESTIONS)), most=draw(st.sampled_from([0, 0, 0, 1, 4])))
    text = draw(bent).replace(CANARY, _inside_json(draw(told)), 1)
    media_type = draw(st.sampled_from([JSON] * 20 + [f"{JSON}; charset=latin-1", FORM, "text/plain", ""]))
    return Asked(
        "POST", "/api/ask", draw(torn(text.encode("utf-8", "surrogatepass"))), _headers(draw, media_type), draw(peers)
    )


@st.composite
def forms(draw: st.DrawFn) -> Asked:
    """A form of the page."""
    fields = draw(st.lists(st.tuples(st.sampled_from(FIELDS), st.one_of(told, st.sampled_from(INTENTS))), max_size=8))
    body = urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in fields])
    return Asked("POST", "/", draw(torn(body.encode())), _headers(draw, FORM), draw(peers))


@st.composite
def looks(draw: st.DrawFn) -> Asked:
    """A path of a calendar, a picture, a file of the page, or of nothing."""
    part = st.one_of(told, plain, st.sampled_from([*INTENTS, "dallas-287g", "committee-vote", "en", "es", "..", "%"]))
    form = draw(st.sampled_from(FORMS))
    parts = (quote(draw(part).encode("utf-8", "surrogatepass"), safe="") for _ in range(3))
    method = draw(st.sampled_from(["GET", "GET", "HEAD"]))
    return Asked(method, form.format(*parts), b"", _headers(draw, ""), draw(peers))


def _headers(draw: st.DrawFn, media_type: str) -> tuple[tuple[str, str], ...]:
    accepted = draw(st.sampled_from(["es", "en;q=0.5, es", "*", "es;q=nan", "fr;q=1e999,,;", MARKUP[1], "x" * 3000]))
    return (
        ("content-type", media_type), ("accept-language", accepted), ("if-none-match", '"0", W/"1"'), *draw(forwarding),
    )  # fmt: skip


def _inside_json(text: str) -> str:
    """What can stand in a JSON string without ending it; a lone surrogate stays one."""
    return "".join(char if char >= " " and char not in '"\\' else f"\\u{ord(char):04x}" for char in text)
