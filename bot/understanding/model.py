"""The trained model of a pack: its heads and their calibration."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from bot.core.memory import hand_back
from bot.factbase.questions import Question
from bot.understanding.calibration import Calibration, calibrate
from bot.understanding.encoder import Encoder
from bot.understanding.heads import WIDTH, Examples, Heads, train_heads, trials_of
from bot.understanding.logistic import Logistic
from bot.understanding.quotations import Quotations, Saying, train_quotations
from bot.understanding.reading import Reading
from bot.understanding.ridge import KernelRidge
from bot.understanding.store import Arrays, Store, embeddings_of
from bot.understanding.tfidf import Embeddings, Floats, Vocabulary


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that a model learns from: the example questions, their readings, and whose words are whose. `key` is a hash
    of what they were read from."""

    key: str
    questions: Sequence[Question]
    readings: Sequence[Reading]
    sayings: Sequence[Saying]


@dataclass(frozen=True, slots=True)
class Studied:
    """What a model is trained from once the lessons were read: `said` are the embeddings of the `sayings`, None without
    an encoder; `name` is what the model is saved under."""

    name: str
    examples: Examples
    groups: Sequence[int]
    sayings: Sequence[Saying]
    said: Embeddings | None


@dataclass(frozen=True, slots=True)
class Model:
    """`both` is the calibration of both heads together, `words` of the logistic head alone. `quotations` is None
    without an encoder, or where the pack quotes nobody."""

    heads: Heads
    both: Calibration
    words: Calibration
    quotations: Quotations | None

    @property
    def labels(self) -> tuple[str, ...]:
        return self.heads.labels

    def chances(self, readings: Sequence[Reading], likeness: Floats | None) -> Floats:
        """Calibrated probabilities of shape (readings, labels); `likeness` as the heads give it."""
        return self.calibration(likeness).sharpened(self.heads.chances(readings, likeness))

    def calibration(self, likeness: Floats | None) -> Calibration:
        """The thresholds that fit what is known of a message."""
        return self.words if likeness is None else self.both


def is_learnt(key: str, store: Store) -> bool:
    """Whether the store has a model that was trained on the lessons with this key, with an encoder or without."""
    return any(store.has(_name(key, with_encoder=trained_with)) for trained_with in (True, False))


def load_model(key: str, store: Store, *, with_encoder: bool) -> Model | None:
    """The model that was trained on the lessons with this key, from the store; None where there is none.

    Without an encoder the logistic head of a model trained with one will do.
    """
    for trained_with in (True,) if with_encoder else (True, False):
        saved = store.load(_name(key, with_encoder=trained_with))
        if saved is not None:
            return _restored(saved)
    return None


def train_model(lessons: Lessons, encoder: Encoder | None, store: Store) -> Model:
    """The model that learnt the lessons, which is saved."""
    return learn(study(lessons, encoder, store), store)


def study(lessons: Lessons, encoder: Encoder | None, store: Store) -> Studied:
    """The lessons as numbers; the store has the embeddings of those that it was given before."""
    asked = said = None
    if encoder:
        texts = [reading.encoded for reading in lessons.readings]
        embeddings = embeddings_of([*texts, *(saying.text for saying in lessons.sayings)], encoder, store)
        asked, said = embeddings[: len(texts)], embeddings[len(texts) :]
        hand_back()
    intents = [question.intent for question in lessons.questions]
    groups = [question.group for question in lessons.questions]
    name = _name(lessons.key, with_encoder=encoder is not None)
    return Studied(name, Examples.of(lessons.readings, asked, intents), groups, lessons.sayings, said)


def learn(studied: Studied, store: Store) -> Model:
    """Trains, calibrates on texts held back, paraphrases together, and saves."""
    examples = studied.examples
    trials = trials_of(studied.groups)
    heads, trial = train_heads(examples, trials)
    quotations = None if studied.said is None else train_quotations(studied.sayings, studied.said)
    tried = np.flatnonzero(trials.any(axis=1))
    calibration, of_words = (
        calibrate(chances[tried], examples.numbers[tried], heads.labels) for chances in (trial.both, trial.words)
    )
    model = Model(heads, calibration, of_words, quotations)
    store.save(studied.name, _arrays(model))
    return model


def _name(key: str, *, with_encoder: bool) -> str:
    return f"heads-{key}-{'both' if with_encoder else 'words'}.npz"


def _arrays(model: Model) -> Arrays:
    heads, quotations = model.heads, model.quotations
    arrays = {
        "labels": np.array(heads.labels),
        "features": np.frombuffer("\n".join(heads.vocabulary.names).encode(), dtype=np.uint8),
        "rarity": heads.vocabulary.weights,
        "weights": heads.logistic.weights,
        "intercept": heads.logistic.intercept,
        "calibrations": np.array([astuple(one) for one in (model.both, model.words)]),
        "kept": heads.kept,
    }
    if heads.ridge is not None:
        arrays |= _of_ridge("heads", heads.ridge)
    if quotations is not None:
        arrays |= {"speakers": np.array(quotations.speakers), **_of_ridge("quotations", quotations.ridge)}
    return arrays


def _of_ridge(name: str, ridge: KernelRidge) -> Arrays:
    """In half precision what is large: it tells the same, and nearly nothing of it can be packed."""
    large = {"examples": ridge.examples, "votes": ridge.votes}
    return {f"{name}.basis": ridge.basis} | {f"{name}.{part}": all_.astype(np.float16) for part, all_ in large.items()}


def _ridge(saved: Arrays, name: str) -> KernelRidge | None:
    if f"{name}.votes" not in saved:
        return None
    examples, votes, basis = (
        np.asarray(saved[f"{name}.{part}"], np.float32) for part in ("examples", "votes", "basis")
    )
    return KernelRidge(examples, votes, WIDTH, basis)


def _restored(saved: Arrays) -> Model | None:
    try:
        heads = Heads(
            tuple(str(label) for label in saved["labels"]),
            Vocabulary(saved["features"].tobytes().decode().split("\n"), np.asarray(saved["rarity"], np.float32)),
            Logistic(np.asarray(saved["weights"], np.float32), np.asarray(saved["intercept"], np.float32)),
            _ridge(saved, "heads"),
            np.asarray(saved["kept"], np.int64),
        )
        both, words = (Calibration(*map(float, row)) for row in np.asarray(saved["calibrations"], np.float64))
        ridge = _ridge(saved, "quotations")
        speakers = tuple(str(speaker) for speaker in saved["speakers"]) if ridge else ()
        quotations = Quotations(speakers, ridge) if ridge else None
        return Model(heads, both, words, quotations)
    except (KeyError, ValueError, TypeError, IndexError):
        return None
