"""The trained model of a pack: its heads and their calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from zlib import crc32

import numpy as np

from bot.core.memory import hand_back
from bot.factbase.questions import Question
from bot.understanding.allusions import Allusion, Allusions, train_allusions
from bot.understanding.calibration import Calibration, calibrate
from bot.understanding.encoder import Encoder
from bot.understanding.heads import Examples, Heads, train_heads, trials_of
from bot.understanding.logistic import Logistic
from bot.understanding.network import Network
from bot.understanding.reading import Reading
from bot.understanding.store import Arrays, Store, embeddings_of
from bot.understanding.tfidf import Embeddings, Floats, Vocabulary


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that a model learns from: the example questions, their readings, and by intent the texts that allude to
    somebody or something. `key` is a hash of what they were read from."""

    key: str
    questions: Sequence[Question]
    readings: Sequence[Reading]
    allusions: Mapping[str, Sequence[Allusion]]


@dataclass(frozen=True, slots=True)
class Studied:
    """What a model is trained from once the lessons were read: `alluded` are, by intent, entities and the embeddings of
    texts that allude to them, none without an encoder; `name` is what the model is saved under."""

    name: str
    examples: Examples
    groups: Sequence[int]
    alluded: Mapping[str, tuple[Sequence[str], Embeddings]]


@dataclass(frozen=True, slots=True)
class Model:
    """`both` is the calibration of both heads together, `words` of the logistic head alone. `allusions` are told by
    intent; of no intent without an encoder, or where the pack has too few of them."""

    heads: Heads
    both: Calibration
    words: Calibration
    allusions: Mapping[str, Allusions]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.heads.labels

    def chances(self, readings: Sequence[Reading], embeddings: Embeddings | None) -> Floats:
        """Calibrated probabilities of shape (readings, labels)."""
        return self.calibration(embeddings).sharpened(self.heads.chances(readings, embeddings))

    def calibration(self, embeddings: Embeddings | None) -> Calibration:
        """The thresholds that fit what is known of a message."""
        return self.words if embeddings is None or self.heads.network is None else self.both


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
    intents = [question.intent for question in lessons.questions]
    first = {question.group: question.text for question in reversed(lessons.questions)}  # numbers change with the lines
    groups = [crc32(first[question.group].encode()) for question in lessons.questions]
    name = _name(lessons.key, with_encoder=encoder is not None)
    asked, alluded = _embedded(lessons, encoder, store) if encoder else (None, {})
    return Studied(name, Examples.of(lessons.readings, asked, intents), groups, alluded)


def _embedded(
    lessons: Lessons, encoder: Encoder, store: Store
) -> tuple[Embeddings, dict[str, tuple[Sequence[str], Embeddings]]]:
    """Embeddings of all examples; and by intent entities with those of the texts that allude to them."""
    vectors = embeddings_of(texts_of(lessons), encoder, store)
    hand_back()
    alluded: dict[str, tuple[Sequence[str], Embeddings]] = {}
    at = len(lessons.readings)
    for intent, each in lessons.allusions.items():
        alluded[intent] = [one.entity for one in each], vectors[at : at + len(each)]
        at += len(each)
    return vectors[: len(lessons.readings)], alluded


def texts_of(lessons: Lessons) -> list[str]:
    """All that the encoder is given of the lessons: the examples first, then what alludes, intent by intent."""
    alluding = (one.text for each in lessons.allusions.values() for one in each)
    return [*(reading.encoded for reading in lessons.readings), *alluding]


def learn(studied: Studied, store: Store) -> Model:
    """Trains, calibrates on texts held back, paraphrases together, and saves."""
    examples = studied.examples
    trials = trials_of(studied.groups)
    heads, trial = train_heads(examples, trials)
    told = {intent: train_allusions(*each) for intent, each in studied.alluded.items()}
    tried = np.flatnonzero(trials.any(axis=1))
    calibration, of_words = (
        calibrate(chances[tried], examples.numbers[tried], heads.labels) for chances in (trial.both, trial.words)
    )
    model = Model(heads, calibration, of_words, {intent: one for intent, one in told.items() if one})
    store.save(studied.name, _arrays(model))
    return model


def _name(key: str, *, with_encoder: bool) -> str:
    return f"heads-{key}-{'both' if with_encoder else 'words'}.npz"


def _arrays(model: Model) -> Arrays:
    heads = model.heads
    arrays = {
        "labels": np.array(heads.labels),
        "features": np.frombuffer("\n".join(heads.vocabulary.names).encode(), dtype=np.uint8),
        "rarity": heads.vocabulary.weights,
        "weights": heads.logistic.weights,
        "intercept": heads.logistic.intercept,
        "calibrations": np.array([astuple(one) for one in (model.both, model.words)]),
        "alluding": np.array(list(model.allusions), dtype=np.str_),
    }
    if heads.network is not None:
        arrays |= _of_network("heads", heads.network)
    for intent, allusions in model.allusions.items():
        arrays |= {f"{intent}.entities": np.array(allusions.entities), **_of_network(intent, allusions.network)}
    return arrays


def _of_network(name: str, network: Network) -> Arrays:
    """In half precision what is large: it tells the same."""
    return {
        f"{name}.inner": network.inner.astype(np.float16),
        f"{name}.inner_intercept": network.inner_intercept,
        f"{name}.outer": network.outer,
        f"{name}.outer_intercept": network.outer_intercept,
    }


def _network(saved: Arrays, name: str) -> Network:
    return Network(*(np.asarray(saved[f"{name}.{field.name}"], np.float32) for field in fields(Network)))


def _restored(saved: Arrays) -> Model | None:
    try:
        heads = Heads(
            tuple(str(label) for label in saved["labels"]),
            Vocabulary(saved["features"].tobytes().decode().split("\n"), np.asarray(saved["rarity"], np.float32)),
            Logistic(np.asarray(saved["weights"], np.float32), np.asarray(saved["intercept"], np.float32)),
            _network(saved, "heads") if "heads.outer" in saved else None,
        )
        both, words = (Calibration(*map(float, row)) for row in np.asarray(saved["calibrations"], np.float64))
        allusions = {
            intent: Allusions(tuple(map(str, saved[f"{intent}.entities"])), _network(saved, intent))
            for intent in map(str, saved["alluding"])
        }
        return Model(heads, both, words, allusions)
    except (KeyError, ValueError, TypeError, IndexError):
        return None
