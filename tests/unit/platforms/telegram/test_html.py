"""Answers as Telegram's classic HTML: read back by the double's parser, which refuses what Telegram refuses."""

import re
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.platforms.plaintext import to_text
from bot.platforms.telegram.html import RUN_OVER, Part, to_messages, to_pages
from bot.platforms.telegram.screens import SCREEN_LINES, screen_lines
from tests.double.classic_html import parse, units
from tests.unit.platforms.subset import answers, words

LINE = "w" * 37 + " "  # fills a line of the screen
_ADDED = re.compile(r"\s|[“”•—]|\(https://a\.org/\?x=1&y=2\)")


def _one(html: str) -> str:
    (part,) = to_messages(html)
    return part.html


def _lines(number: int) -> str:
    """A paragraph of so many lines."""
    return f"<p>{LINE * number}</p>"


def _check(parts: tuple[Part, ...]) -> None:
    for part in parts:
        parsed = parse(part.html)
        assert parsed.text == part.text == part.text.strip() != ""
        assert units(parsed.text) <= 4096
        assert len(parsed.entities) <= 100


def test_headings_are_bold_and_notes_italic() -> None:
    html = '<p class="notice">Set clock</p><h3>Head</h3><p>Text</p><p class="notes">[1] KERA</p>'
    assert _one(html) == "<i>Set clock</i>\n\n<b>Head</b>\nText\n\n<i>[1] KERA</i>"


def test_details_are_an_expandable_quotation_with_quotations_in_marks() -> None:
    quoted = "<blockquote>No</blockquote><blockquote>“Yes”</blockquote>"
    html = f"<details><summary>More</summary><p>Said:</p>{quoted}</details>"
    assert _one(html) == "<blockquote expandable><b>More</b>\nSaid:\n“No”\n“Yes”</blockquote>"


def test_quotations_are_folded_where_the_whole_is_more_than_a_screen() -> None:
    quotations = f"<blockquote>{LINE * 4}</blockquote><blockquote>short</blockquote>"
    assert _one(quotations).count("<blockquote>") == 2
    folded = _one(quotations + _lines(SCREEN_LINES))
    assert folded.startswith(f"<blockquote expandable>{LINE * 4}".rstrip())
    assert "<blockquote>short</blockquote>" in folded


def test_details_behind_a_quotation_are_folded_with_it_where_the_whole_is_more_than_a_screen() -> None:
    html = "<blockquote>quoted</blockquote><details><summary>More</summary><p>words</p></details>"
    assert _one(html) == "<blockquote>quoted</blockquote>\n<blockquote expandable><b>More</b>\nwords</blockquote>"
    assert _one(html + _lines(SCREEN_LINES)).startswith(
        "<blockquote expandable>quoted\n<b>More</b>\nwords</blockquote>\n"
    )


def test_list_shows_its_first_items_where_the_whole_is_more_than_a_screen() -> None:
    items = "".join(f"<li>{LINE * 2}</li>" for _ in range(5))
    assert "<blockquote" not in _one(f"<ol>{items}</ol>")
    seen, _, folded = _one(f"<ol>{items}</ol>" + _lines(SCREEN_LINES)).partition("\n<blockquote expandable>")
    assert [line[:2] for line in seen.split("\n")] == ["1.", "2."]
    assert [line[:2] for line in folded.partition("</blockquote>")[0].split("\n")] == ["3.", "4.", "5."]


def test_list_that_folding_would_not_shorten_stays_whole() -> None:
    html = "<ul><li>a</li><li>b</li><li>c</li></ul>" + _lines(SCREEN_LINES)
    assert "<blockquote" not in _one(html)


def test_what_is_announced_stands_on_the_next_line() -> None:
    assert _one("<p>Which word?</p><p>I know:</p><ul><li>ICE</li></ul>") == "Which word?\n\nI know:\n• ICE"


def test_two_quotations_in_a_row_stay_two() -> None:
    html = "<blockquote>one</blockquote><blockquote>two</blockquote>"
    assert _one(html) == "<blockquote>one</blockquote>\n<blockquote>two</blockquote>"


