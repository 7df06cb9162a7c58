"""An editor's chat looks at another instant: alone, for a while, and without a trace."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.conversation.pictures import LONGEST_CAPTION
from bot.conversation.preview import LASTS, Previews, previewing
from bot.core.messages import Incoming, Picture, Reader, Reply, Turn
from bot.core.ports import Answer

pytestmark = pytest.mark.asyncio

THEN = datetime(2025, 10, 24, 18, tzinfo=UTC)
VOTE = Turn("when_is_the_vote")


class Answering:
    """Gives one reply, and keeps what it was asked."""

    def __init__(self, **fields: object) -> None:
        self.asked: list[Incoming] = []
        self.reply = replace(
            Reply("when_is_the_vote", None, "answer", 1.0, "es", THEN, "<p>soon</p>", chosen_lang="es", forget=True),
            **fields,
        )

    async def __call__(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        return self.reply


async def nobody() -> bool:
    raise AssertionError("nobody may be asked for rights in a preview")


def line(at: datetime, lang: str) -> str:
    return f"<p>{at:%Y-%m-%d} {lang}</p>"


def asked(chat: str = "1", **fields: object) -> Incoming:
    return Incoming(turn=VOTE, reader=Reader("telegram", chat, None, nobody), **fields)


def made(answering: Answering, now: list[float] | None = None) -> tuple[Answer, Previews]:
    previews = Previews(lambda: now[0]) if now else Previews()
    return previewing(answering, previews, line), previews


async def test_answers_of_one_chat_are_of_that_instant_and_say_so() -> None:
    answering = Answering()
    answer, previews = made(answering)
    previews.begin("1", THEN)
    assert (await answer(asked())).html == "<p>2025-10-24 es</p><p>soon</p>"
    assert await answer(asked("2")) is answering.reply
    assert await answer(Incoming("typed elsewhere")) is answering.reply
    assert [incoming.at for incoming in answering.asked] == [THEN, None, None]


async def test_nothing_of_a_preview_is_for_keeping() -> None:
    answering = Answering()
    answer, previews = made(answering)
    previews.begin("1", THEN)
    reply = await answer(asked())
    assert (reply.chosen_lang, reply.forget, reply.is_preview) == (None, False, True)


async def test_follow_up_refers_to_the_last_answer_of_the_preview() -> None:
    answering = Answering()
    answer, previews = made(answering)
    previews.begin("1", THEN)
    await answer(asked(context=Turn("sources")))
    await answer(asked(context=Turn("sources")))
    assert [incoming.context for incoming in answering.asked] == [Turn("sources"), VOTE]


async def test_preview_ends_by_itself_and_when_told_to() -> None:
    now = [100.0]
    answer, previews = made(Answering(), now)
    previews.begin("1", THEN)
    now[0] += LASTS - 1
    assert (await answer(asked())).is_preview
    now[0] += 1
    assert not (await answer(asked())).is_preview
    assert not previews.end("1")
    previews.begin("1", THEN)
    assert previews.end("1")
    assert not (await answer(asked())).is_preview


async def test_caption_never_becomes_too_long_by_the_line() -> None:
    picture = Picture(b"", "what it shows", "/pictures/a.png")
    for length, is_said in ((LONGEST_CAPTION - 13, True), (LONGEST_CAPTION - 12, False)):
        answer, previews = made(Answering(picture=picture, html=f"<p>{'a' * length}</p>"))
        previews.begin("1", THEN)
        assert (await answer(asked())).html.startswith("<p>2025") is is_said
