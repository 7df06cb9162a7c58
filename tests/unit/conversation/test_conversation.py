"""One message to one reply: languages, buttons, refusals, and turns that nobody should have sent."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.rendering import MOST_BUTTONS
from bot.core.clock import FixedClock
from bot.core.messages import Incoming, Turn
from bot.core.ports import Understanding
from bot.factbase.base import FactBase
from bot.phrasebook.book import Phrasebook

NOW = datetime(2025, 12, 1, 12, tzinfo=ZoneInfo("America/Chicago"))


class Says:
    """An interpreter that takes every text for the same."""

    def __init__(self, understood: Understanding) -> None:
        self.understood = understood
        self.heard: list[tuple[str, Turn | None]] = []

    def understand(self, text: str, context: Turn | None = None) -> Understanding:
        self.heard.append((text, context))
        return self.understood


REFUSAL = Understanding(Turn("not_covered"), "refuse", 0.3, "es")
Talk = Callable[..., Conversation]


@pytest.fixture
def talk(base_of: Callable[..., FactBase], responses_folder: Path) -> Talk:
    """A conversation over the small pack and the repository's words, which understands what it is told to."""

    def make(understood: Understanding = REFUSAL, says: Says | None = None) -> Conversation:
        book = Phrasebook(responses_folder, ["en", "es"])
        return Conversation(base_of(), book, says or Says(understood), FixedClock(NOW))

    return make


@pytest.mark.parametrize(
    ("chosen", "written", "hint", "lang"),
    [
        ("en", "es", "es", "en"),
        (None, "es", "en", "es"),
        (None, None, "es", "es"),
        (None, None, "fr", "en"),
        (None, None, None, "en"),
        ("fr", None, "es", "es"),
        ("", "", "", "en"),
    ],
)
def test_the_chosen_language_wins_then_the_written_then_the_hint(
    talk: Talk, chosen: str | None, written: str | None, hint: str | None, lang: str
) -> None:
    understood = Understanding(Turn("help"), "answer", 1.0, written)
    assert talk(understood).answer(Incoming(text="x", lang=chosen, lang_hint=hint)).lang == lang


def test_a_pressed_button_is_not_interpreted(talk: Talk) -> None:
    says = Says(REFUSAL)
    reply = talk(says=says).answer(Incoming(text="the label", turn=Turn("what_is", "term:girder"), lang="en"))
    assert says.heard == []
    assert (reply.intent, reply.entity, reply.outcome, reply.confidence) == ("what_is", "term:girder", "answer", 1.0)
    assert "A long beam." in reply.html


def test_words_go_to_the_interpreter_with_the_turn_before(talk: Talk) -> None:
    says = Says(REFUSAL)
    talk(says=says).answer(Incoming(text="and the mayor?", context=Turn("where_they_stand")))
    assert says.heard == [("and the mayor?", Turn("where_they_stand"))]


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        (Turn("no_such_intent"), Turn("help")),
        (Turn(""), Turn("help")),
        (Turn("confirm"), Turn("help")),
        (Turn("what_is", "term:gone"), Turn("what_is")),
        (Turn("what_is", "nonsense"), Turn("what_is")),
        (Turn("who_decides", "term:girder"), Turn("who_decides")),
        (Turn("what_did_they_say", "term:girder"), Turn("what_did_they_say")),
        (Turn("../../etc/passwd"), Turn("help")),
    ],
)
def test_a_turn_that_nobody_should_send_is_answered_all_the_same(talk: Talk, turn: Turn, told: Turn) -> None:
    assert talk().answer(Incoming(turn=turn, lang="en")).turn == told


def test_a_refusal_by_button_counts_as_one(talk: Talk) -> None:
    assert talk().answer(Incoming(turn=Turn("opinion"))).outcome == "refuse"


def test_a_doubt_offers_what_may_be_meant(talk: Talk) -> None:
    candidates = (Turn("when_is_the_vote"), Turn("what_is", "term:girder"))
    reply = talk(Understanding(candidates[0], "confirm", 0.4, "en", candidates)).answer(Incoming(text="x"))
    assert reply.outcome == "confirm"
    assert [button.turn for button in reply.buttons] == list(candidates)
    assert [button.label for button in reply.buttons] == ["When is the vote?", "What is girder?"]
    assert reply.suggestions == ("when_is_the_vote", "what_is")


