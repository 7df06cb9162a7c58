"""The trained model of a pack: its heads, their calibration, and what they make of their own examples unseen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.factbase.questions import Question
from bot.understanding.calibration import Calibration, calibrate
from bot.understanding.encoder import Encoder
from bot.understanding.heads import WIDTH, Heads, cross_validated, numbered, train_heads
from bot.understanding.logistic import Logistic
from bot.understanding.reading import Reading
from bot.understanding.ridge import KernelRidge, turned
from bot.understanding.store import Arrays, Store, digest, embeddings_of
from bot.understanding.tfidf import Floats, Vocabulary

VERSION = "2"  # of what is saved and of how it is trained: counts up where either changes


@dataclass(frozen=True, slots=True)
class Model:
    """`both` is the calibration of both heads together, `words` of the logistic head alone. `unseen` are the
    cross-validated, calibrated probabilities of the examples, of shape (examples, labels)."""

    heads: Heads
    both: Calibration
    words: Calibration
    unseen: Floats

    @property
    def labels(self) -> tuple[str, ...]:
        return self.heads.labels

    def chances(self, readings: Sequence[Reading], likeness: Floats | None) -> Floats:
        """Calibrated probabilities of shape (readings, labels); `likeness` as the heads give it."""
        return self.calibration(likeness).sharpened(self.heads.chances(readings, likeness))

    def calibration(self, likeness: Floats | None) -> Calibration:
        """The thresholds that fit what is known of a message."""
        return self.words if likeness is None else self.both


def load_model(
    questions: Sequence[Question], readings: Sequence[Reading], encoder: Encoder | None, store: Store
) -> Model | None:
    """The model that was trained on exactly these questions, from the store; None where there is none.

    With `encoder` None the logistic head of a model trained with one will do.
    """
    for with_encoder in (True, False) if encoder is None else (True,):
        saved = store.load(_name(questions, readings, with_encoder))
        if saved is not None:
            examples = embeddings_of([reading.encoded for reading in readings], encoder, store) if encoder else None
            return _restored(saved, examples)
    return None


def train_model(
    questions: Sequence[Question], readings: Sequence[Reading], encoder: Encoder | None, store: Store
) -> Model:
    """Trains on the questions, calibrates by cross-validation in which paraphrases stay together, and saves."""
    embeddings = embeddings_of([reading.encoded for reading in readings], encoder, store) if encoder else None
    intents = [question.intent for question in questions]
    heads = train_heads(readings, embeddings, intents)
    truth = numbered(intents, heads.labels)
    both, words = cross_validated(readings, embeddings, intents, [question.group for question in questions])
    calibration = calibrate(both, truth, heads.labels)
    model = Model(heads, calibration, calibrate(words, truth, heads.labels), calibration.sharpened(both))
    store.save(_name(questions, readings, encoder is not None), _arrays(model))
    return model


def _name(questions: Sequence[Question], readings: Sequence[Reading], with_encoder: bool) -> str:
    parts = [VERSION, str(with_encoder)]
    for question, reading in zip(questions, readings, strict=True):
        parts += [
            question.intent,
            str(question.group),
            reading.encoded,
            " ".join(reading.words),
            " ".join(reading.shape),
        ]
    return f"heads-{digest(parts)}.npz"


def _arrays(model: Model) -> Arrays:
    heads, calibrations = model.heads, (model.both, model.words)
    arrays = {
        "labels": np.array(heads.labels),
        "features": np.frombuffer("\n".join(heads.vocabulary.names).encode(), dtype=np.uint8),
        "rarity": heads.vocabulary.weights,
        "weights": heads.logistic.weights,
        "intercept": heads.logistic.intercept,
        "unseen": model.unseen,
        "calibrations": np.array([[one.exponent, one.answer_at, one.refuse_at] for one in calibrations]),
    }
    return (
        arrays
        if heads.ridge is None
        else {**arrays, "votes": heads.ridge.votes, "basis": heads.ridge.basis, "kept": heads.kept}
    )


def _restored(saved: Arrays, examples: Floats | None) -> Model | None:
    try:
        names = saved["features"].tobytes().decode().split("\n")
        kept = np.zeros(0, np.int64) if examples is None else np.asarray(saved["kept"], np.int64)
        ridge = None
        if examples is not None:
            basis, votes = np.asarray(saved["basis"], np.float32), np.asarray(saved["votes"], np.float32)
            ridge = KernelRidge(turned(examples[kept], basis), votes, WIDTH, basis)
        heads = Heads(
            tuple(str(label) for label in saved["labels"]),
            Vocabulary(names, np.asarray(saved["rarity"], np.float32)),
            Logistic(np.asarray(saved["weights"], np.float32), np.asarray(saved["intercept"], np.float32)),
            ridge,
            kept,
        )
        both, words = (Calibration(*map(float, row)) for row in np.asarray(saved["calibrations"], np.float64))
        return Model(heads, both, words, np.asarray(saved["unseen"], np.float32))
    except (KeyError, ValueError, TypeError, IndexError):
        return None
