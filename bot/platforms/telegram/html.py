"""Turns an answer's semantic HTML into messages of Telegram's classic HTML, each within Telegram's limits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.platforms.markup import Element, parse
from bot.platforms.telegram.blocks import block_spans, folded_spans
from bot.platforms.telegram.notes import Notes, read_notes
from bot.platforms.telegram.screens import SCREEN_LINES, screen_lines, text_lines
from bot.platforms.telegram.spans import (
    MESSAGE,
    Room,
    Span,
    entities,
    fits,
    is_visible,
    plain,
    split,
    stripped,
    units,
    write,
)

RUN_OVER = 2  # lines: less to scroll than to press, and the measure of a screen is a careful one
LONE_LINES = 2  # a page of no more is pieced out with what stands before it

_BOXES = {"blockquote", "details"}
_LEAST = Room(MESSAGE.units // 2, MESSAGE.entities // 2)  # of a page is for its words, whatever its notes take

Enough: TypeAlias = Callable[[Sequence[Span], int], bool]  # of all that stands on a page, and its number from 0


@dataclass(frozen=True, slots=True)
class Part:
    """One message: `html` for the parse mode HTML, `text` as it reads after parsing (1 to 4,096 UTF-16 units)."""

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """What stays on one page where it can: `head` is repeated on the next page where it cannot, `gap` stands before."""

    gap: str
    head: list[Span]
    spans: list[Span]

    @property
    def is_more(self) -> bool:
        """Whether it is more of what stands above, to be opened: only details have a head."""
        return bool(self.head) and self.head[0].quote is not None


_Block: TypeAlias = tuple[Element, list[Span]]  # with what stands for it in a message
_Page: TypeAlias = list[_Unit]


def to_messages(html: str) -> tuple[Part, ...]:
    """An answer in the semantic subset as the messages to send, in order; ValueError outside the subset.

    Nothing is lost: each message has all that Telegram's limits allow, and below it the sources that it cites and as of
    when it is true.
    """
    return _laid_out(html, lambda spans, _: fits(spans))


def to_pages(html: str) -> tuple[Part, ...]:
    """The same as pages that a reader turns: each keeps to the smallest screen where its blocks allow it; the first,
    which has the core, may run over by RUN_OVER lines."""
    return _laid_out(html, lambda spans, page: fits(spans) and _lines(spans) <= SCREEN_LINES + RUN_OVER * (page == 0))


def _lines(spans: Sequence[Span]) -> int:
    return screen_lines(write(spans))


def _laid_out(html: str, enough: Enough) -> tuple[Part, ...]:
    blocks = parse(html)
    notes = read_notes(blocks[-1]) if blocks else None
    said = blocks[:-1] if notes else blocks
    body = list(_units(_whole_blocks(said)))
    if notes and not _takes(notes, _spans(body)):
        said, notes = blocks, None
        body = list(_units(_whole_blocks(said)))
    if _lines(_whole(body, notes)) > SCREEN_LINES:
        body = list(_units(_folded_blocks(said)))
    fits_one = enough(_whole(body, notes), 0)
    pages = [body] if fits_one else _settled(_paged(body, notes, enough), notes, enough)
    whole = (_whole(page, notes) for page in pages)
    return tuple(Part(write(spans), text) for spans in whole if is_visible(text := plain(spans)))


def _whole_blocks(blocks: Sequence[Element]) -> Iterable[_Block]:
    return ((block, block_spans(block, Span())) for block in blocks)


def _folded_blocks(blocks: Sequence[Element]) -> Iterable[_Block]:
    """Details that follow a quotation are folded with it."""
    for before, block, after in zip([None, *blocks], blocks, [*blocks[1:], None], strict=False):
        if before is not None and before.tag == "blockquote" and block.tag == "details":
            continue
        more = after if block.tag == "blockquote" and after is not None and after.tag == "details" else None
        yield block, folded_spans(block, more)


def _units(blocks: Iterable[_Block]) -> Iterable[_Unit]:
    """Each block, with whatever announces it on the lines above."""
    held: _Unit | None = None
    announces = is_box = False
    for block, converted in blocks:
        spans = stripped(converted)
        if not spans:
            continue
        if held is not None and announces:
            held = replace(held, head=held.spans, spans=[*held.spans, Span("\n"), *spans])
        else:
            if held is not None:
                yield held
            gap = "\n" if is_box or block.tag in _BOXES else "\n\n"
            held = _Unit(gap, _head(block, spans), spans)
        announces = block.tag == "h3" or (block.tag == "p" and block.words.rstrip().endswith(":"))
        is_box = block.tag in _BOXES
    if held is not None:
        yield held


def _head(block: Element, spans: Sequence[Span]) -> list[Span]:
    """The summary of details; nothing for other blocks."""
    head: list[Span] = []
    for span in spans if block.tag == "details" else ():
        if "\n" in span.text:
            break
        head.append(span)
    return head


def _takes(notes: Notes, spans: Sequence[Span]) -> bool:
    """Whether the notes can stand below every page: each source is cited, and much room is left."""
    left = _left(notes, spans)
    is_roomy = left.units >= _LEAST.units and left.entities >= _LEAST.entities
    return bool(spans) and is_roomy and notes.are_cited(plain(spans))


def _left(notes: Notes | None, spans: Sequence[Span]) -> Room:
    """The room that is left above the notes of `spans`, and so above those of any part of them."""
    below = notes.below(spans) if notes else []
    return Room(MESSAGE.units - units(plain(below)), MESSAGE.entities - entities(below))


def _paged(body: Iterable[_Unit], notes: Notes | None, enough: Enough) -> list[_Page]:
    """Units side by side on as few pages as hold them."""
    pages: list[_Page] = []
    page: _Page = []
    for unit in body:
        if enough(_whole([*page, unit], notes), len(pages)):
            page.append(unit)
            continue
        if not pages and unit.is_more:  # no side's further words stand beside the core where another's do not
            core = _before_more(page)
            page, more = page[:core], page[core:]
            if more:
                pages.append(page)
                page = more
                if enough(_whole([*page, unit], notes), len(pages)):
                    page.append(unit)
                    continue
        if page:
            pages.append(page)
        *full, page = [[part] for part in _parts(unit, notes)]
        pages += full
    return [*pages, page]


def _before_more(page: _Page) -> int:
    """How many units stand before those that are more of them, at the end of a page; all where all are."""
    count = len(page)
    while count and page[count - 1].is_more:
        count -= 1
    return count or len(page)


def _parts(unit: _Unit, notes: Notes | None) -> Iterable[_Unit]:
    """A unit as parts that a message holds each; those behind the first begin with its head again."""
    left = _left(notes, unit.spans)
    if fits(unit.spans, left):
        yield unit
        return
    head = [*unit.head, Span("\n", quote=unit.head[-1].quote)] if unit.head else []
    room = Room(left.units - units(plain(head)), left.entities - entities(head))
    if room.units < _LEAST.units // 2 or room.entities < _LEAST.entities // 2:
        head, room = [], left
    first, *others = split(unit.spans, room) or [[]]
    yield _Unit(unit.gap, unit.head, first)
    for spans in others:
        yield _Unit(unit.gap, unit.head, [*head, *spans])


def _settled(pages: list[_Page], notes: Notes | None, enough: Enough) -> list[_Page]:
    """A last page of a lone line takes over what stands before it."""
    if len(pages) < 2 or len(pages[-2]) < 2 or text_lines(plain(_spans(pages[-1]))) > LONE_LINES:
        return pages
    *rest, before, last = pages
    moved = [before[-1], *last]
    return [*rest, before[:-1], moved] if enough(_whole(moved, notes), len(rest) + 1) else pages


def _whole(page: Sequence[_Unit], notes: Notes | None) -> list[Span]:
    spans = _spans(page)
    return [*spans, *notes.below(spans)] if notes else spans


def _spans(page: Sequence[_Unit]) -> list[Span]:
    spans: list[Span] = []
    for unit in page:
        spans += [*([Span(unit.gap)] if spans else []), *unit.spans]
    return spans
