"""Kernel ridge regression over sentence embeddings: every example votes for its class, the nearer the more."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.understanding.tfidf import Embeddings, Floats, Integers

BLOCK = 512  # examples whose kernel with as many others is held at once, as long as it is needed
FEW = 128  # texts that are compared with all examples at once
FEWEST_DIRECTIONS = 128  # of the embeddings that are kept: those in which the examples differ most
MOST_VALUES = 1_000_000  # in all examples, as long as that leaves enough directions
LANDMARKS = 600  # examples from which the kernel is estimated, which saves most of the steps
JITTER = 1e-3  # on the diagonal of the landmarks' kernel, for single precision
STEPS = 8  # after which cross-validation finds no difference to the exact solution
TOLERANCE = 1e-3  # the residual's share of the labels', where steps end sooner
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class KernelRidge:
    """`basis` turns embeddings to the directions kept, of shape (dimensions, directions); `examples` are turned
    and of length 1, of shape (examples, directions); `votes` of shape (examples, classes)."""

    examples: Floats
    votes: Floats
    width: float
    basis: Floats

    def likeness(self, embeddings: Floats) -> Floats:
        """Cosines with the examples along the directions that are kept, of shape (texts, examples)."""
        return turned(embeddings, np.arange(len(embeddings)), self.basis) @ self.examples.T

    def scores(self, likeness: Floats) -> Floats:
        """Shape (texts, classes), from `likeness`: about 1 for the class of a text and 0 for others; all about 0 far
        from every example."""
        return gaussian(likeness.copy(), self.width) @ self.votes

    def scores_of(self, embeddings: Embeddings, texts: Integers) -> Floats:
        """The scores of some `texts` among many, of shape (texts, classes)."""
        blocks = [texts[at : at + FEW] for at in range(0, len(texts), FEW)]
        return np.concatenate([self.scores(self.likeness(embeddings[block])) for block in blocks])


def turned(embeddings: Embeddings, texts: Integers, basis: Floats) -> Floats:
    """Embeddings of some `texts` along the directions of `basis` alone, of length 1."""
    short = np.empty((len(texts), basis.shape[1]), dtype=np.float32)
    for at in range(0, len(texts), BLOCK):
        short[at : at + BLOCK] = embeddings[texts[at : at + BLOCK]].astype(np.float32, copy=False) @ basis
    short /= np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-9)
    return short


def gaussian(cosines: Floats, width: float) -> Floats:
    """exp(-width * squared distance) of pairs of vectors of length 1, in the place of their `cosines`."""
    cosines -= 1
    cosines *= 2 * width
    return np.exp(cosines, out=cosines)


def train_ridges(
    embeddings: Embeddings, labels: Integers, classes: int, taught: Flags, width: float, penalty: float
) -> list[KernelRidge]:
    """A ridge for each column of `taught`, of shape (texts, ridges), of the texts that it marks: least squares against
    one-hot `labels`, with `penalty` on the squared norm of the function (Rasmussen and Williams 2006, equation 2.25).
    All share the directions, which know no labels."""
    used = np.flatnonzero(taught.any(axis=1))
    taught = taught[used]
    basis = principal(embeddings, used, int(taught.sum(axis=0).max()))
    examples = turned(embeddings, used, basis)
    votes = solved(examples, labels[used], classes, taught, width, penalty)
    return [KernelRidge(examples[own], votes[own, number], width, basis) for number, own in enumerate(taught.T)]


def principal(embeddings: Embeddings, texts: Integers, examples: int) -> Floats:
    """The directions in which embeddings of some `texts` differ most, of shape (dimensions, directions): as many as so
    many `examples` are given."""
    directions = max(FEWEST_DIRECTIONS, MOST_VALUES // examples)
    products = np.zeros((embeddings.shape[1],) * 2, dtype=np.float32)
    for at in range(0, len(texts), BLOCK):
        some = embeddings[texts[at : at + BLOCK]].astype(np.float32, copy=False)
        products += some.T @ some
    return np.ascontiguousarray(np.linalg.eigh(products)[1][:, ::-1][:, :directions])


def solved(examples: Floats, labels: Integers, classes: int, taught: Flags, width: float, penalty: float) -> Floats:
    """Votes of shape (examples, ridges, classes), those of each ridge among the examples that `taught` has for it.

    By conjugate gradients for all of them at once, so that the kernel, never held whole, is made once a step. They
    are preconditioned with the Nyström approximation from some examples (Frangella, Tropp and Udell 2021,
    arXiv:2110.02820), with the mean of what that leaves out on the diagonal. A step takes n² (directions / 2 +
    ridges × classes) multiplications, everything 4n (landmarks / 2 + 4 ridges × classes) bytes.
    """
    shape = (*taught.shape, classes)
    mask = taught[:, :, None]
    votes = np.zeros(shape, dtype=np.float32)
    residual = np.eye(classes, dtype=np.float32)[labels][:, None] * mask
    nearly = _Nearly(examples, taught, width, penalty)
    most = TOLERANCE**2 * _products(residual, residual)
    direction = nearly.solved(residual)
    slope = _products(residual, direction)
    for _ in range(STEPS):
        ahead = _times(examples, width, penalty, direction.reshape(len(examples), -1)).reshape(shape)
        ahead *= mask
        step = slope / np.maximum(_products(direction, ahead), 1e-20)
        ahead *= step
        residual -= ahead
        votes += np.multiply(direction, step, out=ahead)
        del ahead  # before there is another
        if (_products(residual, residual) <= most).all():
            break
        before, near = slope, nearly.solved(residual)
        slope = _products(residual, near)
        direction *= slope / np.maximum(before, 1e-20)
        direction += near
        del near
    return votes


def _products(left: Floats, right: Floats) -> Floats:
    """The inner product of each pair of columns."""
    return np.asarray(np.einsum("nrc,nrc->rc", left, right), dtype=np.float32)


def _times(examples: Floats, width: float, penalty: float, vectors: Floats) -> Floats:
    """Kernel + penalty times `vectors`, from the half of the kernel's blocks on and below the diagonal."""
    product = vectors * np.float32(penalty)
    blocks = [slice(at, at + BLOCK) for at in range(0, len(examples), BLOCK)]
    for number, here in enumerate(blocks):
        for there in blocks[:number]:
            block = gaussian(examples[here] @ examples[there].T, width)
            product[here] += block @ vectors[there]
            product[there] += block.T @ vectors[here]
        product[here] += gaussian(examples[here] @ examples[here].T, width) @ vectors[here]
    return product


