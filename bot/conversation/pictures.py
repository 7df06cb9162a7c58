"""The pictures that some answers can be shown as: who asks for one, where to offer it, and the picture itself."""

import asyncio
import logging
from hashlib import blake2b
from typing import Final

from markupsafe import Markup

from bot.core.errors import ContentError
from bot.core.messages import Picture, Turn
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.cards import Cards
from bot.phrasebook.presets import PICTURE

log = logging.getLogger(__name__)

OPTION: Final = f"option:{PICTURE}"
LONGEST_CAPTION: Final = 1_024  # UTF-16 units after entities are parsed: sendPhoto of the Bot API


class Pictures:
    """The cards of the content folder, as of a snapshot."""

    def __init__(self, phrasebook: Phrasebook, cards: Cards | None = None) -> None:
        self._presets = phrasebook.presets
        self._cards = cards or Cards(phrasebook)

    def card(self, turn: Turn) -> str | None:
        """The name of the card that a turn asks for."""
        preset = self._presets.get(turn.intent)
        return preset.picture if preset and turn.entity == OPTION else None

    def caption(self, turn: Turn) -> Turn | None:
        """The turn whose template says in words what the picture of a turn shows."""
        card = self.card(turn)
        return Turn(f"cards/{card}") if card else None

    def offered(self, turn: Turn) -> tuple[Turn, ...]:
        """What to offer below the answer to a turn: its picture; below the picture, the answer in words."""
        preset = self._presets[turn.intent]
        if preset.picture is None:
            return ()
        if turn.entity == OPTION:
            return (Turn(turn.intent),)
        return (Turn(turn.intent, OPTION),) if turn.entity is None else ()

    async def prepare(self, turn: Turn, facts: Snapshot, lang: str) -> None:
        """Draws what a turn asks for without holding anybody up, so that `picture` gives it at once. Raises nothing:
        what cannot be drawn is for `picture` to say."""
        if card := self.card(turn):
            try:
                await asyncio.to_thread(self._cards.png, card, facts, lang)
            except ContentError:
                log.error("picture failed card=%s lang=%s", card, lang)

    def picture(self, turn: Turn, facts: Snapshot, lang: str, caption: str) -> Picture | None:
        """The picture that a turn asks for, None where it asks for none; the first paragraph of `caption`, an answer's
        HTML, says what it shows. Raises ContentError where it cannot be drawn."""
        card = self.card(turn)
        if card is None:
            return None
        png = self._cards.png(card, facts, lang)
        mark = blake2b(png, digest_size=8).hexdigest()
        return Picture(png, first_words(caption), f"/pictures/{turn.intent}.{lang}.{mark}.png")


def first_words(html: str) -> str:
    """The words of the first paragraph of an answer."""
    return Markup(html.partition("</p>")[0]).striptags()  # noqa: S704 - rendered, then stripped
