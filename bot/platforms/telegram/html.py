"""Turns an answer's semantic HTML into messages of Telegram's classic HTML, each within Telegram's limits."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.platforms.markup import Element, Node, parse
from bot.platforms.telegram.spans import Moment, Quote, Span, fits, is_visible, plain, split, stripped, write

LONG_QUOTE = 280  # characters; a longer quotation is folded, so that an answer keeps to one screen
LATEST = 2**31  # seconds since 1970: Telegram counts them in 32 bits

_QUOTE_MARKS = "“\"«„‘'"
_HOUR = re.compile(r"\b\d{1,2}:\d{2}\b")
_WHOLE = "wDt"
_BOXES = {"blockquote", "details"}


@dataclass(frozen=True, slots=True)
class Part:
    """One message: `html` for the parse mode HTML, `text` as it reads after parsing (1 to 4,096 UTF-16 units)."""

    html: str
    text: str


def to_messages(html: str) -> tuple[Part, ...]:
    """An answer in the semantic subset as the messages to send, in order; ValueError outside the subset.

    Quotations cannot nest on Telegram: details become an expandable quotation, and a quotation within them stands
    in quotation marks. Telegram links no telephone numbers by markup, it finds them itself: they stand as text. A
    `time` is told in the reader's own zone: in place of its words where those are a whole date with an hour.
    """
    packed = _packed(_units(parse(html)))
    return tuple(Part(write(spans), text) for spans in packed if is_visible(text := plain(spans)))


def _units(blocks: Sequence[Element]) -> Iterable[tuple[str, list[Span]]]:
    """What is kept in one message where it can be, with the gap before it: a block, a heading with the next block."""
    gap, held = "", list[Span]()
    before: Element | None = None
    for block in blocks:
        spans = stripped(_block(block, Span()))
        if not spans:
            continue
        if before is not None and before.tag == "h3":
            held += [Span("\n"), *spans]
        else:
            if held:
                yield gap, held
            gap, held = ("\n" if block.tag in _BOXES else "\n\n"), spans
        before = block
    if held:
        yield gap, held


def _packed(units: Iterable[tuple[str, list[Span]]]) -> list[list[Span]]:
    """Units side by side in as few messages as hold them."""
    messages: list[list[Span]] = []
    current: list[Span] = []
    for gap, spans in units:
        joined = [*current, Span(gap), *spans] if current else spans
        if fits(joined):
            current = joined
            continue
        if current:
            messages.append(current)
        *full, current = split(spans) or [[]]
        messages += full
    return [*messages, current]


def _block(block: Element, style: Span) -> list[Span]:
    match block.tag:
        case "h3":
            return _inline(block.children, replace(style, bold=True))
        case "ul" | "ol":
            return _list(block, style)
        case "blockquote":
            return _quotation(block, style)
        case "details":
            return _details(block, style)
        case "table":
            return _lines([_row(row, style) for row in block.elements()], style)
        case _:
            folded = bool({"notes", "notice"} & set(block.attribute("class").split()))
            return _inline(block.children, replace(style, italic=style.italic or folded))


def _list(block: Element, style: Span) -> list[Span]:
    items: list[list[Span]] = []
    for number, item in enumerate(block.elements(), start=1):
        mark = "• " if block.tag == "ul" else f"{number}. "
        words = _lines([_indented(child, style) for child in item.elements()], style)
        items.append([style.saying(mark), *words])
    return _lines(items, style)


def _indented(child: Element, style: Span) -> list[Span]:
    """A child of a list's item; the items of a list within stand a little to the right."""
    spans = _block(child, style)
    if child.tag not in ("ul", "ol"):
        return spans
    indented = [style.saying("   ")]
    for span, following in zip(spans, [*spans[1:], style], strict=True):
        loose = span.quote is style.quote and following.quote is style.quote  # a quotation stands at its line's start
        indented.append(span.saying(span.text.replace("\n", "\n   ")) if loose else span)
    return indented


def _quotation(block: Element, style: Span) -> list[Span]:
    if style.quote is None:
        quoted = replace(style, quote=Quote(expandable=len(block.words) > LONG_QUOTE))
        return _lines([_block(child, quoted) for child in block.elements()], quoted)
    spans = stripped(_lines([_block(child, style) for child in block.elements()], style))
    if not spans or spans[0].text[0] in _QUOTE_MARKS:
        return spans
    return [style.saying("“"), *spans, style.saying("”")]


def _details(block: Element, style: Span) -> list[Span]:
    folded = replace(style, quote=Quote(expandable=True))
    summary, *rest = block.elements()
    head = _inline(summary.children, replace(folded, bold=True))
    return _lines([head, *(_block(child, folded) for child in rest)], folded)


def _row(row: Element, style: Span) -> list[Span]:
    spans: list[Span] = []
    for cell in row.elements():
        words = _inline(cell.children, replace(style, bold=style.bold or cell.tag == "th"))
        spans += [style.saying(" — "), *words] if spans and words else words
    return spans


def _inline(nodes: Iterable[Node], style: Span) -> list[Span]:
    spans: list[Span] = []
    for node in nodes:
        if isinstance(node, str):
            spans.append(style.saying(node))
        elif node.tag == "a":
            spans += _link(node, style)
        elif node.tag == "time":
            spans += _inline(node.children, replace(style, moment=_moment(node)))
        else:
            marked = replace(style, bold=style.bold or node.tag == "b", italic=style.italic or node.tag == "i")
            spans += _inline(node.children, marked)
    return spans


def _link(node: Element, style: Span) -> list[Span]:
    href = node.attribute("href")
    if not href.startswith("tel:"):
        return _inline(node.children, replace(style, href=href))
    number, words = href.removeprefix("tel:"), _inline(node.children, style)
    if _digits(number) in _digits(plain(words)):
        return words
    return [*words, style.saying(f" ({number})")]


def _moment(node: Element) -> Moment | None:
    """None where only a day is known. An hour alone keeps its words: elsewhere its day may be another one, and the
    day stands outside."""
    try:
        instant = datetime.fromisoformat(node.attribute("datetime"))
    except ValueError:
        return None
    if instant.tzinfo is None or not 0 < instant.timestamp() < LATEST:
        return None
    day, hours = _HOUR.subn("", node.words)
    return Moment(int(instant.timestamp()), _WHOLE if hours == 1 and _digits(day) else "")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _lines(groups: Iterable[list[Span]], style: Span) -> list[Span]:
    """Groups one under the other, the line ends under the same quotation as they."""
    spans: list[Span] = []
    for group in groups:
        if group and spans:
            spans.append(Span("\n", quote=style.quote))
        spans += group
    return spans
