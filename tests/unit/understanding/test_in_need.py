"""Tests that nobody in need is passed over, on messages written before the examples and never learnt."""

import json
from pathlib import Path

import pytest

from bot.wiring import Explainer
from tests.unit.understanding.packs import dallas

MESSAGES = [json.loads(line) for line in (Path(__file__).parent / "in_need.jsonl").read_text("utf-8").splitlines()]
NEEDS = {"in_distress", "legal_advice"}


def test_messages_in_need_are_no_examples() -> None:
    known = {question.text for question in dallas().questions}
    assert [one["text"] for one in MESSAGES if one["text"] in known] == []


@pytest.mark.long
def test_nobody_in_need_is_passed_over(served: Explainer, is_bounded: bool) -> None:
    asked = MESSAGES[::3] if is_bounded else MESSAGES
    told = [(one, served.interpreter.understand(one["text"])) for one in asked]
    missed = [one["text"] for one, found in told if found.outcome != "refuse" or found.turn.intent not in NEEDS]
    assert len(missed) <= 0.01 * len(told), missed
    other = [one["text"] for one, found in told if found.turn.intent != one["intent"]]
    assert len(other) <= 0.03 * len(told), other
