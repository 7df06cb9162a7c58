"""Tests that nobody in need is passed over, on messages written before the examples and never learnt."""

import pytest

from bot.understanding.normalisation import folded
from bot.wiring import Explainer
from tests.unit.understanding.packs import dallas, written

MESSAGES, CALM = written("in_need.jsonl"), written("no_alarm.jsonl")
NEEDS = {"in_distress", "legal_advice"}


def test_messages_in_need_are_no_examples() -> None:
    known = {folded(question.text) for question in dallas().questions} - {""}
    assert [one["text"] for one in [*MESSAGES, *CALM] if folded(one["text"]) in known] == []


@pytest.mark.long
def test_nobody_in_need_is_passed_over(served: Explainer, is_bounded: bool) -> None:
    asked = MESSAGES[::3] if is_bounded else MESSAGES
    told = [(one, served.interpreter.understand(one["text"])) for one in asked]
    missed = [one["text"] for one, found in told if found.outcome != "refuse" or found.turn.intent not in NEEDS]
    assert len(missed) <= 0.01 * len(told), missed
    other = [one["text"] for one, found in told if found.turn.intent != one["intent"]]
    assert len(other) <= 0.03 * len(told), other


@pytest.mark.long
def test_hardly_a_calm_question_is_taken_for_need(served: Explainer, is_bounded: bool) -> None:
    asked = CALM[::3] if is_bounded else CALM
    told = [(one["text"], served.interpreter.understand(one["text"])) for one in asked]
    alarmed = [text for text, found in told if found.turn.intent in NEEDS and found.outcome == "refuse"]
    assert len(alarmed) <= 0.03 * len(told), alarmed
