"""The nearest example questions: a first, careful guess before anything is trained."""

from collections.abc import Sequence

import numpy as np

from bot.factbase.questions import Question
from bot.understanding.logistic import softmax
from bot.understanding.reading import Counted, Reading
from bot.understanding.tfidf import Floats, Rows, Vocabulary

SHARPNESS = 14.0  # of the softmax over cosines
NEAREST = 3  # examples of an intent whose mean is its score


class Nearest:
    """Cosines of TF-IDF between a message and every example."""

    def __init__(self, questions: Sequence[Question], readings: Sequence[Reading]) -> None:
        self.labels = tuple(sorted({question.intent for question in questions}))
        counted = Counted(readings)
        self._vocabulary = Vocabulary.of(counted)
        self._rows: Rows = self._vocabulary.rows(counted)
        places = {label: place for place, label in enumerate(self.labels)}
        self._owners = np.array([places[question.intent] for question in questions], dtype=np.int64)

    def likeness(self, reading: Reading) -> Floats:
        """The cosine with each example, 0 to 1."""
        row = self._vocabulary.rows(Counted([reading]))
        dense = np.zeros((self._rows.width, 1), dtype=np.float32)
        dense[row.columns, 0] = row.values
        return self._rows.times(dense)[:, 0]

    def chances(self, likeness: Floats) -> Floats:
        """Probabilities of the labels, by the mean of each one's nearest examples."""
        scores = np.zeros(len(self.labels), dtype=np.float32)
        for place in range(len(self.labels)):
            own = likeness[self._owners == place]
            scores[place] = np.sort(own)[-NEAREST:].mean()
        return softmax(np.float32(SHARPNESS) * scores)
