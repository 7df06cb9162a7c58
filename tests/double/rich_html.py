"""Makes the blocks of a rich message from its HTML, nested as the Bot API's types allow, within its limits."""

import re
from dataclasses import dataclass
from typing import Any

from tests.double.rich_text import TextReader, plain
from tests.double.rich_tree import BLOCKS, Element, read_tree
from tests.double.table import RefusedError

# The Bot API's "Rich Message Limits"
MOST_CHARACTERS = 32_768
MOST_BLOCKS = 500
MOST_COLUMNS = 20
_ALIGN = {"align": ("left", "center", "right"), "valign": ("middle", "top", "bottom")}
_LABELS = ("1", "a", "A", "i", "I")

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RichMessage:
    """A parsed rich message; `text` is what can be read of it, a line for each block."""

    blocks: list[Block]
    text: str
    is_rtl: bool

    def as_json(self) -> dict[str, Any]:
        """The message as the Bot API tells of it."""
        return {"blocks": self.blocks} | ({"is_rtl": True} if self.is_rtl else {})


def read_rich(given: dict[str, Any]) -> RichMessage:
    """The message of an InputRichMessage; raises RefusedError for what the server would refuse."""
    if ("html" in given) == ("markdown" in given):
        raise RefusedError("Bad Request: exactly one of html and markdown must be used")
    if "html" not in given:
        raise RefusedError("Bad Request: the double reads no rich markdown")
    blocks = _BlockReader(given["html"]).read()
    text = "\n".join(line for line in _lines(blocks) if line)
    if not text.strip():
        raise RefusedError("Bad Request: message text is empty")
    if len(text) > MOST_CHARACTERS:
        raise RefusedError("Bad Request: rich message is too long")
    return RichMessage(blocks, text, given.get("is_rtl", False))


