"""Turns the heads' scores into honest probabilities and chooses when to answer, to ask back and to refuse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.understanding.tfidf import Floats, Integers

MOST_WRONG = 0.04  # of all questions answered directly and wrongly, of those held back, which are harder than life
MOST_STRAY = 0.036  # of out-of-scope questions answered directly, likewise
MOST_LOST = 0.012  # of questions in scope refused as not covered, likewise
MOST_ALARMED = 0.0265  # of other questions taken for distress or a legal question, likewise
STRAY = "not_covered"
NEEDS = ("in_distress", "legal_advice")  # what is never missed for the sake of another number
EXPONENTS = np.linspace(0.5, 3.0, 26)


@dataclass(frozen=True, slots=True)
class Calibration:
    """`exponent` sharpens or dulls probabilities; `answer_at` is the probability from which the first intent is told
    at once, `refuse_at` the one of "not covered" from which nothing is offered; `need_at` that of distress and legal
    questions together from which neither is passed over."""

    exponent: float
    answer_at: float
    refuse_at: float
    need_at: float = 0.3

    def sharpened(self, chances: Floats) -> Floats:
        """The probabilities, calibrated; along the last axis they sum to 1."""
        raised = np.maximum(chances, 1e-9) ** np.float32(self.exponent)
        return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float32)


CAREFUL = Calibration(exponent=1.0, answer_at=0.8, refuse_at=0.95)  # offers rather than answers or refuses


def calibrate(chances: Floats, truth: Integers, labels: Sequence[str]) -> Calibration:
    """Fits on `chances` of texts held back, of shape (texts, labels): the exponent by log-likelihood (Guo et al. 2017,
    arXiv:1706.04599), the thresholds as the lowest that keep the promised shares of errors. Careful without any."""
    if not len(truth):
        return CAREFUL
    exponent = min(EXPONENTS, key=lambda one: _surprise(Calibration(float(one), 1, 1).sharpened(chances), truth))
    sharp = Calibration(float(exponent), 1, 1).sharpened(chances)
    stray = list(labels).index(STRAY) if STRAY in labels else -1
    first, sure = sharp.argmax(axis=1), sharp.max(axis=1)
    is_stray = truth == stray
    told = first != stray
    wrong = sure[told & (first != truth)]
    strays = sure[told & is_stray]
    lost = sharp[~is_stray, stray] if stray >= 0 else np.zeros(0, np.float32)
    alarms = _alarms(sharp[~np.isin(truth, [list(labels).index(need) for need in NEEDS if need in labels])], labels)
    return Calibration(
        exponent=float(exponent),
        answer_at=max(_cut(wrong, MOST_WRONG * len(truth)), _cut(strays, MOST_STRAY * is_stray.sum())),
        refuse_at=_cut(lost, MOST_LOST * (~is_stray).sum()),
        need_at=_cut(alarms, MOST_ALARMED * len(alarms)),
    )


def _alarms(sharp: Floats, labels: Sequence[str]) -> Floats:
    """The probability of needs in each row where they would come before every answer, else 0."""
    answering = [label not in {*NEEDS, STRAY} for label in labels]
    need = sharp[:, [label in NEEDS for label in labels]].sum(axis=1)
    rival = sharp[:, answering].max(axis=1, initial=0)
    return np.asarray(np.where(need >= rival, need, 0), dtype=np.float32)


def _surprise(chances: Floats, truth: Integers) -> float:
    return -float(np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-9)).mean())


def _cut(sure: Floats, most: float) -> float:
    """The lowest threshold that at most `most` of the values reach."""
    ordered = np.sort(sure)[::-1]
    allowed = int(most)
    return float(np.nextafter(ordered[allowed], np.float32(2))) if allowed < len(ordered) else 0.3
