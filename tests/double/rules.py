"""What the server checks beyond types: texts, keyboards, and whether an edit changes anything."""

import re
from typing import Any
from urllib.parse import urlsplit

from tests.double.classic_html import Parsed, parse, units
from tests.double.table import RefusedError

MESSAGE_UNITS = 4096
CAPTION_UNITS = 1024
MESSAGE_ENTITIES = 100
MOST_BUTTONS = 100
_ACTIONS = {
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
}  # fmt: skip
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_STRANGE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_text(parameters: dict[str, Any]) -> Parsed:
    """The text after parsing; refused where it is empty or too long. Leading and trailing space is cut, as there."""
    parsed = _parsed(parameters.get("text", ""), parameters.get("parse_mode", ""))
    if not parsed.text:
        raise RefusedError("Bad Request: message text is empty")
    if units(parsed.text) > MESSAGE_UNITS:
        raise RefusedError("Bad Request: message is too long")
    return parsed


def read_caption(parameters: dict[str, Any]) -> Parsed:
    """A file's caption after parsing; empty where there is none."""
    parsed = _parsed(parameters.get("caption", ""), parameters.get("parse_mode", ""))
    if units(parsed.text) > CAPTION_UNITS:
        raise RefusedError("Bad Request: message caption is too long")
    return parsed


def read_keyboard(markup: dict[str, Any] | None) -> tuple[tuple[dict[str, Any], ...], ...]:
    """The rows of an inline keyboard, each button checked."""
    rows = (markup or {}).get("inline_keyboard", [])
    if sum(len(row) for row in rows) > MOST_BUTTONS:
        raise RefusedError("Bad Request: too many inline keyboard buttons")
    for row in rows:
        for button in row:
            _check_button(button)
    return tuple(tuple(row) for row in rows if row)


def check_commands(parameters: dict[str, Any]) -> None:
    """Names and descriptions of a menu; the limits of length stand in the table."""
    for command in parameters["commands"]:
        if not _COMMAND.fullmatch(command["command"]):
            raise RefusedError("Bad Request: BOT_COMMAND_INVALID")
        if not command["description"].strip():
            raise RefusedError("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")


def read_language(parameters: dict[str, Any]) -> str:
    """The language that a menu or a description is for; empty where it is for all others."""
    language: str = parameters.get("language_code", "")
    if language and not _LANGUAGE.fullmatch(language):
        raise RefusedError("Bad Request: invalid language code specified")
    return language


def opens(url: str) -> bool:
    """Whether a link is one that Telegram opens."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "tg":
        return True
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and not re.search(r"\s", url)


def _check_button(button: dict[str, Any]) -> None:
    label = button["text"]
    if not any(char.isprintable() and not char.isspace() for char in label):
        raise RefusedError("Bad Request: text buttons are unallowed in the inline keyboard")
    actions = _ACTIONS & set(button)
    if len(actions) != 1:
        raise RefusedError(f"Bad Request: an inline keyboard button has exactly one action, not {len(actions)}")
    if "url" in button and not opens(button["url"]):
        raise RefusedError(f"Bad Request: inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def _parsed(source: str, mode: str) -> Parsed:
    """Parsed and cut; empty where nothing in it can be seen."""
    source = _STRANGE.sub(" ", source).replace("\r", "")
    if mode not in ("", "HTML"):
        raise RefusedError("Bad Request: unsupported parse_mode")
    parsed = parse(source) if mode else Parsed(source)
    is_seen = any(char.isprintable() and not char.isspace() for char in parsed.text)
    return _trimmed(parsed) if is_seen else Parsed()


def _trimmed(parsed: Parsed) -> Parsed:
    text = parsed.text.rstrip()
    lead = len(text) - len(text.lstrip())
    cut, text = units(text[:lead]), text[lead:]
    entities = []
    for entity in parsed.entities:
        start, end = entity["offset"] - cut, entity["offset"] + entity["length"] - cut
        start, end = max(start, 0), min(end, units(text))
        if start < end:
            entities.append({**entity, "offset": start, "length": end - start})
    return Parsed(text, entities)
