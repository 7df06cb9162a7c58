"""Formatted text of a rich message: inline tags, links that lead somewhere, instants."""

import re
import time
from typing import Any

from tests.double.classic_html import FURTHEST, TIME_FORM
from tests.double.rich_tree import INLINE, Element, refused
from tests.double.rules import opens
from tests.double.table import RefusedError

DEEPEST = 16  # levels of formatting and blocks, of the Bot API's "Rich Message Limits"
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LANGUAGE = re.compile(r"language-[\w+#.-]+")

Text = Any  # a string, an object with a type, or a list of both


class TextReader:
    """Reads text within one message, whose names and links it keeps."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._names: set[str] = set()
        self._links: list[Element] = []

    def check_links(self) -> None:
        """RefusedError where a link leads to a name that stands nowhere in the message."""
        for link in self._links:
            if (link.attributes["href"] or "")[1:] not in self._names | {""}:
                raise self.refused(link, "Link to an anchor that is nowhere")

    def refused(self, element: Element, why: str) -> RefusedError:
        """A refusal that says where in the message."""
        return refused(self._source, element.place, why)

    def deeper(self, element: Element, depth: int) -> int:
        """The depth within an element; RefusedError beyond the deepest."""
        if depth >= DEEPEST:
            raise self.refused(element, "Rich message is nested too deep")
        return depth + 1

    def text(self, children: list[Element | str], depth: int, *, is_pre: bool = False) -> Text:
        """Formatted text; only inline tags stand in it. Space is run together, but in what is preformatted."""
        pieces = list[Text]()
        for child in children:
            piece = self._piece(child, depth, is_pre)
            if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
                pieces[-1] += piece
            elif piece:
                pieces.append(piece)
        if pieces and isinstance(pieces[0], str) and not is_pre:
            pieces[0] = pieces[0].lstrip()
        if pieces and isinstance(pieces[-1], str) and not is_pre:
            pieces[-1] = pieces[-1].rstrip(" ")
        pieces = [piece for piece in pieces if piece]
        return pieces[0] if len(pieces) == 1 else pieces or ""

    def _piece(self, child: Element | str, depth: int, is_pre: bool) -> Text:
        if isinstance(child, str):
            return child if is_pre else _SPACE.sub(" ", child)
        if child.tag == "br":
            return "\n"
        if child.tag not in INLINE:
            raise self.refused(child, f'Tag "{child.tag}" can\'t stand in text')
        below = self.deeper(child, depth)
        inner = self._inner(child, below, is_pre)
        if child.tag == "a":
            return self._link(child, inner)
        if child.tag == "tg-time":
            return {"type": "date_time", "text": inner} | self._time(child)
        if child.tag == "tg-reference":
            name = self._named(child)
            return {"type": "reference", "text": inner, "name": name}
        if "class" in child.attributes and not (is_pre and _LANGUAGE.fullmatch(child.attributes["class"] or "")):
            raise self.refused(child, "A language can be told only of code in pre")
        return inner if is_pre and child.tag == "code" else {"type": INLINE[child.tag], "text": inner}

    def _inner(self, element: Element, depth: int, is_pre: bool) -> Text:
        """What stands in an inline tag, with the space at its ends."""
        pieces = [self._piece(child, depth, is_pre) for child in element.children]
        return pieces[0] if len(pieces) == 1 else pieces or ""

    def _link(self, element: Element, inner: Text) -> Text:
        if "href" not in element.attributes:
            if inner:
                raise self.refused(element, "An anchor has no text")
            return {"type": "anchor", "name": self._named(element)}
        href = element.attributes["href"] or ""
        if not inner:
            raise self.refused(element, "Link without text")
        if href.startswith("#"):
            self._links.append(element)
            return {"type": "anchor_link", "text": inner, "anchor_name": href[1:]}
        for scheme, kind in (("mailto:", "email_address"), ("tel:", "phone_number")):
            if href.startswith(scheme):
                return {"type": kind, "text": inner, kind: href.removeprefix(scheme)}
        if not opens(href):
            raise self.refused(element, 'Unsupported link in "a"')
        return {"type": "url", "text": inner, "url": href}

    def _named(self, element: Element) -> str:
        name = element.attributes.get("name") or ""
        if not name or name in self._names:
            raise self.refused(element, f'Tag "{element.tag}" needs a name of its own')
        self._names.add(name)
        return name

    def _time(self, element: Element) -> dict[str, Any]:
        unix, form = element.attributes.get("unix") or "", element.attributes.get("format") or ""
        if not unix.isascii() or not unix.isdigit() or int(unix) > time.time() + FURTHEST:
            raise self.refused(element, "Invalid Unix time specified")
        if not TIME_FORM.fullmatch(form):
            raise self.refused(element, "Invalid date-time format specified")
        return {"unix_time": int(unix), "date_time_format": form}


def plain(text: Text) -> str:
    """What can be read of formatted text."""
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(plain(piece) for piece in text)
    return plain(text.get("text", ""))
