"""Parses Telegram's classic HTML as its server does, and refuses what the server refuses or silently mends."""

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.double.table import RefusedError

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-time": "date_time",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "blockquote": {"expandable"}, "tg-time": {"unix", "format"}}
_ALONE = {"a", "tg-time"}  # neither stands in the other, nor in itself
TIME_FORM = re.compile(r"r|w?[dD]?[tT]?")
FURTHEST = 1098 * 86_400  # seconds from now that a date may lie ahead
_ENTITY = re.compile(r"&(?:#(?P<decimal>\d{1,7})|#x(?P<hex>[0-9a-fA-F]{1,6})|(?P<name>lt|gt|amp|quot));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
ATTRIBUTE = re.compile(r"""\s+(?P<name>[a-z-]+)(?:=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[\w.-]+)))?""")
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z0-9-]*)(?P<rest>(?:\s[^>]*)?)>")


@dataclass(slots=True)
class Parsed:
    """Text without marks, and its entities as the Bot API writes them (offsets in UTF-16 units)."""

    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    tag: str
    start: int
    entity: dict[str, Any]


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(source: str) -> Parsed:
    """Raises RefusedError as the server words it: `Bad Request: can't parse entities: …`."""
    parsed, stack, place = Parsed(), list[_Open](), 0
    while place < len(source):
        char = source[place]
        if char == "<":
            found = _TAG.match(source, place)
            if found is None:
                raise _refused(source, place, "Unclosed start tag")
            _read_tag(source, found, parsed, stack)
            place = found.end()
        elif char == "&" and (found := _ENTITY.match(source, place)):
            parsed.text += _resolved(found)
            place = found.end()
        else:
            parsed.text += char
            place += 1
    if stack:
        raise _refused(source, len(source), f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    parsed.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return parsed


def _read_tag(source: str, found: re.Match[str], parsed: Parsed, stack: list[_Open]) -> None:
    tag, place = found["name"].lower(), found.start()
    if found["end"]:
        if not stack:
            raise _refused(source, place, "Unexpected end tag")
        opened = stack.pop()
        if tag != opened.tag:
            raise _refused(source, place, f'Unmatched end tag, expected "</{opened.tag}>", found "</{tag}>"')
        length = units(parsed.text) - opened.start
        if length:
            parsed.entities.append({**opened.entity, "offset": opened.start, "length": length})
        return
    if tag not in _KINDS:
        raise _refused(source, place, f'Unsupported start tag "{tag}"')
    if tag == "blockquote" and any(element.tag == tag for element in stack):
        raise _refused(source, place, "Blockquotes can't be nested")
    if tag in _ALONE and any(element.tag in _ALONE for element in stack):
        raise _refused(source, place, f'"{tag}" can\'t be nested')
    if any(element.tag in ("code", "pre") for element in stack):
        raise _refused(source, place, "Entities can't be nested in code")
    stack.append(_Open(tag, units(parsed.text), _entity(source, found, tag)))


def _entity(source: str, found: re.Match[str], tag: str) -> dict[str, Any]:
    attributes, rest, place = dict[str, str | None](), found["rest"], 0
    while place < len(rest.rstrip()):
        attribute = ATTRIBUTE.match(rest, place)
        if attribute is None:
            raise _refused(source, found.start(), "Unexpected end of name token")
        values = [attribute[key] for key in ("double", "single", "bare") if attribute[key] is not None]
        attributes[attribute["name"]] = _ENTITY.sub(_resolved, values[0]) if values else None
        place = attribute.end()
    if unknown := set(attributes) - _ATTRIBUTES.get(tag, set()):
        raise _refused(source, found.start(), f'Unsupported attribute "{min(unknown)}" of "{tag}"')
    if tag == "a":
        return {"type": "text_link", "url": _link(source, found, attributes.get("href"))}
    if tag == "tg-time":
        return {"type": "date_time", **_time(source, found, attributes)}
    kind = "expandable_blockquote" if "expandable" in attributes else _KINDS[tag]
    return {"type": kind}


def _time(source: str, found: re.Match[str], attributes: dict[str, str | None]) -> dict[str, Any]:
    unix, form = attributes.get("unix") or "", attributes.get("format") or ""
    if not unix.isascii() or not unix.isdigit() or int(unix) > time.time() + FURTHEST:
        raise _refused(source, found.start(), "Invalid Unix time specified")
    if not TIME_FORM.fullmatch(form):
        raise _refused(source, found.start(), "Invalid date-time format specified")
    return {"unix_time": int(unix), "date_time_format": form}


def _link(source: str, found: re.Match[str], href: str | None) -> str:
    """The server drops links that it cannot open without a word; here they are refused."""
    try:
        parts = urlsplit(href or "")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _refused(source, found.start(), 'Unsupported link in "a"')
    return href or ""


def _resolved(found: re.Match[str]) -> str:
    if found["name"]:
        return _NAMED[found["name"]]
    code = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
    return chr(code) if 0 < code <= 0x10FFFF else found[0]


def _refused(source: str, place: int, why: str) -> RefusedError:
    offset = len(source[:place].encode("utf-8", "surrogatepass"))
    return RefusedError(f"Bad Request: can't parse entities: {why} at byte offset {offset}")