def test_lists_tables_times_and_sources_become_lines() -> None:
    html = (
        "<ol><li>a<ul><li>b</li></ul></li></ol><table><tr><th>c</th><td>d<sup>[1]</sup></td></tr></table>"
        '<p lang="es"><time datetime="2025-11-06">hoy</time></p>'
    )
    assert _one(html) == "1. a\n   • b\n\n<b>c</b> — d[1]\n\nhoy"


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("Thursday, November 6, 9:00 a.m.", ' format="wDt"'),
        ("jueves <b>6 de noviembre, 9:00</b> a. m.", ' format="wDt"'),
        ("9:00 a.m.", ""),  # elsewhere the day that stands outside may be another
        ("November 6", ""),
        ("tomorrow", ""),
        ("November 6, 9:00 to 11:00", ""),
    ],
)
def test_instant_is_told_in_the_readers_zone(words: str, form: str) -> None:
    html = f'<p>On <i><time datetime="2025-11-06T09:00:00-06:00">{words}</time></i>.</p>'
    written = _one(html)
    assert f'<tg-time unix="1762441200"{form}>' in written
    moment = next(entity for entity in parse(written).entities if entity["type"] == "date_time")
    assert (moment["offset"], moment["length"]) == (3, len(parse(written).text) - 4)


@pytest.mark.parametrize("when", ["2025-11-06", "2025-11-06T09:00", "2025", "1969-01-01T00:00Z", "2200-01-01T00:00Z"])
def test_day_and_instants_that_telegram_cannot_count_stay_words(when: str) -> None:
    assert _one(f'<p><time datetime="{when}">Nov 6, 9:00</time></p>') == "Nov 6, 9:00"


def test_link_takes_no_time_into_itself() -> None:
    html = '<p><a href="https://a.org"><time datetime="2025-11-06T09:00Z">Nov 6, 9:00</time></a></p>'
    assert _one(html) == '<a href="https://a.org">Nov 6, 9:00</a>'


def test_time_that_is_cut_in_two_stays_words() -> None:
    start = "x" * 4090
    parts = to_messages(f'<p>{start} <time datetime="2025-11-06T09:00Z">November 6, 9:00</time></p>')
    assert [part.html for part in parts] == [
        start,
        '<tg-time unix="1762419600" format="wDt">November 6, 9:00</tg-time>',
    ]
    cut = to_messages(f'<p><time datetime="2025-11-06T09:00Z">November 6, 9:00 {start}</time></p>')
    assert len(cut) == 2
    assert not [part for part in cut if "tg-time" in part.html]


def test_links_are_kept_and_telephone_numbers_stand_as_text() -> None:
    html = '<p><a href="https://a.org/?x=1&amp;y=%22">a</a> <a href="tel:911">911</a> <a href="tel:+1214">Hall</a></p>'
    assert _one(html) == '<a href="https://a.org/?x=1&amp;y=%22">a</a> 911 Hall (+1214)'


def test_long_answer_is_split_between_blocks() -> None:
    paragraphs = [f"<p>{letter * 1500}</p>" for letter in "abcd"]
    first, second = to_messages("".join(paragraphs))
    assert (first.text, second.text) == ("a" * 1500 + "\n\n" + "b" * 1500, "c" * 1500 + "\n\n" + "d" * 1500)


def test_heading_goes_with_the_block_that_it_heads() -> None:
    _, second = to_messages(f"<p>{'a' * 4000}</p><h3>Head</h3><p>{'b' * 100}</p>")
    assert second.text.startswith("Head\nb")


def test_block_that_is_too_long_is_split_at_sentences_with_its_marks_reopened() -> None:
    html = f"<details><summary>S</summary><p><b>{'This is one sentence. [1] ' * 400}</b></p></details>"
    parts = to_messages(html)
    _check(parts)
    assert len(parts) > 2
    assert all(part.text.endswith("sentence. [1]") for part in parts)
    assert all(part.html.startswith("<blockquote expandable><b>") for part in parts)


def test_emoji_count_twice_and_are_never_torn() -> None:
    parts = to_messages(f"<p>{'👩‍👧' * 2000}</p>")
    _check(parts)
    assert all(part.text.startswith("👩") and part.text.endswith("👧") for part in parts)


def test_more_than_a_hundred_marks_go_to_another_message() -> None:
    parts = to_messages(f"<p>{'<b>x</b> y ' * 250}</p>")
    _check(parts)
    assert [part.html.count("<b>") for part in parts] == [100, 100, 50]


def test_answer_of_nothing_visible_is_no_message() -> None:
    assert to_messages("<p> </p><p>&#8203;</p><ul></ul>") == ()


def test_tags_in_words_stay_words() -> None:
    assert _one("<p>&lt;b&gt;x&lt;/b&gt; &amp;amp; &lt;script&gt;</p>") == (
        "&lt;b&gt;x&lt;/b&gt; &amp;amp; &lt;script&gt;"
    )


