"""Tests of the three ways out."""

import pytest

from bot.core.messages import Outcome, Turn
from bot.core.ports import Understanding
from bot.understanding.calibration import Calibration
from bot.understanding.decision import decide
from bot.understanding.gates import Passed
from bot.understanding.needs import Need, foremost

AT = Calibration(exponent=1.0, answer_at=0.8, refuse_at=0.6)
NEEDY = Calibration(exponent=1.0, answer_at=0.8, refuse_at=0.6, need_at=0.1)


def told(intent: str, outcome: Outcome = "refuse", *others: str) -> Understanding:
    """What a message was taken for."""
    return Understanding(Turn(intent), outcome, 0.7, candidates=tuple(map(Turn, (intent, *others) if others else ())))


def need(intent: str, *, is_sure: bool, likely: float = 0.6) -> Need:
    """What one of its sentences tells of."""
    return Need(is_sure, likely, told(intent))


@pytest.mark.parametrize(
    ("whole", "needs", "intent"),
    [
        (told("in_distress"), [need("legal_advice", is_sure=True)], "in_distress"),
        (told("in_distress"), [need("in_distress", is_sure=False)], "in_distress"),
        (told("legal_advice"), [need("in_distress", is_sure=True)], "in_distress"),
        (told("legal_advice"), [need("in_distress", is_sure=False)], "legal_advice"),
        (told("legal_advice"), [need("legal_advice", is_sure=False)], "legal_advice"),
        (told("when_is_the_vote", "answer"), [need("legal_advice", is_sure=True)], "legal_advice"),
        (told("not_covered"), [need("in_distress", is_sure=False)], "in_distress"),
        (
            told("when_is_the_vote", "answer"),
            [need("legal_advice", is_sure=True, likely=1.0), need("in_distress", is_sure=True, likely=1.0)],
            "in_distress",
        ),
        (
            told("when_is_the_vote", "answer"),
            [need("in_distress", is_sure=False, likely=0.9), need("legal_advice", is_sure=True, likely=0.5)],
            "legal_advice",
        ),
    ],
)
def test_need_in_one_sentence_is_told(whole: Understanding, needs: list[Need], intent: str) -> None:
    found = foremost(whole, needs)
    assert (found.outcome, found.turn.intent, found.candidates) == ("refuse", intent, ())


def test_need_that_one_sentence_alone_tells_of_is_offered() -> None:
    doubt = [need("in_distress", is_sure=False)]
    found = foremost(told("privacy", "answer"), doubt)
    assert (found.outcome, [turn.intent for turn in found.candidates]) == ("confirm", ["privacy", "in_distress"])
    found = foremost(told("privacy", "confirm", "sources", "help"), doubt)
    assert [turn.intent for turn in found.candidates] == ["privacy", "sources", "in_distress"]


def test_sure_intent_is_answered() -> None:
    assert decide({"help": 0.9, "not_covered": 0.1}, AT, None).outcome == "answer"


def test_unsure_intent_is_offered_with_its_neighbours() -> None:
    decided = decide({"who_decides": 0.5, "what_is": 0.3, "not_covered": 0.15, "opinion": 0.05}, AT, None)
    assert (decided.outcome, decided.intents) == ("confirm", ("who_decides", "what_is", "opinion"))


def test_two_are_offered_at_least() -> None:
    assert len(decide({"who_decides": 0.7, "not_covered": 0.29, "help": 0.01}, AT, None).intents) == 2


def test_what_is_likely_not_covered_is_refused() -> None:
    decided = decide({"not_covered": 0.65, "help": 0.35}, AT, None)
    assert (decided.outcome, decided.intents) == ("refuse", ("not_covered",))


def test_likeliest_distress_is_never_asked_back_and_another_is_offered() -> None:
    decided = decide({"what_happened": 0.4, "in_distress": 0.41, "not_covered": 0.19}, AT, None)
    assert (decided.outcome, decided.intents) == ("refuse", ("in_distress",))
    doubted = decide({"what_happened": 0.6, "in_distress": 0.35, "not_covered": 0.05}, AT, None)
    assert (doubted.outcome, doubted.intents) == ("confirm", ("what_happened", "in_distress"))


def test_distress_gate_is_never_overruled() -> None:
    decided = decide({"what_happened": 0.999, "in_distress": 0.001}, AT, Passed("in_distress", ""))
    assert decided.intents == ("in_distress",)


def test_sure_heads_overrule_an_opinion_gate() -> None:
    decided = decide({"where_they_stand": 0.95, "opinion": 0.05}, AT, Passed("opinion", ""))
    assert (decided.outcome, decided.intents) == ("answer", ("where_they_stand",))


def test_earlier_refusal_of_the_heads_comes_before_a_gate() -> None:
    assert decide({"legal_advice": 0.7, "opinion": 0.3}, AT, Passed("opinion", "")).intents == ("legal_advice",)


def test_both_needs_together_come_before_an_answer_that_is_no_likelier() -> None:
    assert decide({"help": 0.3, "in_distress": 0.3, "not_covered": 0.4}, AT, None).intents == ("in_distress",)
    assert decide({"help": 0.49, "in_distress": 0.12, "legal_advice": 0.39}, NEEDY, None).intents == ("legal_advice",)
    assert decide({"help": 0.9, "in_distress": 0.1}, NEEDY, None).intents == ("help",)
    assert decide({"not_covered": 0.9, "in_distress": 0.1}, NEEDY, None).intents == ("in_distress",)
