"""Turns an answer's semantic HTML into a rich message of the Bot API 10.1, where the whole answer fits one."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any, Final

from bot.platforms.markup import INLINE, Element, Node, parse
from bot.platforms.telegram.moments import read_moment, spelled_number
from bot.platforms.telegram.spans import is_visible

# From "Rich Message Limits" in Telegram's description of the Bot API.
TEXT: Final = 32_768  # "UTF-8 characters": counted in bytes here, the narrowest reading
BLOCKS: Final = 500  # nested ones, items, rows, quotations and details among them
DEPTH: Final = 16  # levels of blocks and marks within one another
COLUMNS: Final = 20

_UNCOUNTED: Final = INLINE | {"tg-time", "summary", "th", "td"}  # what is no block of its own
_ITALIC: Final = {"notes", "notice"}
_HOLDERS: Final = {"li", "blockquote"}


def to_rich(html: str) -> dict[str, Any] | None:
    """An answer in the semantic subset as an InputRichMessage; ValueError outside the subset.

    None where one rich message cannot hold the answer, or nothing of it would be seen. Telephone numbers stand as text:
    Telegram finds them, as it does in the classic form. With an address of electronic mail in the text it must not look
    for any, since it refuses a message in which it finds a wrong one.
    """
    blocks = _blocks(parse(html))
    footed = [Element("footer", block.children) if _is_notes(block) else block for block in blocks]
    shown = [*_shown(footed)]
    if not shown or not _fits(shown):
        return None
    message: dict[str, Any] = {"html": _write(shown)}
    if any("@" in block.words for block in shown):
        message["skip_entity_detection"] = True
    return message


def _is_notes(block: Element) -> bool:
    return block.tag == "p" and "notes" in block.attribute("class").split()


def _blocks(blocks: Iterable[Element]) -> list[Element]:
    """The blocks that have anything to show."""
    return [block for block in blocks if is_visible(block.words)]


def _shown(blocks: Iterable[Element]) -> Iterator[Element]:
    """Blocks as rich HTML has them."""
    for block in blocks:
        children = _blocks(block.elements())
        match block.tag:
            case "details":
                yield from _details(block, children)
            case "table":
                yield Element("table", tuple(_shown(children)), (("bordered", ""),))
            case "tr":
                yield Element("tr", tuple(_shown(block.elements())))
            case "ul" | "ol":
                yield Element(block.tag, tuple(_shown(children)))
            case "li" | "blockquote":
                yield Element(block.tag, _held(children))
            case _:
                yield _paragraph(block)


def _details(block: Element, children: Sequence[Element]) -> Iterator[Element]:
    """A summary over nothing is a line of its own, and contents under no summary stand open."""
    summary, rest = block.elements()[0], _blocks(block.elements()[1:])
    if not is_visible(summary.words):
        yield from _shown(rest)
    elif rest:
        yield Element("details", tuple(_shown(children)))
    else:
        yield Element("p", (Element("b", _inline(summary.children)),))


def _held(children: Sequence[Element]) -> tuple[Node, ...]:
    """What an item or a quotation holds: words alone without a paragraph around them."""
    shown = tuple(_shown(children))
    return shown[0].children if len(shown) == 1 and shown[0].tag == "p" else shown


def _paragraph(block: Element) -> Element:
    words = _inline(block.children)
    is_italic = block.tag == "p" and _ITALIC & set(block.attribute("class").split())
    return Element(block.tag, (Element("i", words),) if is_italic else words)


def _inline(nodes: Iterable[Node], *, is_alone: bool = False) -> tuple[Node, ...]:
    """Words with their marks; `is_alone` within a link or a time, which take no other of the two into themselves."""
    shown: list[Node] = []
    for node in nodes:
        if isinstance(node, str):
            shown.append(node)
        elif node.tag == "a":
            shown += _link(node, is_alone=is_alone)
        elif node.tag == "time":
            shown += _time(node, is_alone=is_alone)
        else:
            shown.append(Element(node.tag, _inline(node.children, is_alone=is_alone)))
    return tuple(shown)


def _link(node: Element, *, is_alone: bool) -> tuple[Node, ...]:
    href = node.attribute("href")
    if href.startswith("tel:"):
        number = spelled_number(node)
        return (*_inline(node.children, is_alone=is_alone), *([f" ({number})"] if number else []))
    return (Element("a", _inline(node.children, is_alone=True), (("href", href),)),)


def _time(node: Element, *, is_alone: bool) -> tuple[Node, ...]:
    moment = None if is_alone or _holds_link(node) else read_moment(node)
    if moment is None:
        return _inline(node.children, is_alone=is_alone)
    form = (("format", moment.form),) if moment.form else ()
    return (Element("tg-time", _inline(node.children, is_alone=True), (("unix", str(moment.unix)), *form)),)


def _holds_link(node: Element) -> bool:
    return any(child.tag in ("a", "time") or _holds_link(child) for child in node.elements())


def _fits(blocks: Sequence[Element]) -> bool:
    text = sum(len(block.words.encode()) for block in blocks)
    if text > TEXT or max(map(_depth, blocks)) > DEPTH:
        return False
    elements = [element for block in blocks for element in _all(block)]
    if any(len(element.children) > COLUMNS for element in elements if element.tag == "tr"):
        return False
    return sum((element.tag not in _UNCOUNTED) + (element.tag in _HOLDERS) for element in elements) <= BLOCKS


def _depth(element: Element) -> int:
    """Levels from a block down to its words, which are a paragraph where they stand loose."""
    return 1 + max(map(_depth, element.elements()), default=int(element.tag in _HOLDERS))


def _all(element: Element) -> Iterator[Element]:
    yield element
    for child in element.elements():
        yield from _all(child)


def _write(nodes: Iterable[Node]) -> str:
    return "".join(escape(node, quote=False) if isinstance(node, str) else _element(node) for node in nodes)


def _element(element: Element) -> str:
    given = "".join(f' {name}="{escape(value)}"' if value else f" {name}" for name, value in element.attributes)
    return f"<{element.tag}{given}>{_write(element.children)}</{element.tag}>"
