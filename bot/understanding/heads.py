"""The two heads that tell an intent: kernel ridge over embeddings and logistic regression over words and letters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.understanding.logistic import Logistic, softmax, train_logistic
from bot.understanding.reading import Reading
from bot.understanding.ridge import KernelRidge, train_ridge
from bot.understanding.tfidf import Floats, Integers, Rows, Vocabulary, features

# Chosen by grouped cross-validation on the pack's questions; none is sharp.
WIDTH = 1.0  # of the Gaussian kernel
PENALTY = 0.1  # of the ridge
SHARPNESS = 8.0  # of the softmax over the ridge's votes
STRENGTH = 10.0  # of the logistic head: scikit-learn's C
STEPS = 14  # of its optimiser
SHARE = 0.7  # of the embedding head in the mean
ALIKE = 0.85  # cosine of two examples of one intent, from which one of them is enough for the ridge


@dataclass(frozen=True, slots=True)
class Heads:
    """Both heads over the same `labels`; `ridge` is None where there is no encoder. `kept` are the places, among all
    examples, of those that the ridge is made of."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    logistic: Logistic
    ridge: KernelRidge | None
    kept: Integers

    def likeness(self, embeddings: Floats | None) -> Floats | None:
        """Cosines with the examples that are kept; None without embeddings, or without a ridge."""
        return None if embeddings is None or self.ridge is None else self.ridge.likeness(embeddings)

    def chances(self, readings: Sequence[Reading], likeness: Floats | None) -> Floats:
        """Uncalibrated probabilities of shape (readings, labels): the weighted mean of both heads', or the logistic
        head's alone where there is no `likeness`."""
        return self.mixed(self.vocabulary.rows(counted(readings)), likeness)

    def mixed(self, rows: Rows, likeness: Floats | None) -> Floats:
        """The same of texts given as rows of the vocabulary."""
        words = softmax(self.logistic.scores(rows))
        if likeness is None or self.ridge is None:
            return words
        meaning = softmax(np.float32(SHARPNESS) * self.ridge.scores(likeness))
        return np.asarray(SHARE * meaning + (1 - SHARE) * words, dtype=np.float32)


def counted(readings: Iterable[Reading]) -> list[Counter[str]]:
    """The features of texts read."""
    return [features(reading.words, reading.shape) for reading in readings]


def train_heads(readings: Sequence[Reading], embeddings: Floats | None, intents: Sequence[str]) -> Heads:
    """Trains both heads on texts read, their `embeddings` (None without an encoder) and their `intents`."""
    labels = tuple(sorted(set(intents)))
    return _fitted(labels, *_weighed(readings), embeddings, numbered(intents, labels))


def _weighed(readings: Sequence[Reading]) -> tuple[Vocabulary, Rows]:
    """The vocabulary of the texts, and they as its rows; what was counted, 100 MB of a large pack, is gone then."""
    texts = counted(readings)
    vocabulary = Vocabulary.of(texts)
    return vocabulary, vocabulary.rows(texts)


def _fitted(
    labels: tuple[str, ...], vocabulary: Vocabulary, rows: Rows, embeddings: Floats | None, numbers: Integers
) -> Heads:
    logistic = train_logistic(rows, numbers, len(labels), STRENGTH, STEPS)
    if embeddings is None:
        return Heads(labels, vocabulary, logistic, None, np.zeros(0, np.int64))
    kept = thinned(embeddings, numbers)
    ridge = train_ridge(embeddings[kept], numbers[kept], len(labels), WIDTH, PENALTY)
    return Heads(labels, vocabulary, logistic, ridge, kept)


def thinned(embeddings: Floats, numbers: Integers) -> Integers:
    """The places of examples of which no two of one intent are alike: the first of them stays."""
    kept: list[int] = []
    for number in np.unique(numbers):
        own = np.flatnonzero(numbers == number)
        chosen: list[int] = []
        for at in own.tolist():
            if not chosen or float((embeddings[chosen] @ embeddings[at]).max()) < ALIKE:
                chosen.append(at)
        kept += chosen
    return np.sort(np.array(kept, dtype=np.int64))


def numbered(intents: Sequence[str], labels: Sequence[str]) -> Integers:
    """The place of each intent among `labels`."""
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places[intent] for intent in intents], dtype=np.int64)


def cross_validated(
    readings: Sequence[Reading],
    embeddings: Floats | None,
    intents: Sequence[str],
    groups: Sequence[int],
    folds: int = 5,
) -> tuple[Floats, Floats]:
    """Probabilities of each text from heads that saw neither its intent nor that of any other of its group: of both
    heads, and of the logistic head alone. Only how rare words are is counted over all texts at once."""
    labels = tuple(sorted(set(intents)))
    numbers = numbered(intents, labels)
    vocabulary, rows = _weighed(readings)
    both, words = (np.zeros((len(readings), len(labels)), dtype=np.float32) for _ in range(2))
    parts = fold_of(groups, folds)
    for part in range(folds):
        seen, unseen = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        if not len(seen) or not len(unseen):
            continue
        heads = _fitted(labels, vocabulary, rows.take(seen), _some(embeddings, seen), numbers[seen])
        held_out = rows.take(unseen)
        words[unseen] = heads.mixed(held_out, None)
        both[unseen] = heads.mixed(held_out, heads.likeness(_some(embeddings, unseen)))
    return both, words


def _some(embeddings: Floats | None, rows: Integers) -> Floats | None:
    return None if embeddings is None else embeddings[rows]


def fold_of(groups: Sequence[int], folds: int) -> Integers:
    """A fold for each text, the same for all of one group, drawn evenly and always the same."""
    names, places = np.unique(np.asarray(groups), return_inverse=True)
    drawn = np.random.default_rng(0).permutation(len(names)) % folds
    return np.asarray(drawn[places], dtype=np.int64)
