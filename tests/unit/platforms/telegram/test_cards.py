"""Cards of answers: what the list says of them, and the one message that each becomes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from bot.core.messages import Reply
from bot.platforms.markup import parse as parse_answer
from bot.platforms.telegram.cards import DESCRIPTION, build_card, description, single_message
from tests.double.classic_html import parse, units
from tests.unit.platforms.subset import answers

NOTES = (
    '<p class="notes">[1] <a href="https://a.org/">KERA</a>, Oct 24, 2025 · As of Oct 24, 2025, 6:00 p.m. in Dallas</p>'
)
AS_OF = "As of Oct 24, 2025, 6:00 p.m. in Dallas"
LONG = [
    "<p>First.<sup>[1]</sup></p>" + "<p>One sentence that says little.<sup>[1]</sup></p>" * 150,
    "<p>First.<sup>[1]</sup></p><ol>" + "<li>One sentence that says little.<p>And another.</p></li>" * 120 + "</ol>",
    "<p>First.<sup>[1]</sup></p><ul><li>" + "<p>One sentence that says little.</p>" * 150 + "</li></ul>",
    "<p>First.<sup>[1]</sup></p><details><summary>More</summary>"
    + "<p>Word by word.</p><h3>Head</h3>" * 260
    + "</details>",
    "<p>First.<sup>[1]</sup></p><table>" + "<tr><td>many</td><td>rows of a table</td></tr>" * 200 + "</table>",
]
ENDLESS = [  # of one paragraph, of which the first words are kept, without the numbers of its sources
    f"<p>First. {'word ' * 2000}</p>",
    f"<p>First{'x' * 9000}</p>",
    "<p>First." + "<b>x</b> y " * 150 + "</p>",
]


def _described(html: str) -> str:
    return description(parse_answer(html))


def test_description_is_the_first_words_and_as_of_when_they_are_true() -> None:
    html = f'<p class="notice">Set clock.</p><p><b>No date</b> <sup>[1]</sup>, no place <sup>[2]</sup>.</p>{NOTES}'
    assert _described(html) == f"No date, no place. · {AS_OF}"


def test_description_says_whose_words_it_quotes() -> None:
    html = f"<h3>Against — Ana Ruiz <sup>[1]</sup></h3><blockquote>“Not now”</blockquote>{NOTES}"
    assert _described(html) == f"Against — Ana Ruiz: “Not now” · {AS_OF}"


def test_long_description_keeps_whole_words_and_its_as_of() -> None:
    html = f"<ul>{'<li>The council wants no more delay.</li>' * 9}</ul>{NOTES}"
    told = _described(html)
    assert told == f"The council wants no more delay. The council wants no more delay. The council… · {AS_OF}"
    assert len(told) <= DESCRIPTION


def test_one_endless_word_is_cut() -> None:
    assert _described(f"<p>{'x' * 300}</p>") == "x" * 116 + "…"


@pytest.mark.parametrize("body", LONG + ENDLESS)
def test_message_of_a_long_answer_keeps_its_beginning_its_sources_and_its_as_of(body: str) -> None:
    html = body + NOTES
    message = single_message(html, parse_answer(html))
    parsed = parse(message.html)
    assert units(parsed.text) <= 4096
    assert len(parsed.entities) <= 100
    assert parsed.text.startswith("First")
    assert "…" in parsed.text
    assert ("KERA" in parsed.text) is (body in LONG)
    assert AS_OF in parsed.text.splitlines()[-1]


@pytest.mark.parametrize("sentences", range(30, 60, 5))
def test_long_sources_of_what_is_left_stand_below_an_opening_that_cites_nothing(sentences: int) -> None:
    sources = " · ".join(f"[{number}] {f'Minutes {number}, '.ljust(1480, 'x')}" for number in (1, 2, 3))
    told = "".join(f"<p>{number} {'word ' * 16}<sup>[{1 + number % 3}]</sup></p>" for number in range(sentences))
    html = f'<p>{"Opening. " * 30}</p>{told}<p class="notes">{sources} · {AS_OF}</p>'
    message = single_message(html, parse_answer(html))
    assert units(message.text) <= 4096
    assert message.text.startswith("Opening. ")
    assert message.text.endswith(AS_OF)
    body, _, notes = message.text.partition("…")
    assert [f"Minutes {number}" in notes for number in (1, 2, 3)] == [f"[{number}]" in body for number in (1, 2, 3)]


def test_sources_of_what_was_cut_off_are_not_listed() -> None:
    told = "".join(f"<p>One sentence that says little.<sup>[{1 + number // 100}]</sup></p>" for number in range(300))
    notes = " · ".join(f'[{number}] <a href="https://a.org/{number}">KERA {number}</a>' for number in (1, 2, 3))
    html = f'{told}<p class="notes">{notes} · {AS_OF}</p>'
    message = single_message(html, parse_answer(html))
    assert "KERA 1 · " in message.text
    assert "[3]" not in message.text
    assert message.text.endswith(AS_OF)


def test_cut_answer_ends_with_no_heading_over_nothing() -> None:
    html = "<p>First.</p>" + f"<h3>Head</h3><p>{'word ' * 300}</p>" * 5 + NOTES
    lines = single_message(html, parse_answer(html)).text.splitlines()
    assert lines[lines.index("…") - 2].startswith("word")


def test_short_answer_stays_whole() -> None:
    html = f"<p>Short.</p>{NOTES}"
    assert single_message(html, parse_answer(html)).text.startswith("Short.")
    assert "…" not in single_message(html, parse_answer(html)).text


def test_answer_of_nothing_visible_makes_no_card() -> None:
    with pytest.raises(ValueError, match="nothing"):
        single_message("<p> </p>", parse_answer("<p> </p>"))


def test_card_shows_no_preview_and_opens_only_links() -> None:
    link = [[{"text": "Ask me in private", "url": "https://t.me/FactsBot?start=vote"}]]
    card = build_card(REPLY, "When?", "vote.en", link)
    assert card == {
        "type": "article", "id": "vote.en", "title": "When?", "description": f"Soon. · {AS_OF}",
        "input_message_content": {
            "message_text": single_message(REPLY.html, parse_answer(REPLY.html)).html,
            "parse_mode": "HTML", "link_preview_options": {"is_disabled": True},
        },
        "reply_markup": {"inline_keyboard": link},
    }  # fmt: skip
    assert "reply_markup" not in build_card(REPLY, "When?", "vote.en", [])


REPLY = Reply("vote", None, "answer", 1.0, "en", datetime(2025, 10, 24, tzinfo=UTC), f"<p><b>Soon.</b></p>{NOTES}")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=100)
@given(answers)
def test_any_answer_makes_a_card_within_telegrams_limits(html: str) -> None:
    card = build_card(replace(REPLY, html=f"<p>Yes.</p>{html}{NOTES}"), "When?", "vote.en", [])
    parsed = parse(card["input_message_content"]["message_text"])
    assert 0 < units(parsed.text) <= 4096
    assert parsed.text.splitlines()[-1].endswith(AS_OF)
    assert len(card["description"]) <= DESCRIPTION
    assert card["description"].endswith(AS_OF)
