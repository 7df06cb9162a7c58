"""How much of the cheapest phone's screen a message takes before anything in it is opened."""

import re
from collections.abc import Iterator
from html import unescape
from textwrap import wrap

LINE_CHARACTERS = 38  # of Telegram's default text size on a screen 360 CSS pixels wide, its margins taken off
SCREEN_LINES = 22  # above a row of buttons, on a screen 640 CSS pixels high
FOLDED_LINES = 3  # what an expandable quotation shows until it is opened

_FOLDED = re.compile(r"<blockquote expandable>(.*?)</blockquote>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def screen_lines(html: str) -> int:
    """The lines that a message of classic HTML takes, its expandable quotations folded; blank lines count."""
    return text_lines(_plain(_FOLDED.sub(_as_shown, html)))


def text_lines(text: str) -> int:
    """The lines that plain text takes, wrapped at words."""
    return sum(1 for _ in _wrapped(text))


def _as_shown(folded: re.Match[str]) -> str:
    """The lines of an expandable quotation that are seen before it is opened, in place of all of it."""
    shown = [line for _, line in zip(range(FOLDED_LINES), _wrapped(_plain(folded[1])), strict=False)]
    return "\n".join(shown).replace("&", "&amp;").replace("<", "&lt;")


def _wrapped(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from wrap(line, LINE_CHARACTERS, break_on_hyphens=False) or [""]


def _plain(html: str) -> str:
    return unescape(_TAG.sub("", html))
