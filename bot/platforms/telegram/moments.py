"""Reads the `time` elements of answers as instants that Telegram's apps tell in the reader's own zone."""

import re
from datetime import datetime
from typing import Final

from bot.platforms.markup import Element
from bot.platforms.telegram.spans import Moment

LATEST: Final = 2**31  # seconds since 1970: Telegram counts them in 32 bits

_HOUR: Final = re.compile(r"\b\d{1,2}:\d{2}\b")
_WHOLE: Final = "wDt"


def read_moment(element: Element) -> Moment | None:
    """The instant of a `time`; None where only a day is known.

    An hour alone keeps its words: elsewhere its day may be another one, and the day stands outside.
    """
    try:
        instant = datetime.fromisoformat(element.attribute("datetime"))
    except ValueError:
        return None
    if instant.tzinfo is None or not 0 < instant.timestamp() < LATEST:
        return None
    day, hours = _HOUR.subn("", element.words)
    return Moment(int(instant.timestamp()), _WHOLE if hours == 1 and any(map(str.isdigit, day)) else "")


def spelled_number(link: Element) -> str:
    """The telephone number that a `tel:` link has to spell out behind its words; empty where they hold it."""
    number = link.attribute("href").removeprefix("tel:")
    return "" if _digits(number) in _digits(link.words) else number


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
