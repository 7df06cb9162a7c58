"""Reads the page's form, which carries the conversation where the browser runs no script."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from bot.core.messages import Button, Incoming, Turn
from bot.core.ports import Codes

REMEMBERED = timedelta(minutes=10)  # how long a turn serves follow-ups
PRESSED = re.compile(r"(?P<code>[A-Za-z0-9_-]{1,24})(\.(?P<lang>[a-z]{2,3}))?( (?P<label>.*))?", re.DOTALL)
MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn that serves follow-ups, and since when, in seconds of Unix time."""

    turn: Turn
    since: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asked: `question` as the page shows it, `draft` what stays in the box, `kept` the turn before."""

    incoming: Incoming
    question: str = ""
    draft: str = ""
    kept: Kept | None = None


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a urlencoded form; of several with one name the last. Raises ValueError beyond 20 fields."""
    written = body.decode("ascii", "replace")
    return dict(parse_qsl(written, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))


def read_asked(fields: dict[str, str], codes: Codes, languages: tuple[str, ...], now: datetime) -> Asked:
    """What to ask of the conversation: a pressed button before a changed language before words."""
    kept = _kept(fields, codes, now)
    text, switch = fields.get("text", ""), _among(fields.get("switch"), languages)
    plain = Incoming(
        text,
        lang=_among(fields.get("lang"), languages),
        lang_hint=_among(fields.get("hint"), languages),
        context=kept.turn if kept else None,
    )
    if pressed := PRESSED.fullmatch(fields.get("press", "")):
        label = pressed["label"] or ""
        lang = _among(pressed["lang"], languages) or plain.lang
        return Asked(_pressed(replace(plain, lang=lang), codes.turn(pressed["code"]), label), label, text, kept)
    if switch:
        turn = kept.turn if kept else Turn("help")
        return Asked(replace(plain, text="", turn=turn, lang=switch), "", text, kept)
    return Asked(plain, text, "", kept)


def _pressed(plain: Incoming, turn: Turn | None, label: str) -> Incoming:
    """A button that the present pack no longer knows is asked in the words of its label."""
    if turn is None and label:
        return replace(plain, text=label)
    return replace(plain, text="", turn=turn or Turn("help"))


def _among(lang: str | None, languages: tuple[str, ...]) -> str | None:
    return lang if lang in languages else None


def pressed_value(button: Button, codes: Codes) -> str:
    """What a button of the page sends when pressed: a code, a language where it switches to one, and its label."""
    code = codes.code(button.turn) if button.turn else ""
    return f"{code}{f'.{button.lang}' if button.lang else ''} {button.label}"


def _kept(fields: dict[str, str], codes: Codes, now: datetime) -> Kept | None:
    since, intent = fields.get("since", ""), fields.get("intent", "")
    if not intent or not re.fullmatch(r"[0-9]{1,12}", since):
        return None
    age = now.timestamp() - int(since)
    turn = known_turn(Turn(intent, fields.get("entity") or None), codes)
    return Kept(turn, int(since)) if turn and 0 <= age <= REMEMBERED.total_seconds() else None


def known_turn(turn: Turn | None, codes: Codes) -> Turn | None:
    """The turn, where the present pack has it; None for any other, such as one of an older pack."""
    return codes.turn(codes.code(turn)) if turn else None
