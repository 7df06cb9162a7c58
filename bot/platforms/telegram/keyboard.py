"""Turns buttons into Telegram's inline keyboard, and a pressed button's data back into what it asks."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.core.messages import Button, Turn
from bot.core.ports import Codes

SHORT = 18  # characters of a label of which two stand side by side on a 320-pixel phone
MOST_BUTTONS = 100

_DATA = re.compile(r"(?P<code>[A-Za-z0-9_-]{1,24})(?:\.(?P<lang>[A-Za-z-]{2,8}))?")


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button asks; `lang` where it switches the language too."""

    turn: Turn
    lang: str | None = None


def build_keyboard(buttons: Iterable[Button], codes: Codes) -> InlineKeyboardMarkup | None:
    """The keyboard under a message, two short labels a row; None without buttons.

    A link that Telegram would refuse (no http, or a host without a dot) is left out, so that the answer still arrives.
    """
    rows: list[list[InlineKeyboardButton]] = []
    for button in [button for button in buttons if button.turn or _is_public(button.url)][:MOST_BUTTONS]:
        made = _button(button, codes)
        if rows and _pairs(rows[-1], made):
            rows[-1].append(made)
        else:
            rows.append([made])
    return InlineKeyboardMarkup(rows) if rows else None


def read_press(data: str | None, codes: Codes, languages: Sequence[str]) -> Pressed:
    """What the data of a pressed button stand for; the turn `help` where the present pack does not know them."""
    found = _DATA.fullmatch(data or "")
    if found is None:
        return Pressed(Turn("help"))
    lang = found["lang"] if found["lang"] in languages else None
    return Pressed(codes.turn(found["code"]) or Turn("help"), lang)


def _button(button: Button, codes: Codes) -> InlineKeyboardButton:
    if button.turn is None:
        return InlineKeyboardButton(button.label, url=button.url)
    code = codes.code(button.turn)
    return InlineKeyboardButton(button.label, callback_data=f"{code}.{button.lang}" if button.lang else code)


def _pairs(row: Sequence[InlineKeyboardButton], button: InlineKeyboardButton) -> bool:
    return len(row) == 1 and len(row[0].text) <= SHORT and len(button.text) <= SHORT


def _is_public(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "")
