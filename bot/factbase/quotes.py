"""Proves every quotation of the sources whose texts are at hand, letter for letter, and keeps the proof in quotes.lock.

A segment is a W3C TextQuoteSelector (Web Annotation Data Model, 4.2.4): exact words, with a prefix or suffix where
they occur twice. Typographic quotation marks and white space are folded, nothing else.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from rapidfuzz.fuzz import partial_ratio_alignment

from bot.core.findings import Finding
from bot.factbase.files import explained, read_file
from bot.factbase.loader import Pack
from bot.factbase.models import Quote, Segment, Statement, Variant
from bot.factbase.parting import joins, parting
from bot.factbase.parts import parts_of
from bot.factbase.yaml_tree import Steps, Tree, shown_path

LOCK_NAME = "quotes.lock"
LONGEST_LOCK = 5_000_000  # bytes
LONGEST_ARTICLE = 2_000_000  # bytes
PROVE = "run `explainer check --articles` with the folder of the texts"
FOLDED = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"'}
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """One quotation as one source with a text is said to have it."""

    source: str
    quote: Quote
    tree: Tree
    steps: Steps
    entry: str

    def key(self, index: int) -> str:
        """The name of a segment in the lock; it survives edits elsewhere in the pack."""
        way = shown_path(self.steps) or "quote"
        return f"{self.entry}.{way}.{index}@{self.source}"


@dataclass(frozen=True, slots=True)
class QuoteCheck:
    """What a check found; `lock` is the text for quotes.lock, None where an error keeps it from being written.

    `unchecked` are the ids of sources which have no text at hand although something is quoted from them.
    """

    findings: list[Finding]
    lock: str | None
    proven: int
    unchecked: tuple[str, ...]


class Folded:
    """A text with quotation marks and white space folded, that still knows where each character stood."""

    def __init__(self, text: str) -> None:
        chars: list[str] = []
        self.offsets: list[int] = []
        for offset, char in enumerate(text.translate(FOLDED)):
            if char.isspace():
                if chars and chars[-1] == " ":
                    continue
                char = " "  # noqa: PLW2901 - any white space counts as one space
            chars.append(char)
            self.offsets.append(offset)
        self.text = "".join(chars)
        self.offsets.append(len(text))

    def find(self, segment: Segment) -> list[tuple[int, int]]:
        """Where the words of a segment stand between whole words, as offsets into the folded text."""
        exact, prefix, suffix = (fold(part) for part in (segment.exact, segment.prefix, segment.suffix))
        found, start = [], self.text.find(exact)
        while start >= 0:
            end = start + len(exact)
            before = self.text[max(0, start - len(prefix) - 1) : start]
            behind = self.text[end : end + len(suffix) + 1]
            whole = not (joins(before[-1:], exact[:1]) or joins(exact[-1:], behind[:1]))
            if whole and before.rstrip().endswith(prefix.strip()) and behind.lstrip().startswith(suffix.strip()):
                found.append((start, end))
            start = self.text.find(exact, start + 1)
        return found

    def nearest(self, words: str) -> str:
        """The passage of the text that is most like `words`, cut at whole words."""
        alignment = partial_ratio_alignment(fold(words), self.text)
        if alignment is None or alignment.score < 50:
            return ""
        start = self.text.rfind(" ", 0, alignment.dest_start + 1) + 1
        end = self.text.find(" ", max(alignment.dest_end - 1, 0))
        return self.text[start : end if end >= 0 else None]


def fold(text: str) -> str:
    """`text` with quotation marks and white space folded."""
    return " ".join(text.translate(FOLDED).split())


def quotations(pack: Pack) -> Iterator[Quotation]:
    """Every quotation of the pack, once for each of its sources."""
    for said in pack.statements:
        start: Steps = (pack.places[id(said)][1],)
        for part, steps in parts_of(said, start):
            if isinstance(part, Statement | Variant) and part.quote:
                for source in part.sources:
                    yield Quotation(source, part.quote, pack.trees["statements"], (*steps, "quote"), said.id)


def check_quotes(pack: Pack, articles: Path | None) -> QuoteCheck:
    """Proves the quotations against the texts in the folder `articles`, or, where that is None, against quotes.lock."""
    texts = {source.id: source.text for source in pack.sources if source.text}
    quoted = list(quotations(pack))
    unchecked = tuple(dict.fromkeys(one.source for one in quoted if one.source not in texts))
    checkable = [one for one in quoted if one.source in texts]
    if articles is None:
        return QuoteCheck(_against_lock(pack, checkable), None, 0, unchecked)
    found = _lock_elsewhere(pack)
    folded: dict[str, Folded] = {}
    hashes: dict[str, str] = {}
    for source, name in texts.items():
        if (raw := _read(pack, source, articles / name, found)) is not None:
            folded[source], hashes[source] = Folded(raw.decode("utf-8")), sha256(raw).hexdigest()
    lock: dict[str, Any] = {
        "articles": {source: {"file": texts[source], "sha256": hashes[source]} for source in sorted(folded)},
        "quotes": {},
    }
    for one in checkable:
        if one.source in folded:
            found += _prove(one, folded[one.source], texts[one.source], lock["quotes"])
    lock["quotes"] = dict(sorted(lock["quotes"].items()))
    proof = None if found else json.dumps(lock, indent=1, ensure_ascii=False) + "\n"
    return QuoteCheck(found, proof, len(lock["quotes"]), unchecked)


def _lock_elsewhere(pack: Pack) -> list[Finding]:
    """A finding where writing the proof would write through a link, to wherever a stranger wants."""
    path = pack.folder / LOCK_NAME
    if not path.is_symlink() and (path.is_file() or not path.exists()):
        return []
    return [Finding(str(path), 1, "", "it is no plain file", "remove it; the check makes it")]


def _read(pack: Pack, source: str, path: Path, found: list[Finding]) -> bytes | None:
    """The bytes of UTF-8 text."""
    try:
        raw = read_file(path, path.parent, LONGEST_ARTICLE)
        raw.decode("utf-8")
        return raw
    except (OSError, ValueError) as error:
        tree = pack.trees["sources"]
        index = next(pack.places[id(known)][1] for known in pack.sources if known.id == source)
        problem = f"the text {path.name!r} cannot be read ({explained(error)[0]})"
        remedy = f"put the file into {path.parent}, or remove the field"
        found.append(Finding(tree.file, tree.line((index, "text")), "text", problem, remedy))
        return None


def _prove(one: Quotation, text: Folded, name: str, lock: dict[str, Any]) -> Iterator[Finding]:
    after = 0
    for index, segment in enumerate(one.quote):
        steps = (*one.steps, index)
        places = [place for place in text.find(segment) if place[0] >= after]
        if not places:
            remedy = f"copy the words letter for letter{_compared(segment, text)}"
            behind = " behind those of the segment before" if index else ""
            yield _finding(one, steps, f"these words do not stand in {name}{behind}", remedy)
            continue
        if len(places) > 1:
            remedy = "add prefix: or suffix: with the words around them"
            yield _finding(one, steps, f"these words stand {len(places)} times in {name}", remedy)
            continue
        start, after = places[0]
        lock[one.key(index)] = {
            "sha256": _hash(segment), "start": text.offsets[start], "end": text.offsets[after - 1] + 1,
        }  # fmt: skip


def _compared(segment: Segment, text: Folded) -> str:
    nearest = text.nearest(segment.exact)
    if not nearest:
        return ""
    apart = parting(fold(segment.exact), nearest)
    return f"; the nearest passage is “{nearest}”" + (f"; {apart}" if apart else "")


def _against_lock(pack: Pack, checkable: list[Quotation]) -> list[Finding]:
    path = pack.folder / LOCK_NAME
    try:
        proven = {
            key: proof["sha256"]
            for key, proof in json.loads(read_file(path, pack.folder, LONGEST_LOCK))["quotes"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        if not checkable:
            return []
        return [Finding(str(path), 1, "", "no proof of the quotations", PROVE)]
    remedy = f"undo the change, or {PROVE}"
    return [
        _finding(
            one, (*one.steps, index), f"these words are not the ones that were proven against {one.source}", remedy
        )
        for one in checkable
        for index, segment in enumerate(one.quote)
        if proven.get(one.key(index)) != _hash(segment)
    ]


def _hash(segment: Segment) -> str:
    return sha256(fold(segment.exact).encode()).hexdigest()


def _finding(one: Quotation, steps: Steps, problem: str, remedy: str) -> Finding:
    return Finding(one.tree.file, one.tree.line(steps), shown_path(one.tree.nearest(steps)), problem, remedy)
