"""Whose words a message speaks of, however it words them, learnt from labelled questions and from the quotations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.understanding.heads import PENALTY, WIDTH, numbered
from bot.understanding.ridge import KernelRidge, train_ridges
from bot.understanding.tfidf import Embeddings, Floats

NOBODY = ""  # the speaker of a question that speaks of nobody's words: "who said what?"


@dataclass(frozen=True, slots=True)
class Saying:
    """A text as the encoder is given it, and the entity id of whom it makes one think, or `NOBODY`."""

    text: str
    speaker: str


@dataclass(frozen=True, slots=True)
class Quotations:
    """Tells speakers, `NOBODY` among them, from embeddings."""

    speakers: tuple[str, ...]
    ridge: KernelRidge

    def likeliest(self, embeddings: Floats) -> list[str]:
        """A speaker for each text."""
        scores = self.ridge.scores(self.ridge.likeness(embeddings))
        return [self.speakers[place] for place in scores.argmax(axis=1).tolist()]


def train_quotations(sayings: Sequence[Saying], embeddings: Embeddings) -> Quotations | None:
    """Learns the speakers of `sayings` from their `embeddings`; None where there are none to tell apart."""
    speakers = tuple(sorted({saying.speaker for saying in sayings}))
    if len(speakers) < 2:
        return None
    numbers = numbered([saying.speaker for saying in sayings], speakers)
    [ridge] = train_ridges(embeddings, numbers, len(speakers), np.ones((len(numbers), 1), np.bool_), WIDTH, PENALTY)
    return Quotations(speakers, ridge)
