"""The notes at an answer's foot: its numbered sources, folded where they are many, and as of when it is true."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.platforms.markup import Element, Node
from bot.platforms.telegram.blocks import inline_spans
from bot.platforms.telegram.screens import text_lines
from bot.platforms.telegram.spans import Quote, Span, plain

APART = " · "
PLAIN_LINES = 2  # sources that take more are folded

_NUMBER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Notes:
    """Sources by their number, in order, and what stands behind them."""

    sources: Mapping[str, tuple[Node, ...]]
    as_of: tuple[Node, ...]

    def are_cited(self, text: str) -> bool:
        """Whether `text` cites every source, so that none is lost where each page lists its own."""
        return set(self.sources) <= set(_NUMBER.findall(text))

    def below(self, spans: Sequence[Span]) -> list[Span]:
        """The notes of a page that says `spans`, with the gap above them: the sources that it cites, and as of when."""
        cited = set(_NUMBER.findall(plain(spans)))
        listed = [nodes for number, nodes in self.sources.items() if number in cited]
        quoted = Span(quote=Quote(expandable=True))
        folded = _joined(listed, quoted)
        if text_lines(plain(folded)) > PLAIN_LINES:
            return [Span("\n"), *folded, Span("\n"), *inline_spans(self.as_of, Span(italic=True))]
        gap = "\n" if spans and spans[-1].quote else "\n\n"
        return [Span(gap), *_joined([*listed, self.as_of], Span(italic=True))]


def read_notes(block: Element) -> Notes | None:
    """The notes that a paragraph holds; None where it is none of them, or says not as of when."""
    if "notes" not in block.attribute("class").split():
        return None
    *listed, as_of = _parted(block.children)
    sources = {found[1]: nodes for nodes in listed if (found := _NUMBER.match(_words(nodes)))}
    is_sound = len(sources) == len(listed) and _words(as_of).strip() and not _NUMBER.match(_words(as_of))
    return Notes(sources, as_of) if is_sound else None


def cited_alone(block: Element, text: str) -> Element:
    """The paragraph of notes with only those sources that `text` cites, so that a shorter text never has longer notes;
    as of when stays in any case. A paragraph that `read_notes` does not take stays as it is."""
    notes = read_notes(block)
    if notes is None:
        return block
    cited = [nodes for number, nodes in notes.sources.items() if f"[{number}]" in text]
    listed = tuple(node for nodes in cited for node in (*nodes, APART))
    return Element(block.tag, (*listed, *notes.as_of), block.attributes)


def _parted(nodes: Iterable[Node]) -> list[tuple[Node, ...]]:
    """The nodes between the points that part one note from the next."""
    parts: list[tuple[Node, ...]] = [()]
    for node in nodes:
        if not isinstance(node, str):
            parts[-1] += (node,)
            continue
        first, *others = node.split(APART)
        parts[-1] += (first,)
        parts += [(other,) for other in others]
    return parts


def _words(nodes: Iterable[Node]) -> str:
    return "".join(node if isinstance(node, str) else node.words for node in nodes)


def _joined(parts: Iterable[tuple[Node, ...]], style: Span) -> list[Span]:
    spans: list[Span] = []
    for nodes in parts:
        spans += [style.saying(APART)] * bool(spans) + inline_spans(nodes, style)
    return spans
