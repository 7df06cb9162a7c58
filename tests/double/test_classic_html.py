"""What Telegram's HTML parser takes and refuses, as the double has it."""

import pytest

from tests.double.classic_html import parse
from tests.double.rules import read_keyboard, read_text
from tests.double.table import RefusedError


def test_entities_are_counted_in_utf16_units() -> None:
    parsed = parse('🧊 <b>a <i>b</i></b> &lt;&amp;&#33;&nbsp; <a href="https://a.org/?x=1&amp;y=2">c</a>')
    assert parsed.text == "🧊 a b <&!&nbsp; c"
    assert parsed.entities == [
        {"type": "bold", "offset": 3, "length": 3},
        {"type": "italic", "offset": 5, "length": 1},
        {"type": "text_link", "url": "https://a.org/?x=1&y=2", "offset": 17, "length": 1},
    ]


def test_expandable_quotation_is_its_own_kind() -> None:
    assert [entity["type"] for entity in parse("<blockquote expandable>a</blockquote>").entities] == [
        "expandable_blockquote"
    ]


def test_time_is_an_entity_with_its_instant_and_form() -> None:
    parsed = parse('<b><tg-time unix="1762441200" format="wDt">Nov 6, 9:00</tg-time></b> <tg-time unix="1">x</tg-time>')
    assert [entity for entity in parsed.entities if entity["type"] == "date_time"] == [
        {"type": "date_time", "unix_time": 1762441200, "date_time_format": "wDt", "offset": 0, "length": 11},
        {"type": "date_time", "unix_time": 1, "date_time_format": "", "offset": 12, "length": 1},
    ]


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("é<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag"),
        ("<b><i>x</b></i>", 'expected "</i>", found "</b>"'),
        ("1 < 2", "Unclosed start tag"),
        ('<b class="x">x</b>', 'Unsupported attribute "class"'),
        ('<a href="x>y</a>', "Unexpected end of name token"),
        ('<a href="tel:911">x</a>', "Unsupported link"),
        ("<a>x</a>", "Unsupported link"),
        ("<blockquote><blockquote>x</blockquote></blockquote>", "can't be nested"),
        ("<blockquote><b><blockquote>x</blockquote></b></blockquote>", "can't be nested"),
        ("<code><b>x</b></code>", "can't be nested in code"),
        ("<tg-time>x</tg-time>", "Invalid Unix time"),
        ('<tg-time unix="-1">x</tg-time>', "Invalid Unix time"),
        ('<tg-time unix="99999999999">x</tg-time>', "Invalid Unix time"),
        ('<tg-time unix="1" format="tD">x</tg-time>', "Invalid date-time format"),
        ('<a href="https://a.org"><tg-time unix="1">x</tg-time></a>', "can't be nested"),
    ],
)
def test_markup_that_telegram_cannot_parse_is_refused(html: str, why: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse(html)
    assert caught.value.description.startswith("Bad Request: can't parse entities: ")
    assert why in caught.value.description


@pytest.mark.parametrize("text", [" ", "\n", "<b> </b>", "\u200b", "\x00"])
def test_empty_text_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="message text is empty"):
        read_text({"text": text, "parse_mode": "HTML"})


def test_length_counts_after_parsing_in_utf16_units() -> None:
    read_text({"text": f"<b>{'🧊' * 2048}</b>", "parse_mode": "HTML"})
    with pytest.raises(RefusedError, match="message is too long"):
        read_text({"text": "🧊" * 2048 + "a"})


def test_space_around_is_cut_and_entities_follow() -> None:
    parsed = read_text({"text": " <i> a</i> ", "parse_mode": "HTML"})
    assert (parsed.text, parsed.entities) == ("a", [{"type": "italic", "offset": 0, "length": 1}])


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ({"text": " ", "callback_data": "a"}, "text buttons are unallowed"),
        ({"text": "a"}, "exactly one action, not 0"),
        ({"text": "a", "callback_data": "a", "url": "https://a.org"}, "exactly one action, not 2"),
        ({"text": "a", "url": "tel:911"}, "Wrong HTTP URL"),
        ({"text": "a", "url": "http://localhost:8080/"}, "Wrong HTTP URL"),
        ({"text": "a", "url": "https://a.org/ b"}, "Wrong HTTP URL"),
    ],
)
def test_button_that_telegram_refuses_is_refused(button: dict[str, str], why: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_keyboard({"inline_keyboard": [[button]]})
    assert why in caught.value.description


def test_more_than_a_hundred_buttons_are_refused() -> None:
    rows = [[{"text": "a", "callback_data": "a"}]] * 101
    with pytest.raises(RefusedError, match="too many"):
        read_keyboard({"inline_keyboard": rows})
