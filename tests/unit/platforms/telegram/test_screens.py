"""How many lines a message takes on the cheapest phone before anything in it is opened."""

import pytest

from bot.platforms.telegram.screens import FOLDED_LINES, LINE_CHARACTERS, screen_lines, text_lines

FULL = "w" * LINE_CHARACTERS


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("words", 1),
        (f"{FULL} {FULL} w", 3),
        (f"<b>{FULL}</b>", 1),  # marks take no room
        ("one &amp;&amp; two", 1),
        (f"&lt;{FULL[1:]}", 1),
        ("one\n\ntwo", 3),
        ("w" * (LINE_CHARACTERS + 1), 2),  # a word longer than a line
        (f"<blockquote>{FULL} {FULL} {FULL} {FULL}</blockquote>", 4),
        (f"<blockquote expandable>{FULL} {FULL} {FULL} {FULL}</blockquote>", FOLDED_LINES),
        ("<blockquote expandable>one\ntwo</blockquote>", 2),
        ("<blockquote expandable>&lt;b&gt;\n&amp;\n3\n4</blockquote>\n<b>more</b>", FOLDED_LINES + 1),
        ("before\n<blockquote expandable>1\n2\n3\n4</blockquote>\n<blockquote expandable>5</blockquote>", 5),
    ],
)
def test_message_takes_as_many_lines_as_are_seen(html: str, lines: int) -> None:
    assert screen_lines(html) == lines


def test_words_are_not_torn_at_a_lines_end() -> None:
    assert text_lines("w" * 30 + " " + "w" * 10) == 2
    assert text_lines("one-half " * 8) == 2
