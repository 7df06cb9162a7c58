"""The Dallas pack as it is served, asked by pressed buttons."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.pictures import Pictures
from bot.core.clock import FixedClock
from bot.core.messages import Incoming, Reply, Turn
from bot.editorial.check import Nobody
from bot.editorial.content import Content, load_content
from bot.factbase.when import parse_moment
from bot.phrasebook.cards import Cards
from bot.phrasebook.drawing import draw_trial

Ask = Callable[..., Reply]


@pytest.fixture(scope="session")
def content(pack_folder: Path, responses_folder: Path) -> Content:
    """The content that is served; it has no errors."""
    loaded = load_content(pack_folder, responses_folder, lambda zone: datetime(2026, 11, 21, 12, tzinfo=zone))
    assert loaded.content is not None, [str(finding) for finding in loaded.findings]
    return loaded.content


@pytest.fixture(scope="session")
def conversation(content: Content) -> Conversation:
    """The conversation over it; nobody writes, everybody presses buttons. Pictures are drawn too small to read."""
    noon = datetime(2026, 11, 21, 12, tzinfo=content.base.zone)
    pictures = Pictures(content.phrasebook, Cards(content.phrasebook, draw_trial))
    return Conversation(content.base, content.phrasebook, Nobody(), FixedClock(noon), pictures=pictures)


@pytest.fixture(scope="session")
def ask(conversation: Conversation, content: Content) -> Ask:
    """Asks an intent, of an entity perhaps, at a clock like `2025-10-24T18:00` in Dallas."""

    def one(at: str, intent: str, entity: str | None = None, lang: str = "en") -> Reply:
        moment = parse_moment(at, content.base.zone)
        return conversation.answer(Incoming(turn=Turn(intent, entity), lang=lang, at=moment))

    return one
