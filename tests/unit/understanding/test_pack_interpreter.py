"""Tests of the interpreter from its first moment to its answers."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.findings import Level
from bot.core.messages import Turn
from bot.core.ports import Understanding
from bot.understanding import checks
from bot.understanding.calibration import CAREFUL
from bot.understanding.consideration import _asking, _Weighed
from bot.understanding.encoder import SentenceEncoder, load_encoder
from bot.understanding.explanation import Explanation
from bot.understanding.pack_interpreter import PackInterpreter
from bot.understanding.store import Store
from tests.unit.understanding.conftest import PART
from tests.unit.understanding.packs import PACK, dallas


@pytest.mark.parametrize(
    ("text", "intent", "entity", "lang"),
    [
        ("when is the vote?", "when_is_the_vote", None, "en"),
        ("cuándo votan", "when_is_the_vote", None, "es"),
        ("what did the mayor say", "what_did_they_say", "person:eric-johnson", "en"),
        ("qué es la 287g", "what_is", "term:287g", "es"),
        ("how much money did ICE offer", "how_much_money", None, "en"),
        ("ice is at my door", "in_distress", None, "en"),
        ("i dont want to live anymore", "in_distress", "option:self-harm", "en"),
        ("ICE", "what_is", "term:ice", None),
        ("me van a deportar", "legal_advice", None, "es"),
        ("what about houston?", "other_place", None, "en"),
        ("what did taylor swift say", "not_covered", None, "en"),
        ("best ice cream near downtown", "not_covered", None, "en"),
    ],
)
def test_plain_question_is_understood(
    interpreter: PackInterpreter, text: str, intent: str, entity: str | None, lang: str
) -> None:
    told = interpreter.understand(text)
    assert (told.turn, told.lang) == (Turn(intent, entity), lang)
    assert told.outcome in {"answer", "refuse"}


@pytest.mark.parametrize(
    ("borne_out", "told", "offered"),
    [(0.3, "when_is_the_vote", "what_happened"), (0.02, "what_happened", "when_is_the_vote")],
)
def test_what_the_whole_message_does_not_bear_out_is_not_told_first(
    interpreter: PackInterpreter, borne_out: float, told: str, offered: str
) -> None:
    considering = interpreter._prepared()

    def weighed(text: str, chances: dict[str, float]) -> _Weighed:
        others = {"not_covered": 1 - sum(chances.values()), "in_distress": 0.0, "legal_advice": 0.0}
        sentence = considering._reader.read(text, lambda _: True)
        return _Weighed(sentence, {"what_happened": 0.0, "when_is_the_vote": 0.0, **others, **chances}, CAREFUL)

    message = weighed("one two. three four", {"what_happened": 0.6, "when_is_the_vote": borne_out})
    parts = [weighed("one two", {"when_is_the_vote": 0.95}), weighed("three four", {"what_happened": 0.95})]
    whole = Explanation(Understanding(Turn("what_happened"), "confirm", 0.6), "ready", "heads")
    found = considering._explained_parts(whole, message, parts, None).understanding
    assert (found.outcome, found.turn, found.candidates) == ("answer", Turn(told), (Turn(offered),))


@pytest.mark.parametrize(
    ("sentences", "first"),
    [
        ([], "not_covered"),
        ([("opinion", 0.3), ("remind_me", 0.4)], "not_covered"),  # neither is clear
        ([("opinion", 0.3), ("remind_me", 0.9)], "remind_me"),
        ([("opinion", 0.9), ("remind_me", 0.7)], "remind_me"),  # nearly as clear, and the last
        ([("opinion", 0.9), ("remind_me", 0.5)], "opinion"),
        ([("opinion", 0.75), ("remind_me", 0.49)], "opinion"),  # the last is not clear
    ],
)
def test_sentence_that_asks_counts_for_more_than_the_story(
    interpreter: PackInterpreter, sentences: list[tuple[str, float]], first: str
) -> None:
    reading = interpreter._prepared()._reader.read("anything", lambda _: True)

    def weighed(**chances: float) -> _Weighed:
        return _Weighed(reading, {"opinion": 0.0, "remind_me": 0.0, **chances}, CAREFUL)

    parts = [weighed(**{"not_covered": 1 - chance, intent: chance}) for intent, chance in sentences]
    found = _asking(weighed(not_covered=0.34, opinion=0.33, remind_me=0.33), *parts).chances
    assert sum(found.values()) == pytest.approx(1)
    assert max(found, key=found.__getitem__) == first


@pytest.mark.parametrize("text", ["", " ", "\0\0", "🙂🙂", "???", "\u202e\u202d"])
def test_nothing_said_is_calmly_refused(interpreter: PackInterpreter, text: str) -> None:
    told = interpreter.understand(text)
    assert (told.turn.intent, told.outcome) == ("not_covered", "refuse")


@pytest.mark.parametrize("text", ["什么时候投票", "متى التصويت", "когда голосование", "khi nào họ bỏ phiếu"])
def test_language_that_we_do_not_speak_is_told(interpreter: PackInterpreter, text: str) -> None:
    found = interpreter.explain(text)
    assert found.understanding.turn.intent == "language"
    assert found.understanding.lang not in {"en", "es", None}
    assert found.sentence


def test_what_emoji_say_is_heard(interpreter: PackInterpreter) -> None:
    assert interpreter.understand("🚨 migra").turn == Turn("in_distress")
    assert interpreter.understand("migra").turn == Turn("what_is", "term:ice")


def test_two_questions_are_answered_and_offered(interpreter: PackInterpreter) -> None:
    told = interpreter.understand("When is the vote? And how do I sign up to speak?")
    assert told.turn.intent == "when_is_the_vote"
    assert told.candidates == (Turn("how_to_take_part"),)


def test_need_that_the_whole_message_tells_of_stays(interpreter: PackInterpreter) -> None:
    reading = interpreter._prepared()._reader.read("anything", lambda _: True)
    whole = _Weighed(reading, {"in_distress": 0.5, "not_covered": 0.1, "remind_me": 0.4}, CAREFUL)
    asking = _Weighed(reading, {"in_distress": 0.0, "not_covered": 0.05, "remind_me": 0.95}, CAREFUL)
    assert _asking(whole, asking, asking) == whole


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("When is the vote?", []),
        ("Well. When is the vote?", ["when is the vote"]),
        ("It rained. We sang. When is the vote?", ["it rained", "we sang", "when is the vote"]),
        ("It rained. We sang. We ate. We left. When is the vote?", ["it rained", "we sang", "when is the vote"]),
    ],
)
def test_of_many_sentences_the_last_is_looked_at(interpreter: PackInterpreter, text: str, parts: list[str]) -> None:
    reader = interpreter._prepared()._reader
    found = reader.parts(reader.read(text, lambda _: True), lambda _: True)
    assert [" ".join(part.words) for part in found] == parts


def test_distress_in_a_second_sentence_comes_first(interpreter: PackInterpreter) -> None:
    assert interpreter.understand("Good evening. They took my husband this morning.").turn.intent == "in_distress"


def test_greeting_does_not_hide_the_question(interpreter: PackInterpreter) -> None:
    assert interpreter.understand("hola buenas tardes, cuándo votan").turn.intent == "when_is_the_vote"


def test_follow_up_uses_the_turn_before(interpreter: PackInterpreter) -> None:
    before = Turn("where_they_stand", "person:moreno")
    assert interpreter.understand("and the mayor?", before).turn == Turn("where_they_stand", "person:eric-johnson")


def test_explanation_gives_the_reasons(interpreter: PackInterpreter) -> None:
    found = interpreter.explain("what did the cheif say about houston")
    assert found.words.split()[3] == "chief"
    assert {span.entities[0] for span in found.spans} == {"person:comeaux", "elsewhere"}
    assert found.nearest
    assert found.chances[0][1] >= found.chances[-1][1]
    assert found.as_json()["status"] == "ready"
    assert interpreter.explain("ice is at my door").pattern


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_text_gets_a_calm_answer(interpreter: PackInterpreter, text: str) -> None:
    told = interpreter.understand(text)
    assert told.outcome in {"answer", "confirm", "refuse"}
    assert 0 <= told.confidence <= 1
    assert (told.outcome == "confirm") == (len(told.candidates) > 1 and told.turn == told.candidates[0])


def test_huge_message_is_read_by_its_beginning(interpreter: PackInterpreter) -> None:
    assert interpreter.understand("when is the vote " + "and so on " * 10_000).turn.intent


def test_threads_get_the_same_answers(interpreter: PackInterpreter) -> None:
    told: list[Turn] = []
    threads = [
        threading.Thread(target=lambda: told.append(interpreter.understand("who decides").turn)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [Turn("who_decides")] * 8


def test_gates_hold_before_anything_is_warm() -> None:
    cold = PackInterpreter(dallas(PART))
    assert cold.status() == "examples"
    assert cold.understand("ice is at my door").turn.intent == "in_distress"
    assert cold.understand("when is the vote").turn.intent == "when_is_the_vote"


def test_missing_encoder_leaves_the_head_over_words(tmp_path: Path) -> None:
    def missing() -> SentenceEncoder:
        raise ImportError

    alone = PackInterpreter(dallas(3 * PART), tmp_path, lambda: load_encoder(missing))
    assert alone.warm() == "words"
    assert alone.understand("when is the vote").turn.intent == "when_is_the_vote"
    again = PackInterpreter(dallas(3 * PART), tmp_path)
    assert again.status() == "examples"
    assert again.model is not None
    assert again.status() == "words"


def test_second_start_trains_nothing(interpreter: PackInterpreter, cache: Path, encoder: SentenceEncoder) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    again = PackInterpreter(dallas(PART), cache, lambda: encoder)
    assert again.model is not None
    assert again.status() == "words"
    assert again.warm() == "ready"
    assert {path.name: path.stat().st_mtime_ns for path in cache.iterdir()} == before
    assert again.understand("who decides") == interpreter.understand("who decides")


def test_unreadable_cache_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "heads-x.npz").write_bytes(b"not an archive")
    assert Store(tmp_path).load("heads-x.npz") is None
    Store(tmp_path).save("heads-y.npz", {"numbers": np.arange(3)})
    saved = Store(tmp_path).load("heads-y.npz")
    assert saved is not None
    assert saved["numbers"].tolist() == [0, 1, 2]


def test_editors_are_warned_of_questions_that_contradict_others(encoder: SentenceEncoder) -> None:
    knowledge = dallas(8 * PART)
    first = next(one for one in knowledge.questions if one.intent == "when_is_the_vote")
    same = [replace(first, text=first.text + sign) for sign in ("!", "!!", "...", "?!")]
    wrong = replace(first, intent="privacy", text=first.text + " !")
    told = PackInterpreter(replace(knowledge, questions=[*knowledge.questions, *same, wrong]), None, lambda: encoder)
    told.warm()
    problems = [one.problem for one in told.findings(PACK) if one.line == first.line]
    assert any("is taken for when_is_the_vote" in one for one in problems)
    assert any("is nearly" in one for one in problems)
    assert {one.level for one in told.findings(PACK)} == {Level.WARNING}


def test_twins_are_the_same_however_many_are_compared_at_once(
    encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = PackInterpreter(dallas(64), None, lambda: encoder)
    assert interpreter.warm() == "ready"
    monkeypatch.setattr(checks, "TWINS", 0.6)  # of few questions hardly any are nearer
    monkeypatch.setattr(checks, "MOST_SHOWN", 1000)
    at_once = {str(one) for one in interpreter.findings(PACK) if "is nearly" in str(one)}
    monkeypatch.setattr(checks, "BLOCK", 8)
    assert {str(one) for one in interpreter.findings(PACK) if "is nearly" in str(one)} == at_once
    assert len(at_once) > 5
