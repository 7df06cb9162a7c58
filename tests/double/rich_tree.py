"""Reads the HTML of a rich message into a tree, and refuses what the server does not know of HTML."""

import re
from dataclasses import dataclass, field

from tests.double.classic_html import ATTRIBUTE
from tests.double.table import RefusedError

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)(?P<rest>(?:\s[^>]*?)?)\s*(?P<alone>/?)>")
_ENTITY = re.compile(r"&(?:#(?P<decimal>\d{1,7})|#x(?P<hex>[0-9a-fA-F]{1,6})|(?P<name>[a-z]+));")
_NAMED = {
    "lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": "\u00a0", "hellip": "…", "mdash": "—",
    "ndash": "–", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”",
}  # fmt: skip
VOID = {"hr", "br"}
_PLACED = {"align", "valign", "colspan", "rowspan"}
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "name"}, "tg-time": {"unix", "format"}, "tg-reference": {"name"}, "code": {"class"},
    "ol": {"start", "type", "reversed"}, "li": {"value", "type"}, "table": {"bordered", "striped"},
    "td": _PLACED, "th": _PLACED, "details": {"open"},
}  # fmt: skip
INLINE = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "sub": "subscript", "sup": "superscript", "mark": "marked", "code": "code", "a": "url", "tg-time": "date_time",
    "tg-reference": "reference",
}  # fmt: skip
BLOCKS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "footer", "hr", "ul", "ol", "blockquote", "aside", "table",
    "details",
}  # fmt: skip
_PARTS = {
    "li": {"ul", "ol"}, "tr": {"table"}, "td": {"tr"}, "th": {"tr"}, "caption": {"table"}, "summary": {"details"},
    "cite": {"blockquote", "aside"},
}  # fmt: skip
_PURE = {"ul": {"li"}, "ol": {"li"}, "table": {"caption", "tr"}, "tr": {"td", "th"}}


@dataclass(slots=True)
class Element:
    """A tag with what stands in it; `place` is where it begins in the source, in characters."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)
    place: int = 0


def read_tree(source: str) -> Element:
    """The tree under a root without a name; RefusedError where a tag is unknown, unclosed or in a wrong place."""
    root = Element("")
    stack, place = [root], 0
    while place < len(source):
        if source[place] == "<":
            found = _TAG.match(source, place)
            if found is None:
                raise refused(source, place, "Unclosed start tag")
            _read_tag(source, found, stack)
            place = found.end()
        else:
            end = source.find("<", place)
            end = len(source) if end < 0 else end
            _add_text(source, place, _ENTITY.sub(_resolved, source[place:end]), stack[-1])
            place = end
    if len(stack) > 1:
        raise refused(source, len(source), f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return root


def _read_tag(source: str, found: re.Match[str], stack: list[Element]) -> None:
    tag, place = found["name"].lower(), found.start()
    if found["end"]:
        if len(stack) == 1 or tag in VOID:
            raise refused(source, place, "Unexpected end tag")
        if tag != stack[-1].tag:
            raise refused(source, place, f'Unmatched end tag, expected "</{stack[-1].tag}>", found "</{tag}>"')
        stack.pop()
        return
    if tag not in INLINE.keys() | BLOCKS | _PARTS.keys() | VOID:
        raise refused(source, place, f'Unsupported start tag "{tag}"')
    if found["alone"] and tag not in VOID:
        raise refused(source, place, f'Tag "{tag}" can\'t be empty')
    parent = stack[-1]
    allowed = _PARTS.get(tag)
    if (allowed is not None and parent.tag not in allowed) or tag not in _PURE.get(parent.tag, {tag}):
        raise refused(source, place, f'Tag "{tag}" can\'t stand in "{parent.tag}"')
    element = Element(tag, _attributes(source, found, tag), place=place)
    parent.children.append(element)
    if tag not in VOID:
        stack.append(element)


def _add_text(source: str, place: int, text: str, parent: Element) -> None:
    if parent.tag in _PURE and text.strip():
        raise refused(source, place, f'Text can\'t stand in "{parent.tag}"')
    parent.children.append(text)


def _attributes(source: str, found: re.Match[str], tag: str) -> dict[str, str | None]:
    attributes, rest, place = dict[str, str | None](), found["rest"].rstrip(), 0
    while place < len(rest):
        attribute = ATTRIBUTE.match(rest, place)
        if attribute is None:
            raise refused(source, found.start(), "Unexpected end of name token")
        values = [attribute[key] for key in ("double", "single", "bare") if attribute[key] is not None]
        attributes[attribute["name"]] = _ENTITY.sub(_resolved, values[0]) if values else None
        place = attribute.end()
    if unknown := set(attributes) - ATTRIBUTES.get(tag, set()):
        raise refused(source, found.start(), f'Unsupported attribute "{min(unknown)}" of "{tag}"')
    return attributes


def _resolved(found: re.Match[str]) -> str:
    if found["name"]:
        return _NAMED.get(found["name"], found[0])
    code = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
    return chr(code) if 0 < code <= 0x10FFFF else found[0]


def refused(source: str, place: int, why: str) -> RefusedError:
    """A refusal that says where, in bytes."""
    offset = len(source[:place].encode("utf-8", "surrogatepass"))
    return RefusedError(f"Bad Request: can't parse rich message: {why} at byte offset {offset}")
