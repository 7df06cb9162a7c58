"""Marked text that can be measured, cut and written as Telegram's classic HTML, whatever place it is cut at."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?:\s?\[\d+\])*(?=\s)")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}


@dataclass(frozen=True, slots=True)
class Room:
    """How much text a message may still take: UTF-16 code units after its entities are parsed, and marks."""

    units: int
    entities: int


MESSAGE = Room(units=4096, entities=100)  # Telegram refuses longer texts, and passes over further marks


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """One quotation block; two quotations are never the same, even where they look alike."""

    expandable: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant (seconds since 1970) that apps tell in the reader's own zone: by `form` in place of the words
    (`wDt`: weekday, long date, hour), where that is empty beside the words, when they are touched."""

    unix: int
    form: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Text under one set of marks."""

    text: str = ""
    bold: bool = False
    italic: bool = False
    href: str = ""
    quote: Quote | None = None
    moment: Moment | None = None

    def saying(self, text: str) -> "Span":
        """Other text under the same marks."""
        return replace(self, text=text)


def plain(spans: Iterable[Span]) -> str:
    """The text that Telegram is left with after parsing."""
    return "".join(span.text for span in spans)


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def fits(spans: Sequence[Span], room: Room = MESSAGE) -> bool:
    """Whether the room is enough for these spans."""
    return units(plain(spans)) <= room.units and entities(spans) <= room.entities


def entities(spans: Iterable[Span]) -> int:
    """The marks that Telegram counts."""
    return sum(opened for _, opened in _steps(spans))


def write(spans: Iterable[Span]) -> str:
    """The spans as classic HTML, every tag closed."""
    written: list[str] = []
    open_marks: list[tuple[object, str, str]] = []
    for span in spans:
        wanted = _marks(span)
        kept = _shared(open_marks, wanted)
        written += [close for _, _, close in reversed(open_marks[kept:])]
        written += [start for _, start, _ in wanted[kept:]]
        written.append(escape(span.text, quote=False))
        open_marks = wanted
    written += [close for _, _, close in reversed(open_marks)]
    return "".join(written)


def split(spans: Sequence[Span], room: Room = MESSAGE) -> list[list[Span]]:
    """Parts that each fit the room, cut at lines, else sentences, else words, else between characters."""
    parts: list[list[Span]] = []
    rest = stripped(spans)
    while rest and not fits(rest, room):
        head, tail = _cut(rest, _break_place(rest, room))
        parts.append(stripped(head))
        rest = stripped(tail)
    return [part for part in [*parts, rest] if is_visible(plain(part))]


def is_visible(text: str) -> bool:
    """Whether anything would be seen; Telegram refuses a message of nothing but spaces and invisible characters."""
    return any(char.isprintable() and not char.isspace() for char in text)


def stripped(spans: Sequence[Span]) -> list[Span]:
    """The spans without white space at either end."""
    text = plain(spans)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return _cut(_cut(spans, end)[0], start)[1]


def _marks(span: Span) -> list[tuple[object, str, str]]:
    """Identity, start tag and end tag of each mark, outermost first."""
    marks: list[tuple[object, str, str]] = []
    if span.quote:
        start = "<blockquote expandable>" if span.quote.expandable else "<blockquote>"
        marks.append((span.quote, start, "</blockquote>"))
    if span.href:
        marks.append((span.href, f'<a href="{escape(span.href)}">', "</a>"))
    if span.moment and not span.href:  # a link takes no time into itself
        form = f' format="{span.moment.form}"' if span.moment.form else ""
        marks.append((span.moment, f'<tg-time unix="{span.moment.unix}"{form}>', "</tg-time>"))
    if span.bold:
        marks.append(("b", "<b>", "</b>"))
    if span.italic:
        marks.append(("i", "<i>", "</i>"))
    return marks


def _shared(left: Sequence[tuple[object, str, str]], right: Sequence[tuple[object, str, str]]) -> int:
    """How many outer marks stay open from one span to the next."""
    kept = 0
    for (one, _, _), (other, _, _) in zip(left, right, strict=False):
        if one != other:
            break
        kept += 1
    return kept


def _steps(spans: Iterable[Span]) -> Iterable[tuple[Span, int]]:
    """Each span with the number of marks that open at it."""
    before: list[tuple[object, str, str]] = []
    for span in spans:
        marks = _marks(span)
        yield span, len(marks) - _shared(before, marks)
        before = marks


def _reach(spans: Sequence[Span], room: Room) -> int:
    """How many characters from the start fit the room."""
    place = used = marks = 0
    for span, opened in _steps(spans):
        marks += opened
        if marks > room.entities:
            return place
        for char in span.text:
            used += 2 if char > "\uffff" else 1
            if used > room.units:
                return place
            place += 1
    return place


def _break_place(spans: Sequence[Span], room: Room) -> int:
    """Where to cut spans that are too long for the room: a number of characters above 0."""
    text, reach = plain(spans), _reach(spans, room)
    head = text[: reach + 1]  # a break just behind the last character that fits counts
    line = head.rfind("\n")
    if line >= reach // 3:
        return line
    sentences = [found.end() for found in _SENTENCE_END.finditer(head) if found.end() <= reach]
    if sentences and sentences[-1] >= reach // 3:
        return sentences[-1]
    if (word := max(line, head.rfind(" "))) > 0:
        return word
    return _between_characters(text, reach)


def _between_characters(text: str, place: int) -> int:
    """The nearest place before `place` that tears no accent or joined emoji from its character."""
    for candidate in range(place, max(place - 32, 0), -1):
        after, before = text[candidate : candidate + 1], text[candidate - 1]
        if not (unicodedata.combining(after or " ") or after in _JOINERS or before == "\u200d"):
            return candidate
    return place


def _cut(spans: Sequence[Span], place: int) -> tuple[list[Span], list[Span]]:
    """The spans before and after a number of characters."""
    before: list[Span] = []
    after: list[Span] = []
    for span in spans:
        size = len(span.text)
        taken = min(max(place, 0), size)
        whole = replace(span, moment=None) if 0 < taken < size else span  # half a date is no date
        if taken:
            before.append(whole.saying(span.text[:taken]))
        if taken < size:
            after.append(whole.saying(span.text[taken:]))
        place -= size
    return before, after
