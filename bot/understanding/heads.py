"""The two heads that tell an intent: kernel ridge over embeddings and logistic regression over words and letters."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.understanding.logistic import Logistic, softmax, train_logistic
from bot.understanding.reading import Reading
from bot.understanding.ridge import Flags, KernelRidge, held_out, train_ridge
from bot.understanding.tfidf import Embeddings, Floats, Integers, Rows, Vocabulary, features

# Chosen by grouped cross-validation on the pack's questions; none is sharp.
WIDTH = 1.0  # of the Gaussian kernel
PENALTY = 0.1  # of the ridge
SHARPNESS = 8.0  # of the softmax over the ridge's votes
STRENGTH = 10.0  # of the logistic head: scikit-learn's C
STEPS = 14  # of its optimiser
SHARE = 0.7  # of the embedding head in the mean
ALIKE = 0.85  # cosine of two examples of one intent, from which one of them is enough for the ridge
BLOCK = 256  # examples compared with others at once


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
        words = softmax(self.logistic.scores(self.vocabulary.rows(counted(readings))))
        return words if likeness is None or self.ridge is None else mixed(words, self.ridge.scores(likeness))


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts that both heads learn from, as the heads take them: `numbers` are the places of their intents among
    `labels`; `embeddings` None without an encoder."""

    labels: tuple[str, ...]
    numbers: Integers
    vocabulary: Vocabulary
    rows: Rows
    embeddings: Embeddings | None

    @classmethod
    def of(cls, readings: Sequence[Reading], embeddings: Embeddings | None, intents: Sequence[str]) -> "Examples":
        """The examples of texts read, which are counted twice: to hold all counts would take 100 MB."""
        labels = tuple(sorted(set(intents)))
        vocabulary = Vocabulary.of(counted(readings))
        rows = vocabulary.rows(counted(readings))
        return cls(labels, numbered(intents, labels), vocabulary, rows, embeddings)


def counted(readings: Iterable[Reading]) -> Iterator[Counter[str]]:
    """The features of texts read."""
    return (features(reading.words, reading.shape) for reading in readings)


def mixed(words: Floats, scores: Floats) -> Floats:
    """The weighted mean of the logistic head's probabilities and the ridge's, which its `scores` give."""
    meaning = softmax(np.float32(SHARPNESS) * scores)
    return np.asarray(SHARE * meaning + (1 - SHARE) * words, dtype=np.float32)


def train_heads(examples: Examples) -> Heads:
    """Trains both heads, or the logistic one alone without embeddings."""
    labels, numbers, embeddings = examples.labels, examples.numbers, examples.embeddings
    logistic = train_logistic(examples.rows, numbers, len(labels), STRENGTH, STEPS)
    if embeddings is None:
        return Heads(labels, examples.vocabulary, logistic, None, np.zeros(0, np.int64))
    kept = np.flatnonzero(thinned(embeddings, numbers, np.ones((len(numbers), 1), np.bool_)))
    ridge = train_ridge(embeddings[kept], numbers[kept], len(labels), WIDTH, PENALTY)
    return Heads(labels, examples.vocabulary, logistic, ridge, kept)


def thinned(embeddings: Embeddings, numbers: Integers, among: Flags) -> Flags:
    """Of each column of `among`, of shape (examples, choices), those examples of which no two of one intent are alike:
    the first of them stays."""
    kept = among.copy()
    for number in np.unique(numbers):
        own = np.flatnonzero(numbers == number)
        for start in range(0, len(own), BLOCK):
            some = embeddings[own[: start + BLOCK]].astype(np.float32, copy=False)
            alike = some[start:] @ some.T >= ALIKE
            for at, row in enumerate(alike, start):
                kept[own[at]] &= ~kept[own[:at][row[:at]]].any(axis=0)
    return kept


def numbered(intents: Sequence[str], labels: Sequence[str]) -> Integers:
    """The place of each intent among `labels`."""
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places[intent] for intent in intents], dtype=np.int64)


def cross_validated(examples: Examples, groups: Sequence[int], folds: int = 5) -> tuple[Floats, Floats]:
    """Probabilities of each text from heads that saw neither its intent nor that of any other of its group: of both
    heads, and of the logistic head alone. Only how rare words are, and the directions in which embeddings differ, are
    taken from all texts at once."""
    parts = fold_of(groups, folds)
    words = _words_alone(examples, parts, folds)
    if examples.embeddings is None:
        return words, words
    taught = thinned(examples.embeddings, examples.numbers, parts[:, None] != np.arange(folds))
    classes = len(examples.labels)
    scores = held_out(examples.embeddings, examples.numbers, classes, taught, parts, WIDTH, PENALTY)
    return mixed(words, scores), words


def _words_alone(examples: Examples, parts: Integers, folds: int) -> Floats:
    chances = np.zeros((len(parts), len(examples.labels)), dtype=np.float32)
    for part in range(folds):
        seen, unseen = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        if len(seen) and len(unseen):
            rows, numbers = examples.rows.take(seen), examples.numbers[seen]
            logistic = train_logistic(rows, numbers, len(examples.labels), STRENGTH, STEPS)
            chances[unseen] = softmax(logistic.scores(examples.rows.take(unseen)))
    return chances


def fold_of(groups: Sequence[int], folds: int) -> Integers:
    """A fold for each text, the same for all of one group, drawn evenly and always the same."""
    names, places = np.unique(np.asarray(groups), return_inverse=True)
    drawn = np.random.default_rng(0).permutation(len(names)) % folds
    return np.asarray(drawn[places], dtype=np.int64)
