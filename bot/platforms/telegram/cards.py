"""Makes of an answer the card that stands in a list of results, and the one message that it becomes in any chat."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from textwrap import shorten
from typing import Any, Final

from bot.core.messages import Reply
from bot.platforms.markup import PARAGRAPHS, Element, Node, parse
from bot.platforms.telegram.html import Part, to_messages
from bot.platforms.telegram.notes import cited_alone

DESCRIPTION: Final = 120  # characters; a phone shows three lines of some forty
AS_OF: Final = 60  # of these, at most
SHORTEST: Final = 1000  # characters that are kept of an answer in any case
CUT: Final = Element("p", ("…",))  # where something was left out

_NO_PREVIEW: Final = {"is_disabled": True}
_BETWEEN: Final = " · "  # stands between the sources and before the "as of"
_HEADS: Final = {"h3", "summary"}
_ENDS: Final = (".", "!", "?", "…", ":", ";", "”", "»", '"', ")")
_LOOSE: Final = re.compile(r"\s+([,.;:!?])")  # what a source number stood before
_ASIDE: Final = {"notes", "notice"}
_WHOLE: Final = PARAGRAPHS | {"tr"}  # what is kept whole or left out

Keyboard = list[list[dict[str, str]]]


def build_card(reply: Reply, title: str, result_id: str, keyboard: Keyboard) -> dict[str, Any]:
    """An answer as an InlineQueryResultArticle; `result_id` takes 1 to 64 bytes. ValueError where the reply's HTML lies
    outside the subset, or nothing of it would be seen."""
    blocks = parse(reply.html)
    card = {
        "type": "article",
        "id": result_id,
        "title": title,
        "description": description(blocks),
        "input_message_content": {
            "message_text": single_message(reply.html, blocks).html,
            "parse_mode": "HTML",
            "link_preview_options": _NO_PREVIEW,
        },
    }
    return card | ({"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {})


def description(blocks: Sequence[Element]) -> str:
    """The first words of an answer, without its source numbers, and as of when it is true."""
    told = " ".join(_lines(block for block in blocks if not _is_aside(block)))
    notes = [block for block in blocks if _is_notes(block)]
    as_of = _shortened(notes[-1].words.rpartition(_BETWEEN)[2], AS_OF) if notes else ""
    words = _shortened(told, DESCRIPTION - len(as_of) - len(_BETWEEN))
    return _BETWEEN.join(part for part in (words, as_of) if part)


def single_message(html: str, blocks: Sequence[Element]) -> Part:
    """The answer as one message. Where it is too long, it is cut at the end, but the notes stay: the sources that what
    is left cites, and as of when it is true."""
    parts = to_messages(html)
    if not parts:
        raise ValueError("nothing of the answer would be seen")
    notes = [block for block in blocks if _is_notes(block)]
    if len(parts) == 1:
        return parts[0]
    cuts = [_noted(body, notes) for body in _cuts([block for block in blocks if not _is_notes(block)])]
    cut = bisect_left(cuts, True, key=_fits)
    if cut == len(cuts):
        return parts[0]
    return to_messages(_write(cuts[cut]))[0]


def _noted(body: Sequence[Element], notes: Sequence[Element]) -> list[Element]:
    """A beginning of an answer with the notes that belong to it."""
    said = " ".join(block.words for block in body)
    return [*body, CUT, *(cited_alone(note, said) for note in notes)]


def _fits(blocks: Sequence[Element]) -> bool:
    return len(to_messages(_write(blocks))) == 1


def _cuts(blocks: Sequence[Element]) -> Iterator[tuple[Element, ...]]:
    """Ever shorter beginnings of an answer, the last one its first words, without source numbers."""
    kept = tuple(blocks)
    while kept and (kept := _without_end(kept)):
        yield kept
    if words := _shortened(" ".join(_lines(block for block in blocks if not _is_aside(block))), SHORTEST):
        yield (Element("p", (words,)),)


def _without_end(blocks: tuple[Element, ...]) -> tuple[Element, ...]:
    """The blocks without the last paragraph, item or row, and without the heading that would head nothing."""
    *before, last = blocks
    inner = _without_end(last.elements()) if last.tag not in _WHOLE and last.elements() else ()
    if inner and inner[-1].tag != "summary":
        return (*before, Element(last.tag, inner, last.attributes))
    while before and before[-1].tag == "h3":
        before.pop()
    return tuple(before)


def _is_aside(block: Element) -> bool:
    return bool(_ASIDE & set(block.attribute("class").split()))


def _is_notes(block: Element) -> bool:
    return "notes" in block.attribute("class").split()


def _lines(blocks: Iterable[Element]) -> Iterator[str]:
    """The words of each paragraph; a heading, which says whose they are, leads to them."""
    for block in blocks:
        if block.tag in PARAGRAPHS:
            words = _LOOSE.sub(r"\1", _plain(block.children)).strip()
            end = ":" if block.tag in _HEADS else "."
            yield words if not words or words.endswith(_ENDS) else words + end
        else:
            yield from _lines(block.elements())


def _plain(nodes: Iterable[Node]) -> str:
    return "".join(
        node if isinstance(node, str) else _plain(node.children) if node.tag != "sup" else "" for node in nodes
    )


def _shortened(text: str, width: int) -> str:
    """Whole words up to a width; where the first one is longer, what there is room for of it."""
    short = shorten(text, width, placeholder="…")
    return short if short != "…" else text.strip()[: width - 1] + "…"


def _write(nodes: Iterable[Node]) -> str:
    """The tree as semantic HTML again."""
    return "".join(escape(node, quote=False) if isinstance(node, str) else _element(node) for node in nodes)


def _element(element: Element) -> str:
    given = "".join(f' {name}="{escape(value)}"' for name, value in element.attributes)
    return f"<{element.tag}{given}>{_write(element.children)}</{element.tag}>"
