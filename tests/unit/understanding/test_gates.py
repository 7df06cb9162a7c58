"""Tests of the rules that come before the heads."""

from pathlib import Path
from shutil import copy

import pytest

from bot.core.findings import Finding
from bot.phrasebook.presets import load_presets
from bot.understanding.gates import FILE, load_gates
from bot.understanding.normalisation import folded
from tests.unit.understanding.packs import PACK, RESPONSES, dallas, written

INTENTS = ["in_distress", "legal_advice", "other_place", "opinion", "prediction", "help"]


def cases(field: str) -> list[tuple[str, str]]:
    """Every example of every gate with its intent."""
    gates = dallas().gates.rules.gates
    return [(gate.intent, text) for gate in gates for texts in getattr(gate, field).values() for text in texts]


@pytest.mark.parametrize(("intent", "text"), cases("examples"))
def test_example_passes_its_gate(intent: str, text: str) -> None:
    found = dallas().gates.find(folded(text).split())
    assert found is not None
    assert found.intent == intent


@pytest.mark.parametrize(("intent", "text"), cases("counterexamples"))
def test_counterexample_passes_by(intent: str, text: str) -> None:
    found = dallas().gates.find(folded(text).split())
    assert found is None or found.intent != intent


def test_gates_take_hardly_any_question_that_is_not_theirs() -> None:
    taken = [(question, dallas().gates.find(folded(question.text).split())) for question in dallas().questions]
    others = [question for question, gate in taken if gate and question.intent not in INTENTS]
    assert len(others) < 0.01 * len(taken)


def test_distress_gate_alone_catches_what_is_said_plainly() -> None:
    asked = [one["text"] for one in written("in_need.jsonl") if one["intent"] == "in_distress"]
    gates = [dallas().gates.find(folded(text).split()) for text in asked]
    assert sum(gate is not None and gate.intent == "in_distress" for gate in gates) > 0.6 * len(asked)


@pytest.mark.parametrize(
    "text", ["y en houston?", "what about fort worth", "did plano join 287g", "qué dijo el alcalde de houston"]
)
def test_places_of_the_pack_belong_to_the_gate(text: str) -> None:
    found = dallas().gates.find(folded(text).split())
    assert found is not None
    assert found.intent == "other_place"


@pytest.mark.parametrize(
    "text",
    [
        "i want to kill myself",
        "kms",
        "no reason to live",
        "my daughter says she wants to die",
        "ya no quiero vivir",
        "mi hijo se quiere matar",
        "no le veo sentido a nada ya",
    ],
)
def test_whoever_thinks_of_dying_is_answered_in_words_of_its_own(text: str) -> None:
    found = dallas().gates.find(folded(text).split())
    assert found is not None
    assert (found.intent, found.option) == ("in_distress", "option:self-harm")


@pytest.mark.parametrize(
    "text", ["did the motion die", "im dying to know who won", "me muero de hambre", "they took my dad"]
)
def test_no_other_message_is_answered_so(text: str) -> None:
    found = dallas().gates.find(folded(text).split())
    assert found is None or found.option is None


@pytest.mark.parametrize(
    "text",
    [
        "is ice in oak cliff",
        "any agents near ledbetter today",
        "theres a checkpoint on jefferson",
        "la migra is at the walmart",
        "my aunt says ice is at the flea market",
        "where is la migra right now",
        "did ice leave oak cliff yet",
        "redada",
        "checkpoint",
        "hay migra en pleasant grove",
        "dicen que hay reten en buckner",
        "ya viene la migra",
        "someone called me saying hes from ice",
        "me llamaron de migracion",
        "mi ex me va a reportar con ice",
        "they took the tamale lady",
        "se llevaron al señor de los elotes",
        "soy maestra y se llevaron al papa de una alumna",
        "im 14 and they took my parents",
        "which jail is my husband in",
        "como busco a un detenido",
        "a truck is following me",
        "ayudame",
        "no se que hacer",
        "se yebaron a mi ermano",
        "they jus took my pops",
    ],
)
def test_rumour_or_plea_is_distress(text: str) -> None:
    found = dallas().gates.find(folded(text).split())
    assert found is not None
    assert found.intent == "in_distress"


@pytest.mark.parametrize(
    "text",
    [
        "what is ICE",
        "when did ICE offer the money",
        "how many arrests were there",
        "is ICE in the deal",
        "is ICE part of the police",
        "who said people are afraid",
        "did ICE say anything about dallas",
        "i heard ice offered 25 million",
        "is there ice on the road",
        "someone took my package",
        "they took my car to the impound",
        "the chief got a call from ice",
        "help me find the meeting date",
        "qué es la migra",
        "cuándo ofreció ICE el dinero",
        "se llevaron mi carro al corralón",
        "quién está en contra de ICE en el concejo",
        "hay hielo en la carretera",
        "qué dijo el alcalde de la migra",
        "la policía coopera con la migra",
    ],
)
def test_question_in_the_same_words_raises_no_alarm(text: str) -> None:
    found = dallas().gates.find(folded(text).split())
    assert found is None or found.intent not in {"in_distress", "legal_advice"}


def test_option_of_a_gate_is_one_of_its_intent() -> None:
    presets, _ = load_presets(RESPONSES)
    named = [(gate.intent, gate.option) for gate in dallas().gates.rules.gates if gate.option]
    assert named
    assert [one for one in named if presets[one[0]].option(f"option:{one[1]}") is None] == []


def test_picture_of_several_characters_is_a_finding(tmp_path: Path) -> None:
    findings = broken(tmp_path, "pictures: {🆘: sos", "pictures: {🆘🆘: sos")
    assert len(findings) == 1
    assert "pictures" in findings[0].field


def broken(folder: Path, old: str, new: str) -> list[Finding]:
    """The findings of the gates with one change."""
    copy(RESPONSES / FILE, folder / FILE)
    text = (folder / FILE).read_text(encoding="utf-8")
    assert old in text
    (folder / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_gates(folder, PACK, INTENTS)[2]


def test_untrue_example_is_a_finding_at_its_line(tmp_path: Path) -> None:
    findings = broken(tmp_path, "[ice is at my door,", "[what a nice day,")
    assert len(findings) == 1
    line = (tmp_path / FILE).read_text(encoding="utf-8").splitlines()[findings[0].line - 1]
    assert "what a nice day" in line
    assert "passes no gate" in findings[0].problem


def test_unknown_intent_and_broken_pattern_are_findings(tmp_path: Path) -> None:
    assert any("no intent 'opinions'" in one.problem for one in broken(tmp_path, "intent: opinion", "intent: opinions"))
    assert any("is not closed" in one.problem for one in broken(tmp_path, "- theres a raid", "- (theres a raid"))


def test_misspelt_field_is_a_finding(tmp_path: Path) -> None:
    assert any("'paterns' is not a field" in one.problem for one in broken(tmp_path, "    patterns:", "    paterns:"))


def test_missing_file_is_a_finding(tmp_path: Path) -> None:
    gates, _, findings = load_gates(tmp_path, PACK, INTENTS)
    assert gates is None
    assert findings
