"""Whom or what a message speaks of without naming it, learnt from questions that say so and from the quotations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.understanding.heads import numbered
from bot.understanding.network import Network, train_network
from bot.understanding.tfidf import Embeddings, Floats

NOBODY = ""  # the entity of a question that speaks of none in particular: "who said what?"


@dataclass(frozen=True, slots=True)
class Allusion:
    """A text as the encoder is given it, and the id of the entity that it makes one think of, or `NOBODY`."""

    text: str
    entity: str


@dataclass(frozen=True, slots=True)
class Allusions:
    """Tells `entities`, `NOBODY` among them, from embeddings."""

    entities: tuple[str, ...]
    network: Network

    def likeliest(self, embedding: Floats) -> str:
        """The entity that a text alludes to, from its embedding of shape (dimensions,)."""
        return self.entities[int(self.network.scores(embedding[None]).argmax())]


def train_allusions(entities: Sequence[str], embeddings: Embeddings) -> Allusions | None:
    """Learns the `entities` that texts allude to from their `embeddings`; None where there are none to tell apart."""
    labels = tuple(sorted(set(entities)))
    if len(labels) < 2:
        return None
    numbers = numbered(entities, labels)
    return Allusions(labels, train_network(embeddings, numbers, len(labels), np.arange(len(numbers))))
