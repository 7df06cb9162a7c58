"""Answers as rich messages: nothing lost, nothing that Telegram would refuse."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings

from bot.platforms.plaintext import to_text
from bot.platforms.telegram.rich import BLOCKS, COLUMNS, TEXT, to_rich
from tests.double.rich_html import read_rich
from tests.unit.platforms.subset import answers


def _html(html: str) -> str:
    rich = to_rich(html)
    assert rich is not None
    return str(rich["html"])


def test_structure_is_kept_and_the_notes_become_the_footer() -> None:
    html = (
        '<p class="notice">Set clock</p><h3>Head</h3><p>Text<sup>[1]</sup></p>'
        "<table><tr><th>a</th><td></td></tr></table>"
        "<details><summary>More</summary><blockquote>No</blockquote></details>"
        '<p class="notes">[1] <a href="https://a.org/?x=1&amp;y=2">KERA</a></p>'
    )
    assert _html(html) == (
        "<p><i>Set clock</i></p><h3>Head</h3><p>Text<sup>[1]</sup></p>"
        "<table bordered><tr><th>a</th><td></td></tr></table>"
        "<details><summary>More</summary><blockquote>No</blockquote></details>"
        '<footer>[1] <a href="https://a.org/?x=1&amp;y=2">KERA</a></footer>'
    )


def test_items_hold_lists_and_several_paragraphs() -> None:
    html = "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol><blockquote><p>d</p><p>e</p></blockquote>"
    assert _html(html) == (
        "<ol><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ol><blockquote><p>d</p><p>e</p></blockquote>"
    )


def test_summary_over_nothing_is_a_line_and_contents_without_summary_stand_open() -> None:
    html = "<details><summary>Alone</summary></details><details><summary> </summary><p>Open</p></details>"
    assert _html(html) == "<p><b>Alone</b></p><p>Open</p>"


@pytest.mark.parametrize(
    ("when", "words", "written"),
    [
        ("2025-11-06T09:00:00-06:00", "November 6, 9:00", '<tg-time unix="1762441200" format="wDt">{}</tg-time>'),
        ("2025-11-06T09:00:00-06:00", "9:00 a.m.", '<tg-time unix="1762441200">{}</tg-time>'),
        ("2025-11-06T09:00:00-06:00", "<b>tomorrow</b>", '<tg-time unix="1762441200">{}</tg-time>'),
        ("2025-11-06", "November 6", "{}"),
        ("2200-01-01T00:00Z", "January 1, 9:00", "{}"),
        ("2025-11-06T09:00Z", '<a href="https://a.org">November 6, 9:00</a>', "{}"),
    ],
)
def test_instant_is_told_in_the_readers_zone(when: str, words: str, written: str) -> None:
    assert _html(f'<p><time datetime="{when}">{words}</time></p>') == f"<p>{written.format(words)}</p>"


def test_link_takes_no_time_into_itself() -> None:
    html = '<p><a href="https://a.org"><time datetime="2025-11-06T09:00Z">Nov 6, 9:00</time></a></p>'
    assert _html(html) == '<p><a href="https://a.org">Nov 6, 9:00</a></p>'


def test_telephone_numbers_stand_as_text() -> None:
    assert _html('<p><a href="tel:911">911</a>, <a href="tel:+1214">Hall</a></p>') == "<p>911, Hall (+1214)</p>"


def test_tags_in_words_stay_words() -> None:
    html = '<p>&lt;b&gt;x&lt;/b&gt; &amp;amp; &lt;tg-time unix="1"&gt;</p>'
    assert _html(html) == html.replace("&quot;", '"')


def test_address_of_mail_switches_telegrams_own_search_off() -> None:
    assert to_rich("<p>write to a@b.org</p>") == {"html": "<p>write to a@b.org</p>", "skip_entity_detection": True}
    assert to_rich("<p>call 911</p>") == {"html": "<p>call 911</p>"}


def test_answer_of_several_classic_messages_is_one_rich_message() -> None:
    assert to_rich("<p>One sentence of many.</p>" * 400) is not None


@pytest.mark.parametrize(
    ("fitting", "too_much"),
    [
        (f"<p>{'x' * TEXT}</p>", f"<p>{'x' * TEXT}</p><p>y</p>"),
        (f"<p>{'ñ' * (TEXT // 2)}</p>", f"<p>{'ñ' * (TEXT // 2)}y</p>"),
        ("<p>x</p>" * BLOCKS, "<p>x</p>" * (BLOCKS + 1)),
        (f"<ul>{'<li>x</li>' * 249}</ul>", f"<ul>{'<li>x</li>' * 250}</ul>"),
        (
            f"<table><tr>{'<td>x</td>' * COLUMNS}</tr></table>",
            f"<table><tr>{'<td>x</td>' * (COLUMNS + 1)}</tr></table>",
        ),
        (f"<p>{'<b>' * 15}x{'</b>' * 15}</p>", f"<p>{'<b>' * 16}x{'</b>' * 16}</p>"),
        (f"{'<ul><li>' * 7}x<br>"[:-4] + "</li></ul>" * 7, f"{'<ul><li>' * 8}x" + "</li></ul>" * 8),
    ],
    ids=["text", "bytes", "blocks", "items", "columns", "marks", "levels"],
)
def test_answer_beyond_a_limit_is_left_to_the_classic_form(fitting: str, too_much: str) -> None:
    rich = to_rich(fitting)
    assert rich is not None
    read_rich(rich)
    assert to_rich(too_much) is None


@pytest.mark.parametrize("html", ["", "<p> </p>", "<ul><li>&#8203;</li></ul>"])
def test_nothing_visible_is_no_message(html: str) -> None:
    assert to_rich(html) is None


def test_markup_outside_the_subset_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1"):
        to_rich("<div>x</div>")


_TAG = re.compile(r"<(/?)([a-z0-9-]+)((?: [a-z]+(?:=\"[^\"<>]*\")?)*)>")
_KNOWN = {
    "p", "h3", "ul", "ol", "li", "blockquote", "details", "summary", "table", "tr", "th", "td", "footer",
    "b", "i", "sup", "a", "tg-time",
}  # fmt: skip
_ADDED = re.compile(r"\s|[•—]|\d+\. |\(https://a\.org/\?x=1&y=2\)")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(answers)
def test_any_answer_keeps_its_words_in_well_formed_tags(html: str) -> None:
    rich = to_rich(html)
    if rich is None:
        assert _visible(to_text(html)) == ""
        return
    words, end = "", 0
    opened: list[str] = []
    for found in _TAG.finditer(rich["html"]):
        words, end = words + rich["html"][end : found.start()], found.end()
        if found[1]:
            assert opened.pop() == found[2]
        else:
            assert found[2] in _KNOWN
            opened.append(found[2])
    words += rich["html"][end:]
    assert not opened
    assert "<" not in words
    read_rich(rich)
    assert _visible(unescape(words)) == _visible(to_text(html))


def _visible(text: str) -> str:
    return "".join(char for char in _ADDED.sub("", text) if char.isprintable() and not char.isspace())