NOTES = '<p class="notes">[1] <a href="https://a.org">The Paper</a>, 2025 · [2] Radio Six, 2025 · As of noon</p>'


def test_notes_of_two_lines_stand_below_in_italics() -> None:
    html = f"<p>One. <sup>[1]</sup> Two. <sup>[2]</sup></p>{NOTES}"
    assert _one(html) == (
        'One. [1] Two. [2]\n\n<i>[1] </i><a href="https://a.org"><i>The Paper</i></a>'
        "<i>, 2025 · [2] Radio Six, 2025 · As of noon</i>"
    )


def test_many_sources_are_folded_above_as_of_when() -> None:
    sources = [f"[{number}] The Evening Paper of Rivertown, 2025" for number in range(1, 5)]
    html = f'<p>One. [1] [2] [3] [4]</p><p class="notes">{" · ".join([*sources, "As of noon"])}</p>'
    assert _one(html) == (
        f"One. [1] [2] [3] [4]\n<blockquote expandable>{' · '.join(sources)}</blockquote>\n<i>As of noon</i>"
    )


def test_each_page_has_the_sources_that_it_cites_and_as_of_when() -> None:
    html = f"<p>{'One. [1] ' * 300}</p><p>{'Two. [2] ' * 300}</p>{NOTES}"
    first, second = (part.text.partition("\n\n")[2] for part in to_messages(html))
    assert first == "[1] The Paper, 2025 · As of noon"
    assert second == "[2] Radio Six, 2025 · As of noon"


@pytest.mark.parametrize(
    "html",
    [
        f"<p>One. [1]</p>{NOTES}",  # a source that nothing cites
        NOTES,
        '<p>Words</p><p class="notes">As of noon</p>',
        '<p>Words</p><p class="notes">[1] The Paper</p>',
        '<p>Words [1]</p><p class="notes">[1] The Paper · of Rivertown · As of noon</p>',
        f'<p>{"Words [1] " * 500}</p><p class="notes">[1] {"The Paper " * 300} · As of noon</p>',
    ],
)
def test_no_note_is_lost(html: str) -> None:
    parts = to_messages(html)
    _check(parts)
    expected = to_text(html).replace(" (https://a.org)", "")
    assert _ADDED.sub("", "".join(part.text for part in parts)) == _ADDED.sub("", expected)


def test_page_keeps_to_a_screen_and_the_first_may_run_over_a_little() -> None:
    html = "".join(_lines(9) for _ in range(6))
    assert [screen_lines(part.html) for part in to_pages(html)] == [19, 19, 19]
    assert len(to_messages(html)) == 1
    first, second = to_pages(_lines(SCREEN_LINES - 1) + "<p>over</p>" + _lines(SCREEN_LINES))
    assert screen_lines(first.html) == SCREEN_LINES + 1 <= SCREEN_LINES + RUN_OVER
    assert screen_lines(second.html) == SCREEN_LINES


def test_last_page_is_no_lone_line() -> None:
    _, second = to_pages(_lines(12) + _lines(9) + "<p>last but one</p><p>last</p>")
    assert second.text == "last but one\n\nlast"


def test_section_that_is_cut_begins_again_with_its_heading() -> None:
    items = "".join(f"<li>{'This is one sentence. ' * 10}</li>" for _ in range(40))
    parts = to_messages(f"<p>Core</p><details><summary>Day by day</summary><ul>{items}</ul></details>")
    _check(parts)
    assert len(parts) == 4
    assert all(part.html.startswith("<blockquote expandable><b>Day by day</b>\n• ") for part in parts[1:])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(answers)
def test_any_answer_reads_back_as_its_words(html: str) -> None:
    parts = to_messages(html)
    _check(parts)
    told = _ADDED.sub("", "".join(part.text for part in parts))
    expected = _ADDED.sub("", to_text(html))
    assert _visible(told) == _visible(expected)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(st.lists(st.tuples(words, st.integers(1, 400)), min_size=1, max_size=4))
def test_any_long_text_is_split_without_losing_a_word(made: list[tuple[str, int]]) -> None:
    text = " ".join(chain.from_iterable([word] * times for word, times in made))
    parts = to_messages("<p>" + text.replace("&", "&amp;").replace("<", "&lt;") + "</p>")
    _check(parts)
    assert _visible("".join(part.text for part in parts)) == _visible(text)


def _visible(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and not char.isspace())


@pytest.mark.parametrize("html", ["words", "<p>1 < 2</p>", "<div>x</div>"])
def test_markup_outside_the_subset_is_refused(html: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        to_messages(html)
