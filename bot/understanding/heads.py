"""The two heads that tell an intent: a network over embeddings and logistic regression over words and letters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.core.memory import hand_back
from bot.understanding.logistic import Logistic, softmax, train_logistic
from bot.understanding.network import Flags, Network, train_network
from bot.understanding.reading import Counted, Reading
from bot.understanding.tfidf import Embeddings, Floats, Integers, Rows, Vocabulary

# Chosen on the pack's questions by authors whom heads had not seen; none is sharp.
STRENGTH = 20.0  # of the logistic head: scikit-learn's C
STEPS = 14  # of its optimiser
SHARE = 0.4  # of the embedding head in the mean
LEAST = 1e-9  # probability that is told from none
FOLDS = 5
ENOUGH = 4_000  # texts held back in all, for thresholds


@dataclass(frozen=True, slots=True)
class Heads:
    """Both heads over the same `labels`; `network` is None where there is no encoder."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    logistic: Logistic
    network: Network | None

    def chances(self, readings: Sequence[Reading], embeddings: Embeddings | None) -> Floats:
        """Uncalibrated probabilities of shape (readings, labels): the weighted geometric mean of both heads', or the
        logistic head's alone where there are no `embeddings`, or no network."""
        words = softmax(self.logistic.scores(self.vocabulary.rows(Counted(readings))))
        return words if embeddings is None or self.network is None else mixed(words, self.network.scores(embeddings))


@dataclass(frozen=True, slots=True)
class Trial:
    """Probabilities of texts, of shape (texts, labels), from heads that saw neither their intents nor those of any
    paraphrase: of `both` heads, and of that over `words` alone; zeros for texts that were not held back. Only how rare
    words are is taken from all texts at once."""

    both: Floats
    words: Floats


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
        """The examples of texts read."""
        labels, texts = tuple(sorted(set(intents))), Counted(readings)
        vocabulary = Vocabulary.of(texts)
        rows = vocabulary.rows(texts)
        return cls(labels, numbered(intents, labels), vocabulary, rows, embeddings)


def mixed(words: Floats, scores: Floats) -> Floats:
    """The weighted geometric mean of the logistic head's probabilities and the network's, which its `scores` give: what
    either of them holds for unlikely stays so (Hinton 2002, doi 10.1162/089976602760128018)."""
    told: Floats = np.log(np.maximum(words, np.float32(LEAST)), dtype=np.float32)
    told *= np.float32(1 - SHARE)
    return softmax(told + np.float32(SHARE) * scores)


def train_heads(examples: Examples, held_back: Flags) -> tuple[Heads, Trial]:
    """Trains both heads, or the logistic one alone without embeddings; and once more without the texts of each column
    of `held_back`, of shape (texts, trials), to try them on these."""
    everything = np.arange(len(examples.numbers))
    trials = [(np.flatnonzero(~trial), np.flatnonzero(trial)) for trial in held_back.T]
    logistic = _logistic(examples, everything)
    words = np.zeros((len(everything), len(examples.labels)), dtype=np.float32)
    for seen, unseen in trials:
        words[unseen] = softmax(_logistic(examples, seen).scores(examples.rows.take(unseen)))
    hand_back()
    if examples.embeddings is None:
        return Heads(examples.labels, examples.vocabulary, logistic, None), Trial(words, words)
    both = np.zeros_like(words)
    for seen, unseen in trials:
        network = train_network(examples.embeddings, examples.numbers, len(examples.labels), seen)
        both[unseen] = mixed(words[unseen], network.scores(examples.embeddings[unseen]))
    network = train_network(examples.embeddings, examples.numbers, len(examples.labels), everything)
    return Heads(examples.labels, examples.vocabulary, logistic, network), Trial(both, words)


def _logistic(examples: Examples, seen: Integers) -> Logistic:
    rows = examples.rows if len(seen) == len(examples.rows) else examples.rows.take(seen)
    return train_logistic(rows, examples.numbers[seen], len(examples.labels), STRENGTH, STEPS)


def numbered(intents: Sequence[str], labels: Sequence[str]) -> Integers:
    """The place of each intent among `labels`."""
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places[intent] for intent in intents], dtype=np.int64)


def trials_of(groups: Sequence[int], enough: int = ENOUGH) -> Flags:
    """Which texts to hold back in each trial, of shape (texts, trials): folds of them, paraphrases together, as many as
    have `enough` texts, or all."""
    folds = fold_of(groups, FOLDS)[:, None] == np.arange(FOLDS)
    folds = folds[:, folds.any(axis=0) & ~folds.all(axis=0)]
    before = np.cumsum(folds.sum(axis=0)) - folds.sum(axis=0)
    return np.asarray(folds[:, before < enough])


def fold_of(groups: Sequence[int], folds: int) -> Integers:
    """A fold for each text, the same for all of one group: by its number alone, so that one question more or less does
    not move the others, nor the thresholds with them."""
    return np.asarray(groups, dtype=np.int64) % folds
