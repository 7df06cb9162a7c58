"""An answer as a picture: where it is offered, what is said with it, and that nobody waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.pictures import OPTION, Pictures, first_words
from bot.core.clock import FixedClock
from bot.core.errors import ContentError
from bot.core.messages import Incoming, Reply, Turn
from bot.editorial.check import Nobody
from bot.factbase.base import FactBase
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.cards import Cards, Draw
from bot.phrasebook.drawing import draw_trial

NOW = datetime(2025, 12, 1, 12, tzinfo=ZoneInfo("America/Chicago"))
SHOWN = ("what_happened", "where_they_stand")
Talk = Callable[..., Conversation]


@pytest.fixture
def talk(base_of: Callable[..., FactBase], responses_folder: Path) -> Talk:
    """A conversation over the small pack and the repository's words."""

    def make(draw: Draw = draw_trial, **changes: object) -> Conversation:
        book = Phrasebook(responses_folder, ["en", "es"])
        pictures = Pictures(book, Cards(book, draw))
        return Conversation(base_of(**changes), book, Nobody(), FixedClock(NOW), pictures=pictures)

    return make


def turns(reply: Reply) -> list[Turn | None]:
    return [button.turn for button in reply.buttons]


@pytest.mark.parametrize("intent", SHOWN)
def test_a_picture_is_offered_below_the_answer_and_the_answer_below_the_picture(talk: Talk, intent: str) -> None:
    words = talk().answer(Incoming(turn=Turn(intent), lang="en"))
    assert turns(words)[0] == Turn(intent, OPTION)
    assert words.buttons[0].label == "As a picture"
    assert words.picture is None
    shown = talk().answer(Incoming(turn=Turn(intent, OPTION), lang="es"))
    assert Turn(intent) in turns(shown)
    assert Turn(intent, OPTION) not in turns(shown)
    assert (shown.intent, shown.entity, shown.outcome) == (intent, None, "answer")


def test_no_picture_is_offered_of_one_person_or_of_what_has_none(talk: Talk) -> None:
    for turn in (Turn("where_they_stand", "person:ruiz"), Turn("when_is_the_vote")):
        reply = talk().answer(Incoming(turn=turn, lang="en"))
        assert not [one for one in turns(reply) if one and one.entity == OPTION]
        assert reply.picture is None


def test_the_caption_says_what_is_shown_with_its_sources_and_its_hour(talk: Talk) -> None:
    reply = talk().answer(Incoming(turn=Turn("what_happened", OPTION), lang="en"))
    assert "<b>Timeline: 1 entry, Oct 19, 2025</b>" in reply.html
    assert "The newest: Oct 19, 2025. A crack was found. <sup>[1]</sup>" in reply.html
    assert "It was approved" in reply.html
    assert "As of Dec 1, 2025, 12:00 p.m. in Rivertown" in reply.html
    assert [source.id for source in reply.sources] == ["paper", "radio"]
    assert reply.facts == ("event:crack", "decision:mending")
    assert reply.until is not None
    assert reply.picture is not None
    assert reply.picture.alt == "Timeline: 1 entry, Oct 19, 2025"


def test_the_path_changes_with_what_is_shown(talk: Talk) -> None:
    asked = Incoming(turn=Turn("where_they_stand", OPTION), lang="en")
    replies = [talk().answer(asked), talk(changes={"people.yaml": ("name: Ana Ruiz", "name: Ana Ruis")}).answer(asked)]
    paths = [reply.picture.path for reply in replies if reply.picture]
    assert paths[0] == talk().answer(asked).picture.path
    assert len(set(paths)) == 2
    assert all(path.startswith("/pictures/where_they_stand.en.") and path.endswith(".png") for path in paths)


@pytest.mark.asyncio
async def test_others_are_answered_while_a_picture_is_drawn(talk: Talk) -> None:
    may_end, begun = Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(svg: str, fonts: Sequence[Path]) -> bytes:
        loop.call_soon_threadsafe(begun.set)
        assert may_end.wait(30)
        return draw_trial(svg, fonts)

    conversation = talk(slow)
    may_end.set()
    other = Incoming(turn=Turn("where_they_stand", OPTION), lang="en")
    drawn_before = await conversation(other)
    may_end.clear()
    begun.clear()
    drawing = asyncio.create_task(conversation(Incoming(turn=Turn("what_happened", OPTION), lang="en")))
    await begun.wait()
    assert (await conversation(Incoming(turn=Turn("what_happened"), lang="en"))).html
    assert (await conversation(other)).picture == drawn_before.picture
    assert not drawing.done()
    may_end.set()
    assert (await drawing).picture is not None


@pytest.mark.asyncio
async def test_a_picture_as_of_another_instant_shows_that_instant(talk: Talk) -> None:
    asked = Incoming(turn=Turn("what_happened", OPTION), lang="en")
    now = await talk()(asked)
    then = await talk()(Incoming(turn=asked.turn, lang="en", at=datetime(2025, 10, 22, 12, tzinfo=NOW.tzinfo)))
    assert now.picture
    assert then.picture
    assert now.picture.path != then.picture.path
    assert "It was approved" not in then.html


@pytest.mark.asyncio
async def test_what_cannot_be_drawn_is_an_error_of_the_content(talk: Talk) -> None:
    def fails(svg: str, fonts: Sequence[Path]) -> bytes:
        raise ValueError("the renderer failed")

    with pytest.raises(ContentError, match=r"timeline\.svg\.j2"):
        await talk(fails)(Incoming(turn=Turn("what_happened", OPTION), lang="en"))


def test_the_first_paragraph_is_what_the_picture_is_called() -> None:
    assert first_words("<p><b>A &amp; B</b></p><p>C</p>") == "A & B"
