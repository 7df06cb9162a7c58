"""What readers are told of what is kept: all of it, in each language, on one screen."""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.reminding import Reminding
from bot.core.clock import FixedClock
from bot.core.messages import Incoming, Turn
from bot.editorial.check import Nobody
from bot.editorial.content import Content
from bot.factbase.when import parse_moment
from bot.phrasebook.kept import load_kept
from bot.platforms.plaintext import to_text
from bot.platforms.telegram.html import to_pages
from bot.platforms.telegram.screens import SCREEN_LINES, screen_lines

KEPT_LONGEST = timedelta(days=3650)  # what the setting allows
SAID = {
    "en": ("I don't keep what you write.", "not the police, not ICE", "Telegram itself", "Backups", "“Forget me”"),
    "es": ("No guardo lo que escribes.", "No soy la policía, ni ICE", "El propio Telegram", "copias", "“Olvídame”"),
}


@pytest.fixture
def telling(content: Content) -> Conversation:
    """A conversation that knows how long subscriptions are kept; it never asks for one here."""
    clock = FixedClock(parse_moment("2025-10-24T18:00", content.base.zone))
    reminding = Reminding(content.base, cast("Any", None), cast("Any", None), KEPT_LONGEST)
    return Conversation(content.base, content.phrasebook, Nobody(), clock, reminding=reminding)


@pytest.mark.parametrize("lang", SAID)
def test_privacy_tells_every_item_on_one_screen(telling: Conversation, responses_folder: Path, lang: str) -> None:
    reply = telling.answer(Incoming(turn=Turn("privacy"), lang=lang))
    words = " ".join(to_text(reply.html).split())
    for item in load_kept(responses_folder)[0]:
        assert item.what.get(lang) in words
        assert item.until.get(lang).replace("{retention}", "3650 days" if lang == "en" else "3650 días") in words
    assert all(said in words for said in SAID[lang])
    assert "{" not in words
    (page,) = to_pages(reply.html)
    assert screen_lines(page.html) <= SCREEN_LINES


@pytest.mark.parametrize("lang", SAID)
def test_every_item_is_written_in_every_language(content: Content, responses_folder: Path, lang: str) -> None:
    items = load_kept(responses_folder)[0]
    assert {item.id for item in items} == {"language", "last-question", "reminders", "sent-reminders"}
    for item in items:
        assert {lang} <= item.what.root.keys() & item.until.root.keys() & set(content.base.topic.languages)
