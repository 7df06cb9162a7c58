"""Tests of telling whose words a message speaks of."""

from pathlib import Path

import numpy as np
import pytest

from bot.factbase.questions import load_questions
from bot.understanding.pack_interpreter import PackInterpreter
from bot.understanding.quotations import NOBODY, Saying, train_quotations


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


def test_speaker_is_whose_sayings_are_nearest() -> None:
    sayings = [Saying("", "person:a"), Saying("", "person:b"), Saying("", NOBODY)]
    told = train_quotations(sayings, np.eye(3, dtype=np.float32))
    assert told is not None
    assert told.likeliest(np.eye(3, dtype=np.float32)[::-1]) == [NOBODY, "person:b", "person:a"]


def test_nobody_is_told_apart_from_nobody() -> None:
    assert train_quotations([Saying("", NOBODY)], np.ones((1, 4), np.float32)) is None
    assert train_quotations([], np.zeros((0, 4), np.float32)) is None


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
