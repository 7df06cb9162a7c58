"""Turns a block of an answer's semantic HTML into marked text."""

from collections.abc import Iterable
from dataclasses import replace

from bot.platforms.markup import Element, Node
from bot.platforms.telegram.moments import read_moment, spelled_number
from bot.platforms.telegram.screens import FOLDED_LINES, text_lines
from bot.platforms.telegram.spans import Quote, Span, plain, stripped

FIRST_LINES = 6  # of a list that is folded; what comes first is seen, at least one item

_QUOTE_MARKS = "“\"«„‘'"


def block_spans(block: Element, style: Span) -> list[Span]:
    """A block as it stands in a message, under the marks of `style`.

    Quotations cannot nest on Telegram: details become an expandable quotation, and a quotation within them stands
    in quotation marks. Telegram links no telephone numbers by markup, it finds them itself: they stand as text. A
    `time` is told in the reader's own zone: in place of its words where those are a whole date with an hour.
    """
    match block.tag:
        case "h3":
            return inline_spans(block.children, replace(style, bold=True))
        case "ul" | "ol":
            return _lines(_items(block, style), style)
        case "blockquote":
            return _quotation(block, style)
        case "details":
            return _details(block, style)
        case "table":
            return _lines([_row(row, style) for row in block.elements()], style)
        case _:
            folded = bool({"notes", "notice"} & set(block.attribute("class").split()))
            return inline_spans(block.children, replace(style, italic=style.italic or folded))


def folded_spans(block: Element, more: Element | None = None) -> list[Span]:
    """A block with as much of it folded as can be: of long lists what is not first, and quotations, with the details
    that follow one (`more`)."""
    if block.tag in ("ul", "ol"):
        return _folded_list(block)
    if block.tag != "blockquote":
        return block_spans(block, Span())
    is_long = more is not None or text_lines(plain(block_spans(block, Span()))) > FOLDED_LINES
    quoted = Span(quote=Quote(expandable=is_long))
    lines = [block_spans(child, quoted) for child in block.elements()]
    return _lines([*lines, _details(more, quoted)] if more else lines, quoted)


def _folded_list(block: Element) -> list[Span]:
    """A list of which only the first items are seen until it is opened; one that this would not shorten stays whole."""
    whole = _items(block, Span())
    seen = lines = 0
    for item in whole:
        lines += text_lines(plain(item))
        if seen and lines > FIRST_LINES:
            break
        seen += 1
    rest = whole[seen:]
    if sum(text_lines(plain(item)) for item in rest) <= FOLDED_LINES:
        return _lines(whole, Span())
    quoted = Span(quote=Quote(expandable=True))
    return [*_lines(whole[:seen], Span()), Span("\n"), *_lines(_items(block, quoted)[seen:], quoted)]


def _items(block: Element, style: Span) -> list[list[Span]]:
    items: list[list[Span]] = []
    for number, item in enumerate(block.elements(), start=1):
        mark = "• " if block.tag == "ul" else f"{number}. "
        words = _lines([_indented(child, style) for child in item.elements()], style)
        items.append([style.saying(mark), *words])
    return items


def _indented(child: Element, style: Span) -> list[Span]:
    """A child of a list's item; the items of a list within stand a little to the right."""
    spans = block_spans(child, style)
    if child.tag not in ("ul", "ol"):
        return spans
    indented = [style.saying("   ")]
    for span, following in zip(spans, [*spans[1:], style], strict=True):
        loose = span.quote is style.quote and following.quote is style.quote  # a quotation stands at its line's start
        indented.append(span.saying(span.text.replace("\n", "\n   ")) if loose else span)
    return indented


def _quotation(block: Element, style: Span) -> list[Span]:
    if style.quote is None:
        quoted = replace(style, quote=Quote(expandable=False))
        return _lines([block_spans(child, quoted) for child in block.elements()], quoted)
    spans = stripped(_lines([block_spans(child, style) for child in block.elements()], style))
    if not spans or spans[0].text[0] in _QUOTE_MARKS:
        return spans
    return [style.saying("“"), *spans, style.saying("”")]


def _details(block: Element, style: Span) -> list[Span]:
    folded = style if style.quote else replace(style, quote=Quote(expandable=True))
    summary, *rest = block.elements()
    head = inline_spans(summary.children, replace(folded, bold=True))
    return _lines([head, *(block_spans(child, folded) for child in rest)], folded)


def _row(row: Element, style: Span) -> list[Span]:
    spans: list[Span] = []
    for cell in row.elements():
        words = inline_spans(cell.children, replace(style, bold=style.bold or cell.tag == "th"))
        spans += [style.saying(" — "), *words] if spans and words else words
    return spans


def inline_spans(nodes: Iterable[Node], style: Span) -> list[Span]:
    """Words of a paragraph under the marks of `style`."""
    spans: list[Span] = []
    for node in nodes:
        if isinstance(node, str):
            spans.append(style.saying(node))
        elif node.tag == "a":
            spans += _link(node, style)
        elif node.tag == "time":
            spans += inline_spans(node.children, replace(style, moment=read_moment(node)))
        else:
            marked = replace(style, bold=style.bold or node.tag == "b", italic=style.italic or node.tag == "i")
            spans += inline_spans(node.children, marked)
    return spans


def _link(node: Element, style: Span) -> list[Span]:
    href = node.attribute("href")
    if not href.startswith("tel:"):
        return inline_spans(node.children, replace(style, href=href))
    words, number = inline_spans(node.children, style), spelled_number(node)
    return [*words, style.saying(f" ({number})")] if number else words


def _lines(groups: Iterable[list[Span]], style: Span) -> list[Span]:
    """Groups one under the other, the line ends under the same quotation as they."""
    spans: list[Span] = []
    for group in groups:
        if group and spans:
            spans.append(Span("\n", quote=style.quote))
        spans += group
    return spans
