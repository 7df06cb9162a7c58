"""The conversation in the terminal."""

import io
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

import pytest
from rich.console import Console

from bot.core.messages import Button, Incoming, Reply, Turn
from bot.platforms.console import chat

VOTE = Turn("when_is_the_vote")
THANKS = Turn("help")
BUTTONS = (
    Button("Vote", turn=VOTE),
    Button("Español", turn=Turn("language"), lang="es"),
    Button("City", url="https://dallascityhall.com"),
    Button("Forget", turn=Turn("forget_me")),
)


class Echo:
    """Answers everything and keeps what came in."""

    def __init__(self) -> None:
        self.asked: list[Incoming] = []

    async def __call__(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        turn = incoming.turn or (THANKS if incoming.text == "thanks" else VOTE)
        return Reply(
            intent=turn.intent,
            entity=turn.entity,
            outcome="answer",
            confidence=1.0,
            lang="en",
            at=datetime(2025, 10, 24, tzinfo=UTC),
            html=f'<p><b>{turn.intent}</b> <a href="https://a.org/">here</a></p><blockquote>[bold] said</blockquote>',
            buttons=BUTTONS,
            chosen_lang=incoming.lang if turn.intent == "language" else None,
            forget=turn.intent == "forget_me",
        )


def _lines(lines: Iterable[str]) -> Callable[[], Awaitable[str | None]]:
    left = iter(lines)

    async def read_line() -> str | None:
        return next(left, None)

    return read_line


async def _talk(*lines: str, times: Iterable[float] = ()) -> tuple[list[Incoming], str]:
    echo, shown, left = Echo(), io.StringIO(), iter(times)
    console = Console(file=shown, width=80)
    await chat(echo, lang=None, console=console, read_line=_lines(lines), elapsed=lambda: next(left, 0.0))
    return echo.asked, shown.getvalue()


@pytest.mark.asyncio
async def test_conversation_begins_with_help_and_ends_with_the_input() -> None:
    asked, shown = await _talk()
    assert asked == [Incoming(turn=Turn("help"))]
    assert "help here (https://a.org/)\n\n    [bold] said" in shown
    assert "  1 Vote\n  2 Español\n  3 City\n  4 Forget\n" in shown


@pytest.mark.asyncio
async def test_quit_ends_the_conversation() -> None:
    asked, _ = await _talk("/quit", "unheard")
    assert len(asked) == 1


@pytest.mark.asyncio
async def test_number_presses_the_button_and_other_numbers_are_words() -> None:
    asked, _ = await _talk("1", "5", "0", "²", "9999")
    assert [(incoming.turn, incoming.text) for incoming in asked[1:]] == [
        (VOTE, ""),
        (None, "5"),
        (None, "0"),
        (None, "²"),
        (None, "9999"),
    ]


@pytest.mark.asyncio
async def test_button_with_a_link_shows_the_link() -> None:
    asked, shown = await _talk("3")
    assert len(asked) == 1
    assert "https://dallascityhall.com" in shown


@pytest.mark.asyncio
async def test_thanks_between_two_questions_is_not_what_the_second_refers_to() -> None:
    asked, _ = await _talk("1", "thanks", "and then?")
    assert [incoming.context for incoming in asked] == [None, None, VOTE, VOTE]


@pytest.mark.asyncio
async def test_chosen_language_lasts_until_forgotten() -> None:
    asked, _ = await _talk("2", "hola", "4", "hello")
    assert [incoming.lang for incoming in asked] == [None, "es", "es", "es", None]
    assert asked[-1].context is None


@pytest.mark.asyncio
async def test_last_turn_is_kept_for_ten_minutes() -> None:
    # of each line: the time at which it is read, then the time of its answer
    asked, _ = await _talk("one", "two", "three", times=[0.0, 0.0, 1.0, 600.0, 601.0, 1202.0, 1203.0])
    assert [incoming.context for incoming in asked] == [None, None, VOTE, None]
