"""Tests of telling whom or what a message speaks of without a name."""

from pathlib import Path

import numpy as np
import pytest

from bot.factbase.questions import load_questions
from bot.understanding.allusions import NOBODY, train_allusions
from bot.understanding.pack_interpreter import PackInterpreter
from bot.wiring import Explainer


def test_question_can_say_whom_it_asks_of(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "en.yaml").write_text(
        "opinion:\n  - {of: person:cooper, asked: [who said that, who said so]}\n  - {of: person:cooper}\n"
    )
    questions, findings = load_questions(tmp_path, ["opinion"], ["en"])
    assert [(one.text, one.entity, one.line) for one in questions] == [
        ("who said that", "person:cooper", 2), ("who said so", "person:cooper", 2),
    ]  # fmt: skip
    assert questions[0].group == questions[1].group
    assert [(one.line, one.problem) for one in findings if "asked:" in one.remedy] == [(3, "this is not a question")]


def test_entity_is_whose_texts_are_alike() -> None:
    told = train_allusions(["person:a", "person:b", NOBODY], np.eye(3, dtype=np.float32))
    assert told is not None
    assert [told.likeliest(one) for one in np.eye(3, dtype=np.float32)] == ["person:a", "person:b", NOBODY]


def test_nobody_is_told_apart_from_nobody() -> None:
    assert train_allusions([NOBODY], np.ones((1, 4), np.float32)) is None
    assert train_allusions([], np.zeros((0, 4), np.float32)) is None


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("who said we could get more cops without spending city money", "person:eric-johnson"),
        ("who said it took decades of building trust and we cant go back", "person:moreno"),
        ("quien dijo que traicionaba la confianza de la gente", "person:resendez"),
        ("quien dijo que habria mas discriminacion racial", "person:cooper"),
        ("who said not a crime deterrent", "person:cooper"),
        ("who said what", None),
        ("que dijeron todos", None),
    ],
)
def test_words_retold_find_their_speaker(interpreter: PackInterpreter, text: str, entity: str | None) -> None:
    turn = interpreter.understand(text).turn
    assert (turn.intent, turn.entity) == ("who_said_what", entity)


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("what is that state law with the grants for counties", "term:sb8"),
        (
            "whats the name of the model just for the jail",
            "term:jail-enforcement-model",
        ),
        ("qué es esa agencia federal de las tres letras", "term:ice"),
        ("whats the program everybody is talking about", "term:287g"),
    ],
)
def test_what_is_described_is_explained(served: Explainer, text: str, entity: str) -> None:
    turn = served.interpreter.understand(text).turn
    assert (turn.intent, turn.entity) == ("what_is", entity)
