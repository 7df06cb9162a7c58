"""How the example questions use words; kept beside the model, since a start would take two seconds to read them all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from pydantic import TypeAdapter

from bot.factbase.questions import Question
from bot.understanding.normalisation import folded
from bot.understanding.store import Store

SHARE = 0.6  # of a word's uses that must be in one language for the word to speak for it
UNMISTAKABLE = 0.9  # of a word's uses, for it to do so on its own


@dataclass(frozen=True, slots=True)
class Speech:
    """`counts` says how often each folded word occurs; `speaks` maps a word to the language that it speaks for, and
    `unmistakable` are those that do so on their own."""

    counts: Mapping[str, int]
    speaks: Mapping[str, str]
    unmistakable: frozenset[str]

    @classmethod
    def of(cls, questions: Sequence[Question]) -> "Speech":
        """The speech of example questions."""
        written = [folded(one.text).split() for one in questions]
        uses: dict[str, Counter[str]] = {}
        for question, words in zip(questions, written, strict=True):
            for word in set(words):
                uses.setdefault(word, Counter())[question.lang] += 1
        speaks: dict[str, str] = {}
        clear: set[str] = set()
        for word, counts in uses.items():
            [(lang, most)] = counts.most_common(1)
            if most > 1 and most > SHARE * counts.total():
                speaks[word] = lang
                clear.update([word] if most >= UNMISTAKABLE * counts.total() else ())
        return cls(Counter(chain.from_iterable(written)), speaks, frozenset(clear))


@dataclass(frozen=True, slots=True)
class Usage:
    """`covered` are the words that questions in scope use often, or that name whom they ask of."""

    speech: Speech
    covered: frozenset[str]

    def save(self, store: Store, key: str) -> None:
        """Keeps it under the `key` of the lessons."""
        store.save(_name(key), {"json": np.frombuffer(SAVED.dump_json(self), np.uint8)})


SAVED = TypeAdapter(Usage)


def load_usage(store: Store, key: str) -> Usage | None:
    """What was kept under `key`; None where nothing was, or nothing sound."""
    saved = store.load(_name(key))
    try:
        return None if saved is None else SAVED.validate_json(saved["json"].tobytes())
    except (KeyError, ValueError):
        return None


def _name(key: str) -> str:
    return f"usage-{key}.npz"