class _BlockReader(TextReader):
    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._blocks = 0

    def read(self) -> list[Block]:
        blocks = self._flow(read_tree(self._source).children, 0)
        self.check_links()
        return blocks

    def _count(self) -> None:
        self._blocks += 1
        if self._blocks > MOST_BLOCKS:
            raise RefusedError("Bad Request: rich message has too many blocks")

    def _flow(self, children: list[Element | str], depth: int) -> list[Block]:
        """Blocks, and a paragraph of whatever stands loose between them."""
        blocks, loose = list[Block](), list[Element | str]()
        for child in [*children, None]:
            if child is not None and (isinstance(child, str) or child.tag not in BLOCKS):
                loose.append(child)
                continue
            if text := self.text(loose, depth):
                self._count()
                is_anchor = isinstance(text, dict) and text["type"] == "anchor"
                blocks.append(text if is_anchor else {"type": "paragraph", "text": text})
            loose.clear()
            if isinstance(child, Element):
                self._count()
                blocks.append(self._block(child, self.deeper(child, depth)))
        return blocks

    def _block(self, element: Element, depth: int) -> Block:
        tag, children = element.tag, element.children
        if tag[0] == "h" and tag[1:].isdigit():
            return {"type": "heading", "text": self.text(children, depth), "size": int(tag[1:])}
        if tag in ("p", "footer"):
            return {"type": "paragraph" if tag == "p" else tag, "text": self.text(children, depth)}
        if tag in ("blockquote", "aside"):
            return self._quotation(element, depth)
        makers = {"ul": self._list, "ol": self._list, "table": self._table, "details": self._details, "pre": self._pre}
        return makers[tag](element, depth) if tag in makers else {"type": "divider"}

    def _pre(self, element: Element, depth: int) -> Block:
        block: Block = {"type": "pre", "text": self.text(element.children, depth, is_pre=True)}
        first = element.children[0] if len(element.children) == 1 else None
        if isinstance(first, Element) and first.tag == "code" and first.attributes.get("class"):
            block["language"] = str(first.attributes["class"]).removeprefix("language-")
        return block

    def _quotation(self, element: Element, depth: int) -> Block:
        cites = [child for child in element.children if isinstance(child, Element) and child.tag == "cite"]
        if len(cites) > 1:
            raise self.refused(cites[1], "A quotation has one credit")
        rest = [child for child in element.children if child not in cites]
        credit = {"credit": self.text(cites[0].children, self.deeper(cites[0], depth))} if cites else {}
        if element.tag == "aside":
            return {"type": "pullquote", "text": self.text(rest, depth)} | credit
        return {"type": "blockquote", "blocks": self._flow(rest, depth)} | credit

    def _details(self, element: Element, depth: int) -> Block:
        children = [child for child in element.children if not isinstance(child, str) or child.strip()]
        first = children[0] if children else None
        if not isinstance(first, Element) or first.tag != "summary":
            raise self.refused(element, "Details begin with a summary")
        for child in children[1:]:
            if isinstance(child, Element) and child.tag == "summary":
                raise self.refused(child, "Details have one summary")
        block: Block = {"type": "details", "summary": self.text(first.children, self.deeper(first, depth))}
        if not block["summary"]:
            raise self.refused(first, "Summary is empty")
        block["blocks"] = self._flow(children[1:], depth)
        return block | ({"is_open": True} if "open" in element.attributes else {})

    def _list(self, element: Element, depth: int) -> Block:
        items, number = list[Block](), self._number(element, "start", 1)
        for child in element.children:
            if isinstance(child, Element):
                self._count()
                blocks = self._flow(child.children, self.deeper(child, depth))
                item: Block = {"label": "•", "blocks": blocks}
                if element.tag == "ol":
                    number = self._number(child, "value", number)
                    kind = child.attributes.get("type") or element.attributes.get("type") or "1"
                    if kind not in _LABELS:
                        raise self.refused(child, "Invalid type of the label")
                    item |= {"label": f"{number}.", "value": number, "type": kind}
                    number += -1 if "reversed" in element.attributes else 1
                items.append(item)
        return {"type": "list", "items": items}

    def _table(self, element: Element, depth: int) -> Block:
        rows, caption = list[list[Block]](), list[Element]()
        for child in element.children:
            if isinstance(child, Element) and child.tag == "caption":
                caption.append(child)
            elif isinstance(child, Element):
                self._count()
                below = self.deeper(child, depth)
                rows.append([self._cell(cell, below) for cell in child.children if isinstance(cell, Element)])
                if sum(cell.get("colspan", 1) for cell in rows[-1]) > MOST_COLUMNS:
                    raise self.refused(child, "Table has too many columns")
        if len(caption) > 1:
            raise self.refused(caption[1], "A table has one caption")
        marks = {f"is_{name}": True for name in ("bordered", "striped") if name in element.attributes}
        named = {"caption": self.text(caption[0].children, self.deeper(caption[0], depth))} if caption else {}
        return {"type": "table", "cells": rows} | marks | named

    def _cell(self, element: Element, depth: int) -> Block:
        cell: Block = {"text": self.text(element.children, self.deeper(element, depth))}
        if not cell["text"]:
            cell = {}
        if element.tag == "th":
            cell["is_header"] = True
        for name in ("colspan", "rowspan"):
            if (number := self._number(element, name, 1)) > 1:
                cell[name] = number
        for name, known in _ALIGN.items():
            cell[name] = element.attributes.get(name) or known[0]
            if cell[name] not in known:
                raise self.refused(element, f"Invalid {name} of the cell")
        return cell

    def _number(self, element: Element, name: str, otherwise: int) -> int:
        written = element.attributes.get(name)
        if written is None:
            return otherwise
        if not re.fullmatch(r"-?\d{1,9}", written):
            raise self.refused(element, f'Invalid "{name}" of "{element.tag}"')
        return int(written)


def _lines(blocks: list[Block]) -> list[str]:
    """What can be read of blocks."""
    lines = list[str]()
    for block in blocks:
        lines += [plain(block[key]) for key in ("caption", "summary", "text") if key in block]
        for row in block.get("cells", ()):
            lines.append(" | ".join(plain(cell.get("text", "")) for cell in row))
        for item in block.get("items", ()):
            inner = _lines(item["blocks"])
            lines += [f"{item['label']} {inner[0]}", *inner[1:]] if inner else [item["label"]]
        lines += _lines(block.get("blocks", []))
        lines += [plain(block["credit"])] if "credit" in block else []
    return lines
