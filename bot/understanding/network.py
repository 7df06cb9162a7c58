"""A network with one hidden layer over sentence embeddings, trained with numpy alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.understanding.tfidf import Embeddings, Floats, Integers

UNITS = 512  # of the hidden layer
BATCH = 128  # texts in a step
PASSES = 50  # over all texts, where that takes fewer steps than `MOST_STEPS`
MOST_STEPS = 2_500
RATE = 2e-3  # of the first steps, from which it falls along a cosine
RISING = 0.05  # of all steps, in which the rate rises to that
DECAY = 0.01  # of the weights, times the rate, at each step
FORGOTTEN, SQUARES_FORGOTTEN = 0.1, 0.01  # of the means over earlier gradients, and over their squares, at each step
LEAST = 1e-8  # below which a root of mean squares does not count
ALIKE = 1e-4  # the spread of embeddings that are all but the same
DROPPED, DROPPED_UNITS = 0.1, 0.3  # of the inputs and of the hidden units at each step
FEW = 2_048  # texts whose embeddings are looked at together
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Network:
    """`inner` of shape (dimensions, units) and `outer` of shape (units, classes), each with the intercepts that are
    added to its products."""

    inner: Floats
    inner_intercept: Floats
    outer: Floats
    outer_intercept: Floats

    def scores(self, embeddings: Embeddings) -> Floats:
        """Unscaled log-probabilities, of shape (texts, classes)."""
        blocks = [embeddings[at : at + FEW].astype(np.float32, copy=False) for at in range(0, len(embeddings), FEW)]
        rows = [np.maximum(block @ self.inner + self.inner_intercept, 0) @ self.outer for block in blocks]
        return np.concatenate([np.zeros((0, self.outer.shape[1]), np.float32), *rows]) + self.outer_intercept


def train_network(embeddings: Embeddings, labels: Integers, classes: int, texts: Integers) -> Network:
    """Learns the `labels`, of all texts, from some `texts` among them, by the cross-entropy: rectified units (Glorot,
    Bordes and Bengio 2011), some left out at each step (Srivastava et al. 2014), and Adam with decoupled decay
    (Loshchilov and Hutter 2019, arXiv:1711.05101). The same of the same texts, whatever else there is."""
    draw = np.random.default_rng(0)
    middle, spread = _extent(embeddings, texts)
    weights = _Weights(embeddings.shape[1], classes, draw)
    batch = min(BATCH, len(texts))
    steps = min(MOST_STEPS, PASSES * -(-len(texts) // batch))
    order, at = texts[:0], 0
    for step in range(steps):
        if at + batch > len(order):
            order, at = draw.permutation(texts), 0
        chosen, at = order[at : at + batch], at + batch
        inputs = (embeddings[chosen].astype(np.float32) - middle) / spread
        done = (step + 1) / steps
        rate = RATE * 0.5 * (1 + np.cos(np.pi * done)) * min(1.0, done / RISING)
        weights.step(inputs, labels[chosen], rate, draw)
    inner, intercept, outer, outer_intercept = weights.parts
    scaled = inner / spread
    return Network(scaled, intercept - middle @ scaled, outer.copy(), outer_intercept.copy())


def _extent(embeddings: Embeddings, texts: Integers) -> tuple[Floats, np.float32]:
    """The mean of some embeddings, of shape (dimensions,), and the standard deviation of all their values; 1 where they
    do not differ."""
    blocks = [texts[at : at + FEW] for at in range(0, len(texts), FEW)]
    middle = sum(embeddings[block].sum(axis=0, dtype=np.float32) for block in blocks) / np.float32(len(texts))
    squares = sum(float(np.square(embeddings[block] - middle, dtype=np.float32).sum()) for block in blocks)
    spread = np.sqrt(squares / (len(texts) * embeddings.shape[1]))
    return np.asarray(middle, np.float32), np.float32(spread if spread > ALIKE else 1)


class _Weights:
    """What a network learns, in one array, with the means that Adam keeps of its gradient."""

    def __init__(self, dimensions: int, classes: int, draw: np.random.Generator) -> None:
        shapes = (dimensions, UNITS), (UNITS,), (UNITS, classes), (classes,)
        self._all, self._mean, self._squares, self._gradient = np.zeros((4, sum(map(np.prod, shapes))), np.float32)
        self.parts, self._slopes = _cut(self._all, shapes), _cut(self._gradient, shapes)
        self.parts[0][:] = draw.standard_normal(shapes[0], np.float32) * np.sqrt(2 / dimensions)
        self.parts[2][:] = draw.standard_normal(shapes[2], np.float32) * np.sqrt(0.01 / UNITS)
        self._taken = 0

    def step(self, inputs: Floats, labels: Integers, rate: float, draw: np.random.Generator) -> None:
        """One step down the gradient of the mean cross-entropy of a batch, with some of the values left out."""
        inner, intercept, outer, outer_intercept = self.parts
        inputs = inputs * _kept(inputs.shape, DROPPED, draw)
        hidden = inputs @ inner
        hidden += intercept
        passed = _kept(hidden.shape, DROPPED_UNITS, draw)
        passed *= hidden > 0
        hidden *= passed
        scores = hidden @ outer + outer_intercept
        scores -= scores.max(axis=1, keepdims=True)
        residual = np.exp(scores)
        residual /= residual.sum(axis=1, keepdims=True)
        residual[np.arange(len(labels)), labels] -= 1
        residual /= len(labels)
        behind = residual @ outer.T
        behind *= passed
        of_inner, of_intercept, of_outer, of_outer_intercept = self._slopes
        np.matmul(inputs.T, behind, out=of_inner)
        np.matmul(hidden.T, residual, out=of_outer)
        of_intercept[:], of_outer_intercept[:] = behind.sum(axis=0), residual.sum(axis=0)
        self._descend(np.float32(rate))

    def _descend(self, rate: np.float32) -> None:
        self._taken += 1
        self._mean += np.float32(FORGOTTEN) * (self._gradient - self._mean)
        self._squares += np.float32(SQUARES_FORGOTTEN) * (np.square(self._gradient) - self._squares)
        root = np.sqrt(self._squares / np.float32(1 - (1 - SQUARES_FORGOTTEN) ** self._taken))
        root += np.float32(LEAST)
        for layer in (0, 2):
            self.parts[layer][:] *= 1 - rate * np.float32(DECAY)
        self._all -= rate / np.float32(1 - (1 - FORGOTTEN) ** self._taken) * self._mean / root


def _cut(flat: Floats, shapes: tuple[tuple[int, ...], ...]) -> list[Floats]:
    """Parts of a flat array, in these shapes, that share its memory."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]


def _kept(shape: tuple[int, ...], dropped: float, draw: np.random.Generator) -> Floats:
    """What values are multiplied by: 0 for those left out, and for the others what makes up for them."""
    return (draw.random(shape, np.float32) >= dropped) * np.float32(1 / (1 - dropped))
