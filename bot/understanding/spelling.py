"""Mends words that nobody writes on purpose, where exactly one known word is near."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from rapidfuzz.distance import OSA

SHORTEST = 4  # letters; shorter words are too often abbreviations
FAR = 8  # letters, from which two slips are allowed


class Spelling:
    """`counts` says how often each known word occurs; words for which `is_word` is true are left as they are."""

    def __init__(self, counts: Mapping[str, int], names: Iterable[str]) -> None:
        self._counts = dict(counts)
        for name in names:
            self._counts[name] = max(self._counts.get(name, 0), 2)
        self._by_start: dict[tuple[str, int], list[str]] = {}
        for word, count in self._counts.items():
            if len(word) >= SHORTEST and count > 1 and word.isalpha():
                self._by_start.setdefault((word[0], len(word)), []).append(word)

    def mended(self, words: Sequence[str], is_word: Callable[[str], bool]) -> list[str]:
        """`words` with each unknown one replaced by the known word that it is a slip of: one letter wrong, missing,
        too many or two swapped (two such slips in long words). The commonest of several as near wins."""
        return [self._near(word) or word if self._is_odd(word) and not is_word(word) else word for word in words]

    def _is_odd(self, word: str) -> bool:
        return len(word) >= SHORTEST and word.isalpha() and word not in self._counts

    def _near(self, word: str) -> str | None:
        slack = 2 if len(word) >= FAR else 1
        starts = {word[0], word[1]}
        near: list[tuple[int, int, str]] = []
        for length in range(len(word) - slack, len(word) + slack + 1):
            for start in starts:
                for known in self._by_start.get((start, length), ()):
                    distance = OSA.distance(word, known, score_cutoff=slack)
                    if distance <= slack:
                        near.append((distance, -self._counts[known], known))
        return min(near)[2] if near else None
