"""An answer as a picture: where it is offered, what is said with it, and that nobody waits for it."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, get_ident
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.pictures import MOST_WAITING, OPTION, Pictures, first_words
from bot.core.clock import Clock, FixedClock
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

    def make(
        draw: Draw = draw_trial, patience: float = 60, clock: Clock | None = None, **changes: object
    ) -> Conversation:
        book = Phrasebook(responses_folder, ["en", "es"])
        pictures = Pictures(book, Cards(book, draw), patience)
        return Conversation(base_of(**changes), book, Nobody(), clock or FixedClock(NOW), pictures=pictures)

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

    def slow(svg: str, fonts: Sequence[bytes]) -> bytes:
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


UNDRAWN = '<p class="notice"><i>The picture can\'t be made right now. This says the same in words:</i></p>'


def says_instead(reply: Reply, words: Reply) -> bool:
    """Whether a reply is the one in words, below a line that says why."""
    return reply == replace(words, html=UNDRAWN + words.html)


def fails(svg: str, fonts: Sequence[bytes]) -> bytes:
    raise ValueError("the renderer failed")


def test_what_cannot_be_drawn_is_an_error_to_the_editors(talk: Talk) -> None:
    with pytest.raises(ContentError, match=r"timeline\.svg\.j2"):
        talk(fails).answer(Incoming(turn=Turn("what_happened", OPTION), lang="en"))


@pytest.mark.asyncio
@pytest.mark.parametrize("at", [None, NOW])
async def test_what_cannot_be_drawn_is_said_in_words(talk: Talk, at: datetime | None) -> None:
    conversation = talk(fails)
    words = await conversation(Incoming(turn=Turn("what_happened"), lang="en", at=at))
    assert says_instead(await conversation(Incoming(turn=Turn("what_happened", OPTION), lang="en", at=at)), words)
    assert await conversation(Incoming(turn=Turn("what_happened"), lang="en", at=at)) == words


@pytest.mark.asyncio
async def test_a_card_whose_template_fails_is_said_in_words(
    base_of: Callable[..., FactBase], responses_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "responses"
    shutil.copytree(responses_folder, folder)
    (folder / "cards" / "timeline.svg.j2").write_text("{{ nothing }}", "utf-8")
    conversation = Conversation(base_of(), Phrasebook(folder, ["en"]), Nobody(), FixedClock(NOW))
    words = await conversation(Incoming(turn=Turn("what_happened"), lang="en"))
    assert says_instead(await conversation(Incoming(turn=Turn("what_happened", OPTION), lang="en")), words)


@pytest.mark.asyncio
async def test_what_takes_too_long_is_said_in_words_and_shown_the_next_time(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    may_end, threads = Event(), set()

    def slow(svg: str, fonts: Sequence[bytes]) -> bytes:
        threads.add(get_ident())
        assert may_end.wait(30)
        return draw_trial(svg, fonts)

    conversation = talk(slow, patience=0.01)
    asked = Incoming(turn=Turn("what_happened", OPTION), lang="en")
    words = await conversation(Incoming(turn=Turn("what_happened"), lang="en"))
    for _ in range(2 * MOST_WAITING):
        assert says_instead(await conversation(asked), words)
    days = [NOW - timedelta(days=day) for day in range(2 * MOST_WAITING)]
    told = await asyncio.gather(*(conversation(replace(asked, at=day)) for day in days))
    assert [reply.picture for reply in told] == [None] * len(days)
    put_off = [record for record in caplog.records if record.message.startswith("picture.put_off")]
    assert len(put_off) == len(days) - (MOST_WAITING - 1)
    may_end.set()
    async with asyncio.timeout(30):
        for at in (None, *days):
            while (await conversation(replace(asked, at=at))).picture is None:
                pass
    assert len(threads) == 1
    assert get_ident() not in threads


@pytest.mark.asyncio
async def test_a_picture_drawn_over_midnight_is_of_the_day_on_which_it_was_asked_for(talk: Talk) -> None:
    clock = Hands()

    def late(svg: str, fonts: Sequence[bytes]) -> bytes:
        clock.at = NOW + timedelta(days=1)
        return draw_trial(svg, fonts)

    reply = await talk(late, clock=clock)(Incoming(turn=Turn("what_happened", OPTION), lang="en"))
    assert reply.picture is not None
    assert reply.at == NOW


class Hands:
    """A clock that is set."""

    at = NOW

    def now(self) -> datetime:
        return self.at


def test_the_first_paragraph_is_what_the_picture_is_called() -> None:
    assert first_words("<p><b>A &amp; B</b></p><p>C</p>") == "A & B"
