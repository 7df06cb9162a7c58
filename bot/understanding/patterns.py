"""Patterns that an editor can read: words with alternatives, gaps and endings, matched on folded words."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from bot.understanding.normalisation import folded

GAP = r"(?:\S+ ){0,4}"
WHO = r"(?P<who>(?:\S+ ){1,4}?)"
PIECE = re.compile(r"\s*(\.\.\.|[()\[\]|^$]|<[a-z-]+>|\{who\}|[^\s()\[\]|^$<{]+)")
NOTHING = r"(?!)"  # what an empty list matches
NESTED = 12
# A pattern that can fit the same words in many ways tries them all before it gives up.
MOST_WAYS = 20_000
MOST_CHOICES = 2_000
LONGEST = 50_000  # characters of a regular expression; its lists stand in it
MOST_WAYS_OF_ALL = 200_000  # of all patterns together: as many may be tried at each word of a message
LONGEST_OF_ALL = 2_000_000


class PatternError(ValueError):
    """What is wrong with a pattern, in words for its editor."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`text` as it was written; `signs` are words of which a match needs one, empty where none can be told; `ways` are
    those in which it can fit the same words, at most."""

    text: str
    regex: re.Pattern[str]
    signs: frozenset[str]
    ways: int


def compile_pattern(text: str, lists: Mapping[str, Sequence[str]]) -> Pattern:
    """Reads a pattern. Raises PatternError.

    `word` stands for itself, `word*` for any word that begins so, `*` for any one word, `...` for up to four words,
    `(a|b c)` for one of several, `[a]` for a or nothing, `<name>` for one of a list, `{who}` for one to four words
    that are looked up; `^` is the beginning of the message and `$` its end.
    """
    pieces = _pieces(text)
    if pieces.count("{who}") > 1:
        raise PatternError("{who} stands twice: write it once")
    reader = _Reader(pieces, lists, text)
    read = reader.sequence(0)
    if reader.at < len(pieces):
        raise PatternError(f"a closing {pieces[reader.at]!r} without its beginning")
    return Pattern(text, re.compile(r"(?:^|(?<= ))" + read.regex), reader.signs(), read.ways)


class Together:
    """Counts patterns that are tried one after the other."""

    def __init__(self) -> None:
        self._ways = self._length = 0

    def add(self, pattern: Pattern) -> None:
        """Raises PatternError where it is one too many."""
        self._ways += pattern.ways
        self._length += len(pattern.regex.pattern)
        if self._ways > MOST_WAYS_OF_ALL:
            raise PatternError(f"with those before it can fit the same words in more than {MOST_WAYS_OF_ALL} ways")
        if self._length > LONGEST_OF_ALL:
            raise PatternError("with those before, and the lists in them, it is too long")


class PatternIndex:
    """Finds which of many patterns match, looking only at those that share a word with the message."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._by_sign: dict[str, list[int]] = {}
        self._always: list[int] = []
        for number, pattern in enumerate(self._patterns):
            for sign in pattern.signs:
                self._by_sign.setdefault(sign, []).append(number)
            if not pattern.signs:
                self._always.append(number)

    def find(self, words: Sequence[str]) -> tuple[Pattern, re.Match[str]] | None:
        """The first pattern, in the order given, that matches the folded `words`."""
        text = " ".join(words) + " "
        signed = chain.from_iterable(self._by_sign.get(word, ()) for word in words)
        for number in sorted({*signed, *self._always}):
            if match := self._patterns[number].regex.search(text):
                return self._patterns[number], match
        return None


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        match = PIECE.match(text, at)
        if match is None:
            raise PatternError(f"{text[at:].strip()!r} cannot be read")
        pieces.append(match[1])
        at = match.end()
    if not pieces:
        raise PatternError("the pattern is empty")
    return pieces


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a regular expression, in how many `ways` it can fit the same words, and what it begins with: whole
    words, or beginnings of words with a `*` behind; None for anything."""

    regex: str
    ways: int = 1
    firsts: frozenset[str] | None = None


class _Reader:
    def __init__(self, pieces: list[str], lists: Mapping[str, Sequence[str]], text: str) -> None:
        self._pieces, self._lists, self._text = pieces, lists, text
        self._signs: list[frozenset[str]] = []
        self._length = 0
        self.at = 0

    def signs(self) -> frozenset[str]:
        """The smallest set of words one of which a match must hold."""
        return min((signs for signs in self._signs if signs), key=len, default=frozenset())

    def sequence(self, depth: int) -> _Part:
        """Reads up to the end or to the bracket that closes this depth."""
        if depth > NESTED:
            raise PatternError("brackets are nested too deep")
        parts: list[_Part] = []
        ways = 1
        while self.at < len(self._pieces) and self._pieces[self.at] not in {")", "]", "|"}:
            parts.append(self._part(depth))
            ways *= parts[-1].ways
            self._length += len(parts[-1].regex)
            if ways > MOST_WAYS:
                raise PatternError(f"it can fit the same words in more than {MOST_WAYS} ways: write two patterns")
            if self._length > LONGEST:
                raise PatternError("with its lists it is too long: write two patterns")
        return _Part("".join(part.regex for part in parts), ways, parts[0].firsts if parts else None)

    def _part(self, depth: int) -> _Part:
        piece = self._pieces[self.at]
        self.at += 1
        if piece in {"(", "["}:
            return self._group(piece, depth)
        if piece in FIXED:
            return FIXED[piece]
        if piece.startswith("<"):
            return self._listed(piece[1:-1], depth)
        return self._word(piece, depth)

    def _group(self, opening: str, depth: int) -> _Part:
        start, choices = self.at, [self.sequence(depth + 1)]
        while self.at < len(self._pieces) and self._pieces[self.at] == "|":
            self.at += 1
            choices.append(self.sequence(depth + 1))
        closing = ")" if opening == "(" else "]"
        if self.at >= len(self._pieces) or self._pieces[self.at] != closing:
            raise PatternError(f"{opening!r} is not closed")
        self.at += 1
        if opening == "(" and depth == 0:
            self._signs.append(_first_words(self._pieces[start : self.at - 1]))
        regex = f"(?:{'|'.join(choice.regex for choice in choices)})"
        if opening == "[":
            return _Part(regex + "?", _ways(choices) + 1)
        firsts = [choice.firsts for choice in choices if choice.firsts is not None]
        return _Part(regex, _ways(choices), frozenset().union(*firsts) if len(firsts) == len(choices) else None)

    def _listed(self, name: str, depth: int) -> _Part:
        if name not in self._lists:
            raise PatternError(f"there is no list {name!r}")
        entries = [entry for entry in map(folded, self._lists[name]) if entry]
        if not entries:
            return _Part(NOTHING)
        if depth == 0:
            self._signs.append(frozenset(entry.split()[0] for entry in entries))
        regex = "(?:" + "|".join(re.escape(entry) + " " for entry in sorted(entries, key=len, reverse=True)) + ")"
        firsts = Counter(entry.split()[0] for entry in entries)
        return _Part(regex, max(firsts.values()), frozenset(firsts))

    def _word(self, piece: str, depth: int) -> _Part:
        begins = piece.endswith("*")
        words = folded(piece.rstrip("*")).split()
        if not words or "*" in piece[:-1]:
            raise PatternError(f"{piece!r} is not a word")
        if depth == 0 and not begins:
            self._signs.append(frozenset(words[:1]))
        first = words[0] + "*" if begins and len(words) == 1 else words[0]
        return _Part(" ".join(map(re.escape, words)) + (r"\S* " if begins else " "), 1, frozenset({first}))


FIXED: Final = {
    "...": _Part(GAP, 5), "*": _Part(r"\S+ "), "^": _Part("^"), "$": _Part("$"), "{who}": _Part(WHO, 4),
}  # fmt: skip


def _ways(choices: Sequence[_Part]) -> int:
    """In how many ways one of several can fit: those that begin with other words do not add up."""
    anything = sum(choice.ways for choice in choices if choice.firsts is None)
    known = [(first, choice.ways) for choice in choices for first in choice.firsts or ()]
    if len(known) > MOST_CHOICES:
        raise PatternError(f"more than {MOST_CHOICES} alternatives: make a list of them")
    return anything + max((_fitting(first, known) for first, _ in known), default=0)


def _fitting(word: str, known: Sequence[tuple[str, int]]) -> int:
    """The ways of those that a word fits, or a beginning of words."""
    bare = word.rstrip("*")
    return sum(
        ways for first, ways in known if first in {bare, word} or (first[-1] == "*" and bare.startswith(first[:-1]))
    )


def _first_words(pieces: Sequence[str]) -> frozenset[str]:
    """The words that the alternatives in a bracket begin with; empty where one of them may begin with anything."""
    firsts = [pieces[at] for at in range(len(pieces)) if at == 0 or pieces[at - 1] == "|"]
    plain = [folded(first).split() for first in firsts]
    clear = all(
        words and not first.endswith("*") and first[0] not in "([<." for first, words in zip(firsts, plain, strict=True)
    )
    nested = any(piece in {"(", "["} for piece in pieces)
    return frozenset(words[0] for words in plain) if clear and not nested else frozenset()
