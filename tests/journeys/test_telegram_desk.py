"""The editors' commands in the program as an operator starts it: figures, deliveries, another instant, new content."""

import asyncio
import shutil
import signal
from pathlib import Path

import pytest

from tests.double import BotApiDouble
from tests.double.world import Chat
from tests.journeys.test_telegram_process import running

pytestmark = pytest.mark.asyncio(loop_scope="function")

CLOCK = "2025-11-05T12:00"
COMMANDS = {"stats", "campaigns", "preview", "reload"}
SCHEDULED = "when: 2025-11-06T09:00"


@pytest.fixture
def facts(pack_folder: Path, tmp_path: Path) -> Path:
    """A copy of the served pack, to edit."""
    return Path(shutil.copytree(pack_folder, tmp_path / "facts" / pack_folder.name))


def correct(facts: Path, old: str, new: str) -> None:
    """Replaces words in the pack's dates."""
    file = facts / "decisions.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


async def reload(admin: Chat) -> str:
    """What an administrator is told of a reload."""
    admin.say("/reload")
    return (await admin.reply(30)).text


async def logged(process: asyncio.subprocess.Process, event: bytes, times: int) -> None:
    """Waits until a process has logged an event so many times."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while times:
            line = await process.stdout.readline()
            assert line, "the process has ended"
            times -= event in line


async def test_desk_is_in_the_menu_and_the_answers_of_administrators_alone(data: Path) -> None:
    async with BotApiDouble() as double:
        admin, reader = double.private(lang="es"), double.private(lang="en")
        async with running(double, data, CLOCK, EXPLAINER_ADMINS=str(admin.id)):
            for language in ("", "es"):
                key = ("chat", admin.id, language)
                await double.until(lambda key=key: key in double.account.scoped_menus)
                own = {entry["command"] for entry in double.account.scoped_menus[key]}
                public = {entry["command"] for entry in double.menus[language]}
                assert (own - public, public - own) == (COMMANDS, set())
            assert len(double.account.scoped_menus) == 2
            assert (await reader.ask("/vote")).text.startswith("Tomorrow")
            told = (await admin.ask("/stats")).text
            assert told.startswith("1 respuesta desde")
            assert "Suscripciones: 0" in told
            assert (await admin.ask("/campaigns")).text == "Aún no hay envíos."
            group = double.group()
            for chat in (reader, group):
                answers = [(await chat.ask(f"/{name}@FactsBot")).text for name in sorted(COMMANDS)]
                assert not [text for text in answers if "Suscrip" in text or "deliver" in text or "instant" in text]
        assert double.refused == []


async def test_preview_is_of_one_chat_says_so_and_keeps_nothing(data: Path) -> None:
    async with BotApiDouble() as double:
        admin, reader = double.private(lang="en"), double.private(lang="en")
        async with running(double, data, CLOCK, EXPLAINER_ADMINS=str(admin.id)):
            assert "/preview 2025-11-06T" in (await admin.ask("/preview next week")).text
            begun = (await admin.ask("/preview 2025-10-24T18:00")).text
            assert begun.startswith("Here it is Oct 24, 2025, 6:00 p.m. in Dallas now.")
            answer = (await admin.ask("/vote")).text
            assert answer.startswith("Preview (Oct 24, 2025, 6:00 p.m.): nothing of this is kept.")
            assert "As of Oct 24, 2025, 6:00 p.m." in answer
            assert "Preview" not in (await reader.ask("/vote")).text
            assert (await admin.ask("/timeline")).text.startswith("Preview (")
            assert "Yes, remind me" not in (await admin.ask("/remind")).labels
            assert "In a preview, nothing is kept or changed." in (await admin.ask("/forgetme")).text
            await admin.ask("/language")
            admin.press("Español")
            assert (await admin.reply()).text.startswith("Vista previa (")
            assert (await admin.ask("/preview off")).text == "Back to the present."
            assert (await admin.ask("/vote")).text.startswith("Tomorrow")
        assert double.refused == []


async def test_reload_serves_what_is_sound_and_refuses_what_is_not(data: Path, facts: Path) -> None:
    async with BotApiDouble() as double:
        admin = double.private(lang="en")
        settings = {"EXPLAINER_ADMINS": str(admin.id), "EXPLAINER_FACTS": str(facts.parent)}
        async with running(double, data, CLOCK, **settings) as process:
            assert "9:00 a.m" in (await admin.ask("/vote")).text
            correct(facts, SCHEDULED, "when: 2025-11-31T09:00")
            refused = await reload(admin)
            assert refused.startswith("Nothing has changed")
            assert "decisions.yaml:" in refused
            assert "9:00 a.m" in (await admin.ask("/vote")).text
            correct(facts, "when: 2025-11-31T09:00", "when: 2025-11-06T10:30")
            assert (await reload(admin)).startswith("New content is served")
            assert (await reload(admin)).startswith("Nothing has changed: content")
            assert "10:30 a.m" in (await admin.ask("/vote")).text
            correct(facts, "when: 2025-11-06T10:30", "when: 2025-11-06T11:45")
            process.send_signal(signal.SIGHUP)
            await logged(process, b"content.reloaded", 3)
            assert "11:45 a.m" in (await admin.ask("/vote")).text
        assert double.refused == []
