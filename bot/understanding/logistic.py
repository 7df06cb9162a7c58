"""Multinomial logistic regression over sparse rows, trained with numpy alone."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from bot.understanding.tfidf import Floats, Integers, Rows

MEMORY = 3  # steps that the curvature is estimated from
SLOPE = 0.05  # a guess of p (1 - p) over all texts and classes, from which the first curvature is made
SUFFICIENT = 1e-4  # Armijo's constant: the share of the promised decrease that a step has to keep


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights of shape (features, classes) and an intercept of shape (classes,)."""

    weights: Floats
    intercept: Floats

    def scores(self, rows: Rows) -> Floats:
        """Unscaled log-probabilities, of shape (rows, classes)."""
        return rows.times(self.weights) + self.intercept


def train_logistic(
    rows: Rows, labels: Integers, classes: int, strength: float, most_steps: int = 60, tolerance: float = 1e-3
) -> Logistic:
    """Minimises the summed cross-entropy times `strength` plus half the squared weights (scikit-learn's objective with
    C = `strength`; the intercept is free), by L-BFGS (Liu and Nocedal 1989, doi 10.1007/BF01589116) that begins with
    the curvature's diagonal, which saves two thirds of the steps.

    Stops after `most_steps`, or where no part of the gradient exceeds `tolerance` a text.
    """
    objective = _Objective(rows, labels, classes, strength)
    curvature = _curvature(rows, strength)
    point = np.zeros((rows.width + 1, classes), dtype=np.float32)
    value, gradient = objective(point)
    pairs: deque[tuple[Floats, Floats]] = deque(maxlen=MEMORY)
    for _ in range(most_steps):
        if np.abs(gradient).max() <= tolerance * strength:
            break
        direction = _direction(gradient, pairs, curvature)
        slope = float(np.vdot(gradient, direction))
        step = 1.0
        for _ in range(20):
            following = point + direction
            next_value, next_gradient = objective(following)
            if next_value <= value + SUFFICIENT * step * slope:
                break
            step /= 2
            direction *= np.float32(0.5)
        else:
            break
        bend = np.subtract(next_gradient, gradient, out=gradient)
        if float(np.vdot(direction, bend)) > 1e-10:
            pairs.append((direction, bend))
        point, value, gradient = following, next_value, next_gradient
    return Logistic(point[:-1], point[-1])


def _curvature(rows: Rows, strength: float) -> Floats:
    """About the inverse of the curvature along each feature and the intercept, of shape (features + 1, 1)."""
    squares = np.bincount(rows.columns, weights=rows.values.astype(np.float64) ** 2, minlength=rows.width)
    along = np.append(1 + strength * SLOPE * squares, strength * SLOPE * len(rows))
    return (1 / along).astype(np.float32)[:, None]


class _Objective:
    def __init__(self, rows: Rows, labels: Integers, classes: int, strength: float) -> None:
        self._rows, self._columns = rows, rows.transposed()
        self._labels, self._strength = labels, strength
        self._truth = np.eye(classes, dtype=np.float32)[labels]

    def __call__(self, point: Floats) -> tuple[float, Floats]:
        chances = softmax(self._rows.times(point[:-1]) + point[-1])
        of_truth = chances[np.arange(len(self._labels)), self._labels]
        loss = -float(np.log(np.maximum(of_truth, 1e-30)).sum(dtype=np.float64))
        residual = (chances - self._truth) * np.float32(self._strength)
        gradient = np.empty_like(point)
        gradient[:-1] = self._columns.times(residual)
        gradient[:-1] += point[:-1]
        gradient[-1] = residual.sum(axis=0)
        return self._strength * loss + 0.5 * float(np.vdot(point[:-1], point[:-1])), gradient


def _direction(gradient: Floats, pairs: "deque[tuple[Floats, Floats]]", curvature: Floats) -> Floats:
    """The two loops of L-BFGS: minus the gradient times the inverse curvature that `curvature` and `pairs` tell of."""
    direction = -gradient
    shares: list[tuple[float, float]] = []
    for change, bend in reversed(pairs):
        scale = 1.0 / float(np.vdot(change, bend))
        share = scale * float(np.vdot(change, direction))
        direction -= np.float32(share) * bend
        shares.append((scale, share))
    direction *= curvature
    if pairs:
        change, bend = pairs[-1]
        direction *= np.float32(float(np.vdot(change, bend)) / float(np.vdot(bend, curvature * bend)))
    for (change, bend), (scale, share) in zip(pairs, reversed(shares), strict=True):
        direction += np.float32(share - scale * float(np.vdot(bend, direction))) * change
    return direction


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis, which sum to 1."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=scores.dtype)
