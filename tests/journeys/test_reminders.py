"""Reminders through the whole program: a yes on Telegram, and at its time the message, also after a restart."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.double import BotApiDouble

pytestmark = pytest.mark.asyncio(loop_scope="function")

PROGRAM = Path(sys.executable).with_name("explainer")


def environment(data: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXPLAINER_", "TELEGRAM_"))}
    return kept | {"EXPLAINER_DATA": str(data), "EXPLAINER_PORT": "0"} | more


@asynccontextmanager
async def running(double: BotApiDouble, data: Path, clock: str, **more: str) -> AsyncIterator[None]:
    """`explainer run` as a rehearsal that may deliver, from its menu of commands on until it has ended by SIGTERM."""
    settings = {"TELEGRAM_BOT_TOKEN": double.token, "TELEGRAM_API_URL": double.url, "EXPLAINER_CLOCK": clock}
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "run", env=environment(data, **settings, **({"EXPLAINER_REHEARSAL": "1"} | more)),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        before = len(double.called("setMyCommands"))
        await double.until(lambda: len(double.called("setMyCommands")) > before or process.returncode is not None, 30)
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, output.decode()
        assert double.token not in output.decode()


async def command(data: Path, *words: str) -> str:
    """What `explainer …` prints on this data folder."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *words, env=environment(data), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def test_who_says_yes_is_reminded_once_and_may_stop(data: Path) -> None:
    async with BotApiDouble() as double:
        asked, silent, admin = double.private(lang="es"), double.private(lang="en"), double.private(lang="en")
        async with running(double, data, "2025-11-06T07:30"):
            await silent.ask("/remind")
            offered = await asked.ask("/remind")
            assert offered.text.startswith("¿Te lo recuerdo?")
            asked.press("Sí, recuérdame", offered)
            done = await asked.reply()
            assert "El próximo llega el jueves 6 de noviembre, 8:00 a. m." in done.text
        async with running(double, data, "2025-11-06T08:00:01", EXPLAINER_ADMINS=str(admin.id)):
            reminder = await asked.reply(30)
            assert reminder.text.startswith("Recordatorio, en 5")
            assert "Hoy: jueves 6 de noviembre, 9:00 a. m., en el Ayuntamiento de Dallas." in reminder.text
            assert (await admin.reply(30)).text.startswith("A delivery has started: hours-")
            assert "Sent 1 of 1; rejected 0; remaining 0." in (await admin.reply(30)).text
            asked.press("Detener recordatorios", reminder)
            assert (await asked.reply()).text.startswith("Listo. Tus recordatorios están detenidos y borrados.")
        campaigns = [json.loads(line) for line in (await command(data, "campaigns", "--json")).splitlines()]
        assert [(one["state"], one["sent"]) for one in campaigns] == [("done", 1)]
        assert (await command(data, "subscribers", "count")).strip() == "0"
        assert len(double.called("sendMessage")) == 5  # two offers, the reminder, two to the operator; presses edit
        assert double.refused == []


async def test_what_fell_due_while_the_program_was_down_is_sent_after_its_start(data: Path) -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        async with running(double, data, "2025-10-30T12:00"):
            chat.press("Yes, remind me", await chat.ask("/remind"))
            await chat.reply()
        async with running(double, data, "2025-11-06T18:30", EXPLAINER_REHEARSAL="0"):
            with pytest.raises(TimeoutError):  # a set clock delivers nothing by itself
                await chat.reply(3)
        assert json.loads(await command(data, "subscribers", "export"))["chat"] == chat.id
        async with running(double, data, "2025-11-06T18:30"):
            outcome = await chat.reply(30)
            assert outcome.text.startswith("The outcome: the vote on joining 287(g).")
            assert "With this your reminders end. I erase your subscription on December 6, 2025." in outcome.text
            chat.press("Yes, of the next date too", outcome)
            assert "The next one comes on November 24, 2026, 8:00 a.m." in (await chat.reply()).text
        assert double.refused == []
