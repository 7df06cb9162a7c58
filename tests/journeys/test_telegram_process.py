"""The program as an operator starts it, on Telegram: every command and button, both languages, no refused call."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.core.messages import Turn
from bot.wiring import Explainer
from tests.double import BotApiDouble
from tests.double.world import Chat, Sent

CALM = 9  # questions of one person that nobody would call a flood

pytestmark = pytest.mark.asyncio(loop_scope="function")


@asynccontextmanager
async def running(
    double: BotApiDouble, data: Path, clock: str | None = None, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`explainer run` against the double, from its menu of commands on until it has ended by SIGTERM. `settings` are
    further variables of its environment."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("EXPLAINER_", "TELEGRAM_"))
    }
    environment |= (
        {
            "TELEGRAM_BOT_TOKEN": double.token,
            "TELEGRAM_API_URL": double.url,
            "EXPLAINER_DATA": str(data),
            "EXPLAINER_PORT": "0",
        }
        | ({"EXPLAINER_CLOCK": clock} if clock else {})
        | settings
    )
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("explainer"), "run", env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        before = len(double.called("setMyCommands"))
        await double.until(lambda: len(double.called("setMyCommands")) > before or process.returncode is not None, 30)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(process.communicate(), 15)
        assert process.returncode == 0, output.decode()
        assert double.token not in output.decode()


async def test_every_command_is_answered_in_both_languages(served: Explainer, data: Path) -> None:
    async with BotApiDouble() as double, running(double, data, "2025-11-05T12:00"):
        for lang in ("en", "es"):
            for command in served.content.commands():
                sent = await (chat := double.private(lang=lang)).ask(f"/{command.name}")
                assert sent.text.strip()
                while command.name == "calendar" and sent.document is None:  # the file follows its text
                    sent = await chat.reply()
        assert double.refused == []


@pytest.mark.parametrize("clock", ["2025-10-24T18:00", "2026-11-21T12:00"])
async def test_every_button_of_the_pack_is_answered(served: Explainer, data: Path, clock: str) -> None:
    turns = [turn for turn in served.conversation.turns() if turn.intent != "help"]
    async with BotApiDouble() as double, running(double, data, clock, EXPLAINER_SEND_RATE="1000"):
        for first in range(0, len(turns), CALM):
            chat = double.private()
            last = await chat.ask("/help")
            for turn in turns[first : first + CALM]:
                last = await _press(double, chat, turn, served, last)
        assert double.refused == []


async def _press(double: BotApiDouble, chat: Chat, turn: Turn, served: Explainer, last: Sent) -> Sent:
    """Presses on the message with words, and gives it as it is then; a file or a picture follows it."""
    chat.press_data(served.codes.code(turn), last)
    await double.until(lambda: not double.unanswered_presses, seconds=20)  # a picture takes a second or two to draw
    with suppress(TimeoutError):
        while True:
            sent = await chat.reply(0.03)
            last = last if sent.file or sent.photo else sent
    return last


async def test_vote_is_tomorrow_in_both_languages(data: Path) -> None:
    async with BotApiDouble() as double, running(double, data, "2025-11-05T12:00"):
        english = await double.private(lang="en").ask("when is the vote?")
        spanish = await double.private(lang="es").ask("¿cuándo es la votación?")
        assert english.text.startswith("Tomorrow: Thursday, November 6, 9:00 a.m.")
        assert spanish.text.startswith("Mañana: jueves 6 de noviembre")
        assert double.refused == []


async def test_chosen_language_outlives_a_restart(data: Path) -> None:
    async with BotApiDouble() as double:
        chat = double.private(lang="en")
        async with running(double, data):
            await chat.ask("/language")
            chat.press("Español")
            assert "español" in (await chat.reply()).text.casefold()
        async with running(double, data):
            assert "Dallas" in (await chat.ask("/vote")).text
            assert "votación" in (await chat.ask("/vote")).text
        assert double.refused == []


async def test_odd_messages_get_calm_answers(data: Path) -> None:
    async with BotApiDouble() as double, running(double, data):
        chat = double.private()
        for text in ("\x00", "😀😀😀", "\u202eevil\u202c", "<b>x</b> {{7*7}}", "a" * 4096, "\n"):
            sent = await chat.ask(text)
            assert sent.labels, text
            assert not text.strip() or text not in sent.text
        assert double.refused == []