class _Nearly:
    """About the inverse of each ridge's kernel + penalty, but for a factor, from `features` F of which F F' is about
    the kernel (Woodbury)."""

    def __init__(self, examples: Floats, taught: Flags, width: float, penalty: float) -> None:
        landmarks = examples[np.linspace(0, len(examples) - 1, min(LANDMARKS, len(examples))).astype(np.int64)]
        own = gaussian(landmarks @ landmarks.T, width).astype(np.float64) + JITTER * np.eye(len(landmarks))
        root = np.linalg.inv(np.linalg.cholesky(own)).T.astype(np.float32)
        self._features = np.empty((len(examples), len(landmarks)), dtype=np.float16)  # it need not be exact
        for at in range(0, len(examples), BLOCK):
            self._features[at : at + BLOCK] = gaussian(examples[at : at + BLOCK] @ landmarks.T, width) @ root
        self._inner = [self._inverse(np.flatnonzero(ridge), penalty) for ridge in taught.T]
        self._mask = taught[:, :, None]

    def _inverse(self, rows: Integers, penalty: float) -> Floats:
        inner = np.zeros((self._features.shape[1],) * 2, dtype=np.float32)
        for at in range(0, len(rows), BLOCK):
            some = self._features[rows[at : at + BLOCK]].astype(np.float32)
            inner += some.T @ some
        rest = penalty + 1 - float(np.trace(inner)) / max(len(rows), 1)
        return np.asarray(np.linalg.inv(inner + rest * np.eye(len(inner))), dtype=np.float32)

    def solved(self, vectors: Floats) -> Floats:
        """Of shape (examples, ridges, classes), as `vectors` are."""
        columns = vectors.reshape(len(vectors), -1)
        blocks = [slice(at, at + BLOCK) for at in range(0, len(columns), BLOCK)]
        shares = np.zeros((self._features.shape[1], columns.shape[1]), dtype=np.float32)
        for block in blocks:
            shares += self._features[block].astype(np.float32).T @ columns[block]
        for ridge, inner in enumerate(self._inner):
            of_ridge = shares.reshape(-1, *vectors.shape[1:])[:, ridge]
            of_ridge[:] = inner @ of_ridge
        near = np.empty_like(columns)
        for block in blocks:
            near[block] = columns[block] - self._features[block].astype(np.float32) @ shares
        found = near.reshape(vectors.shape)
        found *= self._mask
        return found