@pytest.mark.parametrize(("other", "is_told"), [("in_distress", True), ("help", False)])
def test_a_doubt_about_danger_tells_the_number_at_once(talk: Talk, other: str, is_told: bool) -> None:
    candidates = (Turn("when_is_the_vote"), Turn(other))
    reply = talk(Understanding(candidates[0], "confirm", 0.4, "en", candidates)).answer(Incoming(text="x"))
    assert ("call <a href=" in reply.html) == is_told


def test_no_answer_offers_itself_or_too_much(talk: Talk) -> None:
    conversation = talk()
    for turn in conversation.turns():
        reply = conversation.answer(Incoming(turn=turn, lang="en"))
        turns = [button.turn for button in reply.buttons if not button.lang]
        assert turn not in turns
        assert len(set(turns)) == len(turns)
        assert len(reply.buttons) <= MOST_BUTTONS + 2


def test_languages_are_chosen_by_button_and_not_by_asking(talk: Talk) -> None:
    conversation = talk()
    asked = conversation.answer(Incoming(turn=Turn("language"), lang_hint="es"))
    assert asked.chosen_lang is None
    assert [(button.label, button.lang) for button in asked.buttons if button.lang] == [
        ("English", "en"),
        ("Español", "es"),
    ]
    chosen = conversation.answer(Incoming(turn=Turn("language"), lang="es", lang_hint="en"))
    assert (chosen.chosen_lang, chosen.lang) == ("es", "es")


def test_forgetting_is_asked_for_only_by_its_own_intent(talk: Talk) -> None:
    conversation = talk()
    forgetting = {turn.intent for turn in conversation.turns() if conversation.answer(Incoming(turn=turn)).forget}
    assert forgetting == {"forget_me"}


def test_forgetting_that_is_only_offered_erases_nothing(talk: Talk) -> None:
    doubt = Understanding(Turn("forget_me"), "confirm", 0.4, "en", (Turn("forget_me"), Turn("privacy")))
    reply = talk(doubt).answer(Incoming("delete?"))
    assert (reply.outcome, reply.forget) == ("confirm", False)


def test_what_else_a_message_asked_is_the_first_button(talk: Talk) -> None:
    both = Understanding(Turn("what_happened"), "answer", 0.9, "en", (Turn("how_to_take_part"),))
    reply = talk(both).answer(Incoming("what happened and how do I speak"))
    assert reply.buttons[0].turn == Turn("how_to_take_part")


def test_reader_of_another_language_is_told_so_in_it(talk: Talk) -> None:
    strange = Understanding(Turn("language"), "refuse", 1.0, "fr", sentence="Je ne parle pas français.")
    assert "Je ne parle pas français." in talk(strange).answer(Incoming("bonjour à tous")).html


def test_an_answer_is_as_of_the_asked_instant_else_of_the_clock(talk: Talk) -> None:
    then = datetime(2025, 10, 25, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    conversation = talk()
    asked = conversation.answer(Incoming(turn=Turn("when_is_the_vote"), at=then, lang="en"))
    assert asked.at.isoformat() == "2025-10-24T22:00:00-05:00"
    assert "Expected" in asked.html
    now = conversation.answer(Incoming(turn=Turn("when_is_the_vote"), lang="en"))
    assert now.at == NOW
    assert "approved" in now.html


@pytest.mark.asyncio
async def test_a_platform_awaits_the_same_answer(talk: Talk) -> None:
    conversation = talk()
    incoming = Incoming(turn=Turn("help"), lang="en")
    assert await conversation(incoming) == conversation.answer(incoming)


def test_nothing_of_a_message_comes_back_in_the_answer(talk: Talk) -> None:
    reply = talk().answer(Incoming(text="Xochitl <b>lives</b> here", lang="en"))
    assert "Xochitl" not in repr(reply)
