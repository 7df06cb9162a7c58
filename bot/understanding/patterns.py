"""Patterns that an editor can read: words with alternatives, gaps and endings, matched on folded words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from bot.understanding.normalisation import folded

GAP = r"(?:\S+ ){0,4}"
WHO = r"(?P<who>(?:\S+ ){1,4}?)"
PIECE = re.compile(r"\s*(\.\.\.|[()\[\]|^$]|<[a-z-]+>|\{who\}|[^\s()\[\]|^$<{]+)")
NOTHING = r"(?!)"  # what an empty list matches
NESTED = 12


class PatternError(ValueError):
    """What is wrong with a pattern, in words for its editor."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`text` as it was written; `signs` are words of which a match needs one, empty where none can be told."""

    text: str
    regex: re.Pattern[str]
    signs: frozenset[str]


def compile_pattern(text: str, lists: Mapping[str, Sequence[str]]) -> Pattern:
    """Reads a pattern. Raises PatternError.

    `word` stands for itself, `word*` for any word that begins so, `*` for any one word, `...` for up to four words,
    `(a|b c)` for one of several, `[a]` for a or nothing, `<name>` for one of a list, `{who}` for one to four words
    that are looked up; `^` is the beginning of the message and `$` its end.
    """
    pieces = _pieces(text)
    reader = _Reader(pieces, lists, text)
    regex = reader.sequence(0)
    if reader.at < len(pieces):
        raise PatternError(f"a closing {pieces[reader.at]!r} without its beginning")
    return Pattern(text, re.compile(r"(?:^|(?<= ))" + regex), reader.signs())


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


class _Reader:
    def __init__(self, pieces: list[str], lists: Mapping[str, Sequence[str]], text: str) -> None:
        self._pieces, self._lists, self._text = pieces, lists, text
        self._signs: list[frozenset[str]] = []
        self.at = 0

    def signs(self) -> frozenset[str]:
        """The smallest set of words one of which a match must hold."""
        return min((signs for signs in self._signs if signs), key=len, default=frozenset())

    def sequence(self, depth: int) -> str:
        """Reads up to the end or to the bracket that closes this depth."""
        if depth > NESTED:
            raise PatternError("brackets are nested too deep")
        parts: list[str] = []
        while self.at < len(self._pieces) and self._pieces[self.at] not in {")", "]", "|"}:
            parts.append(self._part(depth))
        return "".join(parts)

    def _part(self, depth: int) -> str:
        piece = self._pieces[self.at]
        self.at += 1
        if piece in {"(", "["}:
            return self._group(piece, depth)
        fixed = {"...": GAP, "*": r"\S+ ", "^": "^", "$": "$", "{who}": WHO}
        if piece in fixed:
            return fixed[piece]
        if piece.startswith("<"):
            return self._listed(piece[1:-1], depth)
        return self._word(piece, depth)

    def _group(self, opening: str, depth: int) -> str:
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
        return f"(?:{'|'.join(choices)})" + ("?" if opening == "[" else "")

    def _listed(self, name: str, depth: int) -> str:
        if name not in self._lists:
            raise PatternError(f"there is no list {name!r}")
        entries = [entry for entry in map(folded, self._lists[name]) if entry]
        if not entries:
            return NOTHING
        if depth == 0:
            self._signs.append(frozenset(entry.split()[0] for entry in entries))
        return "(?:" + "|".join(re.escape(entry) + " " for entry in sorted(entries, key=len, reverse=True)) + ")"

    def _word(self, piece: str, depth: int) -> str:
        begins = piece.endswith("*")
        words = folded(piece.rstrip("*")).split()
        if not words or "*" in piece[:-1]:
            raise PatternError(f"{piece!r} is not a word")
        if depth == 0 and not begins:
            self._signs.append(frozenset(words[:1]))
        return " ".join(map(re.escape, words)) + (r"\S* " if begins else " ")


def _first_words(pieces: Sequence[str]) -> frozenset[str]:
    """The words that the alternatives in a bracket begin with; empty where one of them may begin with anything."""
    firsts = [pieces[at] for at in range(len(pieces)) if at == 0 or pieces[at - 1] == "|"]
    plain = [folded(first).split() for first in firsts]
    clear = all(
        words and not first.endswith("*") and first[0] not in "([<." for first, words in zip(firsts, plain, strict=True)
    )
    nested = any(piece in {"(", "["} for piece in pieces)
    return frozenset(words[0] for words in plain) if clear and not nested else frozenset()
