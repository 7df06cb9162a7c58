"""Weighs the words and letters of a text by how rare they are, as sparse rows in plain numpy."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Embeddings = npt.NDArray[np.floating[Any]]  # of texts; those of many in half precision
Places = npt.NDArray[np.int32 | np.uint16]
LETTERS = (3, 4, 5)  # lengths of the runs of letters within a padded word
WORDS = (1, 2, 3)  # lengths of the runs of words
MARK = "_"  # what a run of words begins with, and has between them
OF_WORDS = 2  # times that a run of words counts as much as one of letters: there are fewer of them
BLOCK = 8_192  # values of a product that are multiplied at a time
BUCKETS = 2**22  # of features, in which the rare ones are told before they are held
TEXTS = 1_024  # of which rows are made at a time
MOST_SMALL = 2**16  # numbers that two bytes can tell apart
FEWEST, MANY = 2, 8_000  # texts that must hold a feature, for it to count: twice as many from so many texts on


@dataclass(frozen=True, slots=True)
class Rows:
    """Sparse rows (CSR): row `i` has the columns `columns[starts[i]:starts[i + 1]]` with `values` likewise."""

    values: Floats
    columns: Places
    starts: Integers
    width: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def times(self, matrix: Floats) -> Floats:
        """The product with a dense matrix of `width` rows; in blocks that stay in the processor's cache, which is ten
        times as fast as all at once."""
        out = np.zeros((len(self), matrix.shape[1]), dtype=matrix.dtype)
        filled = np.flatnonzero(np.diff(self.starts))
        begins = self.starts[filled]
        at = 0
        while at < len(filled):
            end = max(at + 1, int(np.searchsorted(begins, begins[at] + BLOCK)))
            first, last = int(begins[at]), int(self.starts[filled[end - 1] + 1])
            block = matrix.take(self.columns[first:last], axis=0)
            block *= self.values[first:last, None]
            out[filled[at:end]] = np.add.reduceat(block, begins[at:end] - first)
            at = end
        return out

    def transposed(self) -> "Rows":
        """The same with rows and columns swapped."""
        order = np.argsort(self.columns, kind="stable")
        owners = _small(np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts)), len(self))
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.columns, minlength=self.width))])
        return Rows(self.values[order], owners[order], starts, len(self))

    def take(self, rows: Integers) -> "Rows":
        """Some of the rows, in the order of `rows`."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        picked = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return Rows(self.values[picked], self.columns[picked], starts, self.width)


def _small(places: npt.NDArray[np.int32], most: int) -> Places:
    """Numbers below `most` in as few bytes as they need."""
    return places.astype(np.uint16) if most <= MOST_SMALL else places


def features(words: Sequence[str], shape: Sequence[str]) -> Counter[str]:
    """How often each run of letters of `words`, and each run of words of `shape`, their general form, occurs."""
    found: list[str] = []
    for word in words:
        padded = f" {word} "
        for size in LETTERS:
            found += [padded[start : start + size] for start in range(len(padded) - size + 1)]
    for size in WORDS:
        found += [MARK.join(("", *shape[start : start + size])) for start in range(len(shape) - size + 1)]
    return Counter(found)


class Texts(Protocol):
    """The features of texts, which can be gone through more than once."""

    def __iter__(self) -> Iterator[Counter[str]]: ...

    def __len__(self) -> int: ...


class Vocabulary:
    """The features of the texts it was made of, each with its weight log((1 + n) / (1 + texts with it)) + 1, or
    `OF_WORDS` times that.

    Counts are damped to 1 + log(count) and rows have length 1 (Salton and Buckley 1988,
    doi 10.1016/0306-4573(88)90021-0).
    """

    def __init__(self, names: Sequence[str], weights: Floats) -> None:
        self.names = tuple(names)
        self.weights = weights
        self._columns = {name: column for column, name in enumerate(names)}

    @classmethod
    def of(cls, texts: Texts) -> "Vocabulary":
        """The vocabulary of texts given by their `features`, which are gone through twice: most features are rare, and
        to hold them all would take 40 MB."""
        fewest = FEWEST if len(texts) < MANY else 2 * FEWEST
        seen = bytearray(BUCKETS)
        for text in texts:
            for name in text:
                if seen[hash(name) % BUCKETS] < fewest:
                    seen[hash(name) % BUCKETS] += 1
        holders: Counter[str] = Counter()
        for text in texts:
            holders.update([name for name in text if seen[hash(name) % BUCKETS] == fewest])
        names = sorted(name for name, count in holders.items() if count >= fewest)
        rarity = {name: math.log((1 + len(texts)) / (1 + holders[name])) + 1 for name in names}
        weights = [rarity[name] * (OF_WORDS if name.startswith(MARK) else 1) for name in names]
        return cls(names, np.array(weights, dtype=np.float32))

    def rows(self, texts: Iterable[Counter[str]]) -> Rows:
        """The texts as sparse rows of length 1; a text without a known feature is an empty row. Some texts at a time,
        so that little more is held than the rows."""
        values, starts = array("f"), array("q", [0])
        columns = array("H" if len(self.names) <= MOST_SMALL else "i")
        waiting = iter(texts)
        while some := list(islice(waiting, TEXTS)):
            self._add(some, values, columns, starts)
        places: Places = np.frombuffer(columns, np.uint16 if columns.typecode == "H" else np.int32)
        return Rows(np.frombuffer(values, np.float32), places, np.array(starts, np.int64), len(self.names))

    def _add(
        self, texts: Sequence[Counter[str]], values: "array[float]", columns: "array[int]", starts: "array[int]"
    ) -> None:
        """Adds the rows of some texts."""
        before, counts, bounds = len(columns), array("H"), [0]
        for text in texts:
            for name, count in text.items():
                if (column := self._columns.get(name)) is not None:
                    columns.append(column)
                    counts.append(count)
            bounds.append(len(counts))
            starts.append(before + len(counts))
        added = np.log(np.frombuffer(counts, np.uint16), dtype=np.float32)
        added += 1
        added *= self.weights[np.array(columns[before:], np.int64)]
        sizes = np.diff(bounds)
        filled = np.flatnonzero(sizes)
        squares = np.add.reduceat(added * added, np.array(bounds)[filled]) if len(filled) else np.zeros(0, np.float32)
        added /= np.repeat(np.sqrt(squares), sizes[filled])
        values.frombytes(added.tobytes())
