"""One message made ready: its words mended, its names found, and the forms that the heads look at."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.understanding.entities import EntityFinder, Mention
from bot.understanding.normalisation import (
    LETTERED,
    MOST_ENCODED,
    MOST_OF_PART,
    MOST_WORDS,
    POSSESSIVE,
    cleaned,
    fold,
    sentences,
)
from bot.understanding.spelling import Spelling
from bot.understanding.tfidf import features

MOST_PARTS = 3  # sentences of a message that are understood one by one
# What the encoder is given in place of names, most of which it does not know.
STAND_INS = {"person": "Johnson", "org": "the council", "term": "the program", "place": "Houston"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A message. `raw` are its folded words as written, `words` the same with slips mended and without the s of
    possessives (of the same length),
    `shape` the words with each name made general (`@person`), `encoded` what the encoder is given."""

    clean: str
    raw: tuple[str, ...]
    words: tuple[str, ...]
    mentions: tuple[Mention, ...]
    places: tuple[str, ...]
    shape: tuple[str, ...]
    encoded: str


class Counted:
    """The features of texts read, counted anew each time: to hold them all would take 100 MB."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings

    def __iter__(self) -> Iterator[Counter[str]]:
        return (features(reading.words, reading.shape) for reading in self._readings)

    def __len__(self) -> int:
        return len(self._readings)


class Reader:
    """Reads messages of any kind; `places` are names of places that are not the pack's, `openers` greetings
    that may stand before a question, `pictures` the words that emoji stand for."""

    def __init__(
        self,
        finder: EntityFinder,
        spelling: Spelling,
        places: Iterable[str],
        openers: Iterable[str] = (),
        pictures: Mapping[str, str] | None = None,
    ) -> None:
        self._finder = finder
        self._spelling = spelling
        self._places = frozenset(tuple(fold(place).split()) for place in places)
        self._openers = sorted((tuple(fold(opener).split()) for opener in openers), key=len, reverse=True)
        self._pictures = str.maketrans({one: f" {words} " for one, words in (pictures or {}).items()})
        self._longest = max(map(len, self._places), default=0)
        self._starts = frozenset(place[0] for place in self._places if place)

    def read(self, text: str, is_word: Callable[[str], bool]) -> Reading:
        """The reading of a message; words for which `is_word` is true are no slips."""
        clean = cleaned(text)
        return self._read(clean if clean.isascii() else clean.translate(self._pictures), is_word)

    def parts(self, reading: Reading, is_word: Callable[[str], bool]) -> list[Reading]:
        """The sentences of a message with at least two words, each read for itself; none where it is a single one. Of
        more than `MOST_PARTS` the first ones and the last, which is where many ask."""
        found = sentences(reading.clean)
        read = [self._read(part, is_word) for part in found] if len(found) > 1 else []
        parts = [replace(part, encoded=part.encoded[:MOST_OF_PART]) for part in read if len(part.words) > 1]
        return parts if len(parts) <= MOST_PARTS else [*parts[: MOST_PARTS - 1], parts[-1]]

    def without_openers(self, reading: Reading, is_word: Callable[[str], bool]) -> Reading:
        """The message without greetings at its beginning, where at least two words remain."""
        words, at = reading.raw, 0
        while opener := next((one for one in self._openers if words[at : at + len(one)] == one), None):
            at += len(opener)
        if not at or len(words) - at < 2:
            return reading
        chunks = reading.clean.split()
        while chunks and at > 0:
            at -= len(fold(chunks.pop(0)).split())
        return self._read(" ".join(chunks).lstrip(" ,.!¡-"), is_word) if at == 0 and chunks else reading

    def _read(self, clean: str, is_word: Callable[[str], bool]) -> Reading:
        chunks = LETTERED.sub(r"\1\2", clean.lower()).split()[: 2 * MOST_WORDS]
        raw, origins = _words(chunks)
        bare = [self._owner(word, chunks[origin]) for word, origin in zip(raw, origins, strict=True)]
        words = self._spelling.mended(bare, is_word)
        mentions = self._finder.find(words)
        places = self._find_places(words, mentions)
        shape = list(words)
        encoded = [
            chunks[origin] if word == before else word
            for word, before, origin in zip(words, bare, origins, strict=True)
        ]
        for start, end, kind, proper in [(m.start, m.end, m.kinds()[0], m.proper) for m in mentions] + [
            (start, end, "place", True) for start, end in places
        ]:
            shape[start:end] = [f"@{kind}"] + [""] * (end - start - 1)
            if proper:
                encoded[start:end] = [STAND_INS[kind]] + [""] * (end - start - 1)
        once = [
            text
            for at, text in enumerate(encoded)
            if text and (not at or origins[at] != origins[at - 1] or text != encoded[at - 1])
        ]
        return Reading(
            clean=clean, raw=tuple(raw), words=tuple(words), mentions=mentions,
            places=tuple(" ".join(words[start:end]) for start, end in places),
            shape=tuple(filter(None, shape)), encoded=(" ".join(once) or clean)[:MOST_ENCODED],
        )  # fmt: skip

    def _owner(self, word: str, chunk: str) -> str:
        """A folded word of `chunk`, without the s of a possessive where a name ends so: `it's` is none."""
        return word[:-1] if word[:-1] in self._finder.owners and POSSESSIVE.search(chunk) else word

    def _find_places(self, words: Sequence[str], mentions: Sequence[Mention]) -> list[tuple[int, int]]:
        taken = {at for mention in mentions for at in range(mention.start, mention.end)}
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(words):
            longest = self._longest if words[at] in self._starts else 0
            lengths = range(min(longest, len(words) - at), 0, -1)
            length = next((n for n in lengths if tuple(words[at : at + n]) in self._places and at not in taken), 0)
            if length:
                found.append((at, at + length))
            at += length or 1
        return found


def sharing(reading: Reading, held: dict[str, str]) -> Reading:
    """The same with each word kept once, in `held`, however many readings have it; and once those of its forms that are
    the same, as most are. A third of the memory of many."""
    words, raw, shape = (
        tuple(held.setdefault(word, word) for word in form) for form in (reading.words, reading.raw, reading.shape)
    )
    return replace(reading, words=words, raw=words if raw == words else raw, shape=words if shape == words else shape)


def _words(chunks: Sequence[str]) -> tuple[list[str], list[int]]:
    """The folded words of all chunks, and the chunk that each came from."""
    pairs = [(word, at) for at, chunk in enumerate(chunks) for word in fold(chunk).split()][:MOST_WORDS]
    return [word for word, _ in pairs], [at for _, at in pairs]
