"""The pack as it is served in cards and as rich messages: within Telegram's limits, whatever is typed."""

import json
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.messages import Button, Incoming, Turn
from bot.platforms.telegram.inline import InlineAnswer, InlineMode, Wording
from bot.platforms.telegram.rich import to_rich
from bot.wiring import Explainer
from tests.double.classic_html import parse, units
from tests.double.rich_html import read_rich

pytestmark = pytest.mark.asyncio(loop_scope="function")

HELP = Turn("help")
LABELS = {"Ask me in private", "Pregúntame en privado"}
_NUMBER = re.compile(r"\[\d+\]")


@pytest.fixture(scope="module")
def real(served: Explainer) -> InlineMode:
    """Inline mode over the pack as it is served."""
    content, conversation = served.content, served.conversation

    def label(turn: Turn, lang: str) -> str:
        return content.phrasebook.label(turn, content.base.at(served.clock.now()), lang)

    def phrase(name: str, lang: str) -> str:
        return content.phrasebook.phrase(name, lang, topic="Dallas", place="Dallas")

    def suggest(lang: str) -> tuple[Button, ...]:
        return conversation.answer(Incoming(turn=HELP, lang=lang)).buttons

    wording = Wording(phrase, label, suggest)
    return InlineMode(conversation, served.codes, wording, content.base.topic.languages, served.clock, "FactsBot")


@pytest.mark.parametrize("lang", ["en", "es"])
async def test_every_usual_question_of_the_pack_has_its_card(real: InlineMode, lang: str) -> None:
    answer = await real.offer("", lang)
    assert len(answer.results) >= 4
    _check(answer)
    for text in map(_text, answer.results):
        told, _, notes = text.rpartition("[1]")
        assert set(_NUMBER.findall(told)) <= {"[1]", *_NUMBER.findall(notes)}


@pytest.mark.parametrize(
    ("text", "lang"),
    [("287g", "en"), ("who said what?", "en"), ("¿cuándo es la votación?", "es"), ("¿quién dijo qué?", "es")],
)
async def test_answers_of_the_pack_come_first_with_their_sources(real: InlineMode, text: str, lang: str) -> None:
    answer = await real.offer(text)
    _check(answer)
    first = answer.results[0]
    assert first["id"].endswith(f".{lang}")
    assert "[1]" in _text(first)
    assert ("As of" if lang == "en" else "Al ") in first["description"] + _text(first)


async def test_cry_for_help_gets_a_number_to_call_and_is_not_kept(real: InlineMode) -> None:
    answer = await real.offer("I want to kill myself")
    _check(answer)
    assert "911" in _text(answer.results[0])
    assert answer.cache_time == 0
    assert "kill" not in json.dumps(answer.parameters("1"))


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(text=st.text(max_size=256), hint=st.sampled_from([None, "en", "es", "fr"]))
async def test_any_query_gets_a_valid_answer(real: InlineMode, text: str, hint: str | None) -> None:
    answer = await real.offer(text, hint)
    assert answer.results
    _check(answer)
    card = await real.reply(Incoming(text, lang_hint=hint))
    assert card is not None


async def test_every_answer_of_the_pack_is_one_rich_message(served: Explainer) -> None:
    conversation = served.conversation
    for turn, lang in product(conversation.turns(), served.content.base.topic.languages):
        rich = to_rich(conversation.answer(Incoming(turn=turn, lang=lang)).html)
        assert rich is not None, turn
        read_rich(rich)


def _check(answer: InlineAnswer) -> None:
    """What Telegram refuses."""
    ids = [card["id"] for card in answer.results]
    assert len(set(ids)) == len(ids) <= 10
    assert all(1 <= len(one.encode()) <= 64 for one in ids)
    for card in answer.results:
        parsed = parse(_text(card))
        assert 1 <= units(parsed.text) <= 4096
        assert len(parsed.entities) <= 100
        assert card["title"].strip()
        assert card["description"].strip()
        assert {row[0]["text"] for row in card["reply_markup"]["inline_keyboard"]} & {
            "Ask me in private",
            "Pregúntame en privado",
        }
    assert 0 <= answer.cache_time <= 300


def _text(card: dict[str, Any]) -> str:
    return str(card["input_message_content"]["message_text"])
