"""What only an administrator may do in a group: erase what is kept of it, and choose its language."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.reminding import Reminding
from bot.core.clock import FixedClock
from bot.core.messages import Incoming, Reader, Reply, Turn
from bot.core.ports import Understanding
from bot.factbase.base import FactBase
from bot.phrasebook.book import Phrasebook
from bot.platforms.plaintext import to_text
from bot.storage import open_storage

pytestmark = pytest.mark.asyncio

NOON = datetime(2025, 11, 5, 12, tzinfo=ZoneInfo("America/Chicago"))


class Nobody:
    """Only buttons are pressed here."""

    def understand(self, text: str, context: Turn | None = None) -> Understanding:
        raise AssertionError(text, context)


@pytest.fixture
def press(base_of: Callable[..., FactBase], responses_folder: Path, tmp_path: Path) -> Callable[..., Awaitable[Reply]]:
    """Presses a button in a group, as somebody who may or may not decide for it."""

    async def pressed(intent: str, *, may: bool) -> Reply:
        async def may_subscribe() -> bool:
            return may

        async def ended_at() -> None:
            return None

        clock, base = FixedClock(NOON), base_of()
        storage = await open_storage(None, tmp_path / "var", ["the secret of these tests"], clock)
        try:
            reminding = Reminding(base, storage.subscriptions("old-bridge"), ended_at, timedelta(days=30))
            book = Phrasebook(responses_folder, ["en", "es"])
            talk = Conversation(base, book, Nobody(), clock, None, reminding)
            reader = Reader("telegram", "-100", None, may_subscribe)
            return await talk(Incoming(turn=Turn(intent), lang="es", reader=reader))
        finally:
            await storage.close()

    return pressed


async def test_a_member_cannot_have_erased_what_is_kept_of_the_group(press: Callable[..., Awaitable[Reply]]) -> None:
    refused = await press("forget_me", may=False)
    assert not refused.forget
    assert to_text(refused.html).startswith("En un grupo, solo un administrador puede hacer borrar")
    assert (await press("forget_me", may=True)).forget


async def test_a_member_is_answered_in_a_language_that_the_group_does_not_keep(
    press: Callable[..., Awaitable[Reply]],
) -> None:
    refused = await press("language", may=False)
    assert (refused.lang, refused.chosen_lang) == ("es", None)
    assert (await press("language", may=True)).chosen_lang == "es"
