"""Tests of what is kept of the example questions, and of when it no longer fits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.understanding.consideration import Considering
from bot.understanding.entities import EntityFinder
from bot.understanding.gates import Gates
from bot.understanding.knowledge import VERSION, Knowledge, usage_key
from bot.understanding.reading import Reader
from bot.understanding.spelling import Spelling
from bot.understanding.store import Store, digest
from bot.understanding.usage import load_usage
from tests.unit.understanding.packs import dallas

KNOWLEDGE = dallas(64)
READ = ("25", "21a17148017eb439ecf72cd7")  # the version, and a hash of how it reads some texts
TEXTS = (
    "wen does teh concil votte??",
    "¿Qué díjo la jefa?",
    "LEE’S lawer 🚓 in houston",
    "287(g), ann lee & SB8! sooo",
)


def key(knowledge: Knowledge) -> str:
    """What the lessons of `knowledge` are kept under."""
    return Considering(knowledge, Store(None)).key


def renamed(knowledge: Knowledge) -> Knowledge:
    """The same with one more name for one person."""
    mayor = knowledge.entities["person:eric-johnson"]
    aliases = {**mayor.aliases, "en": (*mayor.aliases["en"], "his honor")}
    return replace(
        knowledge, entities={**knowledge.entities, "person:eric-johnson": mayor.model_copy(update={"aliases": aliases})}
    )


def retold(knowledge: Knowledge) -> Knowledge:
    """The same without its last statement."""
    return replace(knowledge, statements=knowledge.statements[:-1])


def asked(knowledge: Knowledge) -> Knowledge:
    """The same with one question of another intent."""
    first, *others = knowledge.questions
    return replace(knowledge, questions=[replace(first, intent="help"), *others])


def grouped(knowledge: Knowledge) -> Knowledge:
    """The same with all questions as paraphrases of one another."""
    return replace(knowledge, questions=[replace(one, group=1) for one in knowledge.questions])


def translated(knowledge: Knowledge) -> Knowledge:
    """The same with one question in another language."""
    first, *others = knowledge.questions
    return replace(knowledge, questions=[replace(first, lang="es"), *others])


def ascribed(knowledge: Knowledge) -> Knowledge:
    """The same with one question that asks of somebody."""
    first, *others = knowledge.questions
    return replace(knowledge, questions=[replace(first, entity="person:moreno"), *others])


def placed(knowledge: Knowledge) -> Knowledge:
    """The same with one more place that is not its own."""
    return replace(knowledge, places=(*knowledge.places, "Waxahachie"))


def pictured(knowledge: Knowledge) -> Knowledge:
    """The same with one more emoji."""
    return ruled(knowledge, pictures={"🛻": "truck"})


def ruled(knowledge: Knowledge, **rules: object) -> Knowledge:
    """The same by other rules."""
    return replace(knowledge, gates=Gates(knowledge.gates.rules.model_copy(update=rules)))


def in_use(knowledge: Knowledge) -> str:
    """What the usage of the questions of `knowledge` is kept under."""
    return usage_key(knowledge, key(knowledge))


def dated(knowledge: Knowledge) -> Knowledge:
    """The same with its statements known from another moment on."""
    later = [one.model_copy(update={"known_from": None}) for one in knowledge.statements]
    return replace(knowledge, statements=later)


def moved(knowledge: Knowledge) -> Knowledge:
    """The same with its questions on other lines."""
    return replace(knowledge, questions=[replace(one, line=one.line + 1) for one in knowledge.questions])


def test_what_was_kept_reads_as_what_was_read_anew(tmp_path: Path) -> None:
    anew = Considering(KNOWLEDGE, Store(tmp_path))
    kept = Considering(KNOWLEDGE, Store(tmp_path))
    assert load_usage(Store(tmp_path), in_use(KNOWLEDGE)) is not None
    assert "lessons" not in kept.__dict__  # nothing had to be read again
    assert kept._covered == anew._covered
    assert kept.lessons == anew.lessons
    assert kept._languages == anew._languages


@pytest.mark.parametrize("change", [renamed, retold, asked, grouped, translated, ascribed, placed, pictured])
def test_changed_knowledge_is_learnt_anew(change: Callable[[Knowledge], Knowledge]) -> None:
    assert key(change(KNOWLEDGE)) != key(KNOWLEDGE)


@pytest.mark.parametrize(
    "rules",
    [
        {"asks_of": ("who is {who} now",)},
        {"gates": (), "asks_of": (), "lists": {"places": ("Plano",)}},
    ],
)
def test_other_rules_change_what_is_told_of_words_and_not_what_is_learnt(rules: dict[str, object]) -> None:
    changed = ruled(KNOWLEDGE, **rules)
    assert key(changed) == key(KNOWLEDGE)
    assert in_use(changed) != in_use(KNOWLEDGE)


@pytest.mark.parametrize("change", [dated, moved])
def test_what_nobody_learns_from_may_change(change: Callable[[Knowledge], Knowledge]) -> None:
    assert key(change(KNOWLEDGE)) == key(KNOWLEDGE)


@pytest.mark.parametrize("saved", [b"{}", b"no json", b'{"speech": 1, "covered": []}'])
def test_unsound_file_is_as_good_as_none(tmp_path: Path, saved: bytes) -> None:
    store = Store(tmp_path)
    store.save("usage-key.npz", {"json": np.frombuffer(saved, np.uint8)})
    assert load_usage(store, "key") is None


def test_version_counts_up_with_how_texts_are_read() -> None:
    """Whoever changes how texts are read counts up VERSION and mends READ: what was learnt before no longer fits."""
    named = {"name": "Ann Lee", "surname": "Lee", "aliases": {"en": ("the boss",), "es": ("la jefa",)}}
    names = EntityFinder({"person:lee": KNOWLEDGE.entities["person:eric-johnson"].model_copy(update=named)})
    spelling = Spelling({"vote": 3, "council": 2, "dijo": 2}, names.words)
    reader = Reader(names, spelling, ["Houston"], pictures={"🚓": "police car"})
    readings = [repr(reader.read(text, lambda _: False)) for text in TEXTS]
    assert (VERSION, digest(readings)) == READ
