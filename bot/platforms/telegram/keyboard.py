"""Turns buttons into Telegram's inline keyboard, and a pressed button's data back into what it asks."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.core.messages import Button, Turn
from bot.core.ports import Codes

SHORT: Final = 18  # characters of a label of which two stand side by side on a 320-pixel phone
MOST_BUTTONS: Final = 100
MOST_DATA: Final = 64  # bytes that Telegram keeps of a button

_CODE: Final = r"[A-Za-z0-9_-]{1,24}"
_DATA: Final = re.compile(
    rf"(?P<code>{_CODE})(?:\.(?P<lang>[A-Za-z-]{{2,8}}))?(?:!(?P<shown>[A-Za-z-]{{2,8}}))?(?:~(?P<page>[1-9][0-9]?))?"
    rf"(?P<trail>(?:<{_CODE})*)"
)


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a message that changes in place an answer stands: its `code` (None where it is not to be asked again),
    the codes of the answers shown before it, the last one first, and which page of how many is shown in which
    language."""

    code: str | None = None
    trail: tuple[str, ...] = ()
    page: int = 1
    pages: int = 1
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """What the buttons that lead through a message say."""

    more: str
    back: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button asks; `lang` where it switches the language too, `shown` the language of its message, `trail` what
    that showed before, the last one first. `is_known` is False where the present pack does not know the button any
    more."""

    turn: Turn
    lang: str | None = None
    page: int = 1
    trail: tuple[str, ...] = ()
    is_known: bool = True
    shown: str | None = None


def build_keyboard(
    buttons: Iterable[Button], codes: Codes, position: Position | None = None, labels: Labels | None = None
) -> InlineKeyboardMarkup | None:
    """The keyboard under a message, two short labels a row; None without buttons.

    Each button carries the way that led to it, so that there is a way back, after a restart too. A link that
    Telegram would refuse (no http, or a host without a dot) is left out, so that the answer still arrives.
    """
    position = position or Position()
    before = (position.code, *position.trail) if position.code else ()
    rows: list[list[InlineKeyboardButton]] = []
    for button in [button for button in buttons if button.turn or _is_public(button.url)][:MOST_BUTTONS]:
        made = _button(button, codes, before, position.lang)
        if rows and _pairs(rows[-1], made):
            rows[-1].append(made)
        else:
            rows.append([made])
    if labels and (way := _way(position, labels)):
        rows.append(way)
    return InlineKeyboardMarkup(rows) if rows else None


def read_press(data: str | None, codes: Codes, languages: Sequence[str]) -> Pressed:
    """What the data of a pressed button stand for; the turn `help` where the present pack does not know them."""
    found = _DATA.fullmatch(data or "")
    if found is None:
        return Pressed(Turn("help"), is_known=False)
    lang = found["lang"] if found["lang"] in languages else None
    turn, trail = codes.turn(found["code"]), found["trail"].split("<")[1:]
    if found["code"] in trail:  # pressed under itself, or shown again: the way back leads to what was before it
        trail = trail[trail.index(found["code"]) + 1 :]
    shown = found["shown"] if found["shown"] in languages else None
    return Pressed(turn or Turn("help"), lang, int(found["page"] or 1), tuple(trail), turn is not None, shown)


def _way(position: Position, labels: Labels) -> list[InlineKeyboardButton]:
    """Back to the page or the answer before, on to the next page."""
    way = []
    if position.page > 1 and position.code:
        way.append((labels.back, _data(_paged(position.code, position.lang, position.page - 1), position.trail)))
    elif position.trail:
        way.append((labels.back, _data(_paged(position.trail[0], position.lang, 1), position.trail[1:])))
    if position.page < position.pages and position.code:
        way.append((labels.more, _data(_paged(position.code, position.lang, position.page + 1), position.trail)))
    return [InlineKeyboardButton(label, callback_data=data) for label, data in way]


def _paged(code: str, lang: str | None, page: int) -> str:
    return code + (f"!{lang}" if lang else "") + (f"~{page}" if page > 1 else "")


def _button(button: Button, codes: Codes, before: Sequence[str], lang: str | None) -> InlineKeyboardButton:
    if button.turn is None:
        return InlineKeyboardButton(button.label, url=button.url)
    code = codes.code(button.turn)
    asked = f"{code}.{button.lang}" if button.lang else _paged(code, lang, 1)
    return InlineKeyboardButton(button.label, callback_data=_data(asked, before))


def _data(asked: str, trail: Sequence[str]) -> str:
    """What is asked and as much of the way to it as there is room for."""
    data = asked
    for code in trail:
        if len(data) + 1 + len(code) > MOST_DATA:
            break
        data += f"<{code}"
    return data


def _pairs(row: Sequence[InlineKeyboardButton], button: InlineKeyboardButton) -> bool:
    return len(row) == 1 and len(row[0].text) <= SHORT and len(button.text) <= SHORT


def _is_public(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "")
