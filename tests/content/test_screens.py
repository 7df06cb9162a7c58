"""Every answer fits the cheapest phone: its core on the first page, the rest folded or a page further."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import get_args

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.reminding import REMINDERS, Reminder, State
from bot.core.messages import Incoming, Reply, Turn
from bot.editorial.content import Content
from bot.factbase.when import parse_moment
from bot.platforms.markup import PARAGRAPHS, Element, parse
from bot.platforms.telegram.html import RUN_OVER, Part, to_pages
from bot.platforms.telegram.screens import SCREEN_LINES, screen_lines
from bot.reminders.subscription import Subscription

CLOCKS = ("2025-10-24T18:00", "2025-11-05T12:00", "2025-11-06T20:00", "2026-11-22T12:00")
LANGUAGES = ("en", "es")
# What takes more than one page at one of the clocks, and why.
LONG = {
    Turn("what_happened"),  # the whole story, and below it day by day
    Turn("who_said_what"),  # every side's first voice in its own words, and below it all others
    Turn("when_is_the_vote"),  # in Spanish, once the deadline of another law is near: how the vote went
    # The chief's words with their translation are more than a message holds, opened.
    Turn("who_said_what", "person:comeaux"),
    Turn("what_did_they_say", "person:comeaux"),
    Turn("who_said_what", "org:dallas-police"),
    Turn("what_did_they_say", "org:dallas-police"),
    Turn("remind_me"),  # where reminders are offered: what would come, then the dates
}


ByClock = dict[tuple[str, str], list[tuple[Reply, tuple[Part, ...]]]]


@pytest.fixture(scope="module")
def shown(conversation: Conversation, content: Content) -> ByClock:
    """Every answer with its pages, by clock and language."""
    return {
        (at, lang): [
            (reply, to_pages(reply.html)) for reply in answers(conversation, parse_moment(at, content.base.zone), lang)
        ]
        for at in CLOCKS
        for lang in LANGUAGES
    }


def answers(conversation: Conversation, moment: datetime, lang: str) -> Iterator[Reply]:
    """Every answer that a button can ask for, and every way in which a chat's reminders can stand."""
    turns = [turn for turn in conversation.turns() if not (turn.entity or "").startswith("option:")]
    for turn in turns:
        yield conversation.answer(Incoming(turn=turn, lang=lang, at=moment))
    for intent in sorted(REMINDERS):
        for state in get_args(State):
            reminder = Reminder(state, subscription=Subscription(lang, moment), erased_on=moment.date())
            yield conversation.answer(Incoming(turn=Turn(intent), lang=lang, at=moment), reminder)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("at", CLOCKS)
def test_every_answer_fits_one_screen_or_its_pages_do(shown: ByClock, at: str, lang: str) -> None:
    assert len(shown[at, lang]) > 100
    for reply, pages in shown[at, lang]:
        first, *others = (screen_lines(page.html) for page in pages)
        assert first <= SCREEN_LINES + RUN_OVER, (reply.turn, reply.html)
        assert all(lines <= SCREEN_LINES for lines in others), (reply.turn, reply.html)


def test_what_takes_more_than_one_page_is_known(shown: ByClock) -> None:
    paged = {reply.turn for replies in shown.values() for reply, pages in replies if len(pages) > 1}
    assert paged == LONG


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("at", CLOCKS)
def test_pages_lose_no_words_and_each_explains_its_numbers(shown: ByClock, at: str, lang: str) -> None:
    for reply, pages in shown[at, lang]:
        told = " ".join(" ".join(page.text.split()) for page in pages)
        for words in leaves(parse(reply.html)[:-1]):
            assert words in told, (reply.turn, words)
        for page in pages:
            assert re.search("As of |Al ", page.text), (reply.turn, page.text)
            assert_numbers_are_explained(page, reply)


def leaves(blocks: tuple[Element, ...]) -> Iterator[str]:
    """The words of every paragraph, heading and item."""
    for block in blocks:
        if block.tag in PARAGRAPHS:
            yield " ".join(block.words.replace("\xa0", " ").split())
        else:
            yield from leaves(block.elements())


def assert_numbers_are_explained(page: Part, reply: Reply) -> None:
    for number, source in enumerate(reply.sources, start=1):
        assert page.text.count(f"[{number}]") != 1, (reply.turn, number)  # cited and explained, or neither
        if f"[{number}]" in page.text:
            assert f"[{number}] {source.publisher}" in page.text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("at", CLOCKS)
def test_first_page_has_every_sides_first_voice(shown: ByClock, at: str, lang: str) -> None:
    for intent in ("who_said_what", "where_they_stand"):
        reply, pages = next(one for one in shown[at, lang] if one[0].turn == Turn(intent))
        headings = [block.words for block in parse(reply.html) if block.tag == "h3"]
        assert len(headings) == 3
        assert all(heading in pages[0].text for heading in headings)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("at", CLOCKS)
def test_no_sides_further_words_stand_beside_the_core_alone(shown: ByClock, at: str, lang: str) -> None:
    reply, pages = next(one for one in shown[at, lang] if one[0].turn == Turn("who_said_what"))
    summaries = [block.elements()[0].words for block in parse(reply.html) if block.tag == "details"]
    beside = [summary in pages[0].text for summary in summaries]
    assert len(summaries) > 1
    assert all(beside) or not any(beside)


@pytest.mark.parametrize("at", CLOCKS[:3])
def test_every_side_is_offered_before_any_side_twice(conversation: Conversation, content: Content, at: str) -> None:
    facts = content.base.at(parse_moment(at, content.base.zone))
    reply = conversation.answer(Incoming(turn=Turn("where_they_stand"), lang="en", at=facts.now))
    asked = [button.turn.entity for button in reply.buttons if button.turn and button.turn.intent == "where_they_stand"]
    speakers = [entity.partition(":")[2] for entity in asked if entity and not entity.startswith("option:")]
    sides = [{stand.speaker.id for stand in side.stands} for side in facts.sides("now")]
    first = [next(number for number, side in enumerate(sides) if one in side) for one in speakers[: len(sides)]]
    assert sorted(first) == list(range(len(sides)))
