"""How like a text is to the pack's example questions: cosine over TF-IDF of words and of letters inside words."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.understanding.words import folded

Floats = npt.NDArray[np.float32]


@lru_cache(maxsize=20_000)
def _letters(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(padded[start : start + size] for size in (3, 4) for start in range(len(padded) - size + 1))


def features(text: str) -> Counter[str]:
    """How often each word, pair of words and run of 3 or 4 letters occurs."""
    words = folded(text).split()
    found = Counter(f"w {word}" for word in words)
    found.update(f"w {left} {right}" for left, right in zip(words, words[1:], strict=False))
    for word in words:
        found.update(_letters(word))
    return found


class Similarity:
    """An index over example texts. Weights are 1 + log(count) times log((1 + n) / (1 + documents)) + 1, rows of length 1
    (Salton and Buckley 1988, doi 10.1016/0306-4573(88)90021-0)."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = len(texts)
        rows: dict[str, list[int]] = {}
        counts: dict[str, list[float]] = {}
        for row, text in enumerate(texts):
            for feature, count in features(text).items():
                rows.setdefault(feature, []).append(row)
                counts.setdefault(feature, []).append(1 + math.log(count))
        self._idf = {feature: math.log((1 + self.size) / (1 + len(found))) + 1 for feature, found in rows.items()}
        self._rows = {feature: np.array(found, dtype=np.intp) for feature, found in rows.items()}
        weights = {
            feature: np.array(found, dtype=np.float32) * np.float32(self._idf[feature]) for feature, found in counts.items()
        }
        squares = np.zeros(self.size, dtype=np.float32)
        for feature, found in weights.items():
            squares[self._rows[feature]] += found**2
        lengths = np.sqrt(np.maximum(squares, 1e-12))
        self._weights = {feature: found / lengths[self._rows[feature]] for feature, found in weights.items()}

    def scores(self, text: str) -> Floats:
        """The cosine of `text` with every example, 0 to 1. Features that no example has lower it, as they should."""
        scores = np.zeros(self.size, dtype=np.float32)
        unknown_idf = math.log(1 + self.size) + 1
        square = 0.0
        for feature, count in features(text).items():
            weight = (1 + math.log(count)) * self._idf.get(feature, unknown_idf)
            square += weight**2
            if feature in self._rows:
                scores[self._rows[feature]] += np.float32(weight) * self._weights[feature]
        return scores / np.float32(math.sqrt(square) or 1.0)


def best_by_label(scores: Floats, labels: Iterable[str], nearest: int = 3) -> dict[str, float]:
    """For each label the mean of its `nearest` best scores, best label first."""
    by_label: dict[str, list[float]] = {}
    for label, score in zip(labels, scores.tolist(), strict=True):
        by_label.setdefault(label, []).append(score)
    means = {label: sum(sorted(found, reverse=True)[:nearest]) / nearest for label, found in by_label.items()}
    return dict(sorted(means.items(), key=lambda item: item[1], reverse=True))
