"""Tests that nobody in need is passed over, on messages written before the examples and never learnt."""

import json
from collections.abc import Iterable

from bot.core.messages import Turn
from bot.understanding.normalisation import folded
from bot.wiring import Explainer
from tests.unit.understanding.packs import REPOSITORY, dallas, written

MESSAGES, CALM = written("in_need.jsonl"), written("no_alarm.jsonl")
NEEDS = {"in_distress", "legal_advice"}
VOICES = REPOSITORY / "tests" / "benchmarks" / "development" / "voices.jsonl"
BESIDE = {
    "en": (
        "When is the vote?",
        "What did the mayor say about it?",
        "How much money was offered?",
        "It was in the news.",
    ),
    "es": ("¿Cuándo es la votación?", "¿Qué dijo el alcalde?", "¿Cuánto dinero ofrecieron?", "Salió en las noticias."),
}


def intents(turns: Iterable[Turn]) -> set[str]:
    """What the turns ask."""
    return {turn.intent for turn in turns}


def test_messages_in_need_are_no_examples() -> None:
    known = {folded(question.text) for question in dallas().questions} - {""}
    assert [one["text"] for one in [*MESSAGES, *CALM] if folded(one["text"]) in known] == []


def test_nobody_in_need_is_passed_over(served: Explainer) -> None:
    told = [(one, served.interpreter.understand(one["text"])) for one in MESSAGES]
    unsure = [one["text"] for one, found in told if found.outcome != "refuse" or found.turn.intent not in NEEDS]
    assert len(unsure) <= 0.01 * len(told), unsure
    missed = [one["text"] for one, found in told if not NEEDS & {found.turn.intent, *intents(found.candidates)}]
    assert len(missed) <= 0.005 * len(told), missed
    other = [one["text"] for one, found in told if found.turn.intent != one["intent"]]
    assert len(other) <= 0.03 * len(told), other


def test_need_beside_a_question_is_not_passed_over(served: Explainer) -> None:
    """Half of them before a calm sentence and half behind one, which alone is no need."""
    told = []
    for number, one in enumerate(MESSAGES):
        calm, need = BESIDE[one["lang"]][number // 2 % len(BESIDE[one["lang"]])], one["text"].rstrip(".?!") + "."
        told.append((one, served.interpreter.understand(f"{calm} {need}" if number % 2 else f"{need} {calm}")))
    unsure = [one["text"] for one, found in told if found.outcome != "refuse" or found.turn.intent not in NEEDS]
    assert len(unsure) <= 0.05 * len(told), unsure
    missed = [one["text"] for one, found in told if not NEEDS & {found.turn.intent, *intents(found.candidates)}]
    assert len(missed) <= 0.03 * len(told), missed


def test_thoughts_of_dying_beside_a_question_get_their_own_answer(served: Explainer) -> None:
    rules = served.content.knowledge.gates.rules.gates
    [dying] = [rule for rule in rules if rule.intent == "in_distress" and rule.option]
    for lang, texts in dying.examples.items():
        for text in texts:
            for message in (f"{BESIDE[lang][0]} {text}.", f"{text}. {BESIDE[lang][0]}"):
                found = served.interpreter.understand(message)
                assert (found.outcome, found.turn) == ("refuse", Turn("in_distress", f"option:{dying.option}")), message


def test_story_before_a_question_is_hardly_taken_for_need(served: Explainer) -> None:
    calm = [
        one["text"] for one in map(json.loads, VOICES.read_text("utf-8").splitlines()) if one["intent"] not in NEEDS
    ]
    told = [(text, served.interpreter.understand(text)) for text in calm]
    alarmed = [text for text, found in told if found.turn.intent in NEEDS and found.outcome == "refuse"]
    assert len(calm) > 500
    assert len(alarmed) <= 0.04 * len(calm), alarmed


def test_hardly_a_calm_question_is_taken_for_need(served: Explainer) -> None:
    told = [(one["text"], served.interpreter.understand(one["text"])) for one in CALM]
    alarmed = [text for text, found in told if found.turn.intent in NEEDS and found.outcome == "refuse"]
    assert len(alarmed) <= 0.03 * len(told), alarmed
