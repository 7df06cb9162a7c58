"""The pictures that some answers can be shown as: who asks for one, where to offer it, and the picture itself."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
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
PATIENCE: Final = 10.0  # seconds for which an answer waits for its picture, which takes less than one
MOST_WAITING: Final = 4  # drawings: every card in both languages
LONGEST_CAPTION: Final = 1_024  # UTF-16 units after entities are parsed: sendPhoto of the Bot API


class Pictures:
    """The cards of the content folder, as of a snapshot; an answer waits for one up to `patience` seconds."""

    def __init__(self, phrasebook: Phrasebook, cards: Cards | None = None, patience: float = PATIENCE) -> None:
        self._presets = phrasebook.presets
        self._cards = cards or Cards(phrasebook)
        self._patience = patience
        self._drawer = ThreadPoolExecutor(1, "pictures")  # not asyncio's, where names are looked up
        self._drawings: dict[tuple[str, Snapshot, str], asyncio.Future[None]] = {}

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
        """Has what a turn asks for drawn, so that `picture` finds it for the same `facts`. Holds nobody else up, and
        raises nothing: what fails or takes too long is not found then."""
        card = self.card(turn)
        if card is None:
            return
        try:
            await asyncio.to_thread(self._cards.svg, card, facts, lang)  # milliseconds; tells if it was drawn before
        except ContentError as error:
            log.error("picture.failed card=%s lang=%s: %s", card, lang, error)
            return
        if self._cards.kept(card, facts, lang) is None and (drawing := self._begun(card, facts, lang)):
            await asyncio.wait([drawing], timeout=self._patience)

    def _begun(self, card: str, facts: Snapshot, lang: str) -> "asyncio.Future[None] | None":
        """The drawing of a card, begun here or before; None where too many wait."""
        key = (card, facts, lang)
        if key not in self._drawings:
            if len(self._drawings) >= MOST_WAITING:
                log.warning("picture.put_off card=%s lang=%s", card, lang)
                return None
            drawing = asyncio.get_running_loop().run_in_executor(self._drawer, self._draw, *key)
            self._drawings[key] = drawing
            drawing.add_done_callback(lambda _: self._drawings.pop(key))
        return self._drawings[key]

    def _draw(self, card: str, facts: Snapshot, lang: str) -> None:
        try:
            self._cards.png(card, facts, lang)
        except ContentError as error:
            log.error("picture.failed card=%s lang=%s: %s", card, lang, error)

    def draw(self, turn: Turn, facts: Snapshot, lang: str) -> None:
        """The same as `prepare` without an event loop. Raises ContentError where it cannot be drawn."""
        if card := self.card(turn):
            self._cards.png(card, facts, lang)

    def picture(self, turn: Turn, facts: Snapshot, lang: str, caption: str) -> Picture | None:
        """The picture that a turn asks for, None where it asks for none or none was drawn; the first paragraph of
        `caption`, an answer's HTML, says what it shows."""
        card = self.card(turn)
        png = self._cards.kept(card, facts, lang) if card else None
        if png is None:
            return None
        mark = blake2b(png, digest_size=8).hexdigest()
        return Picture(png, first_words(caption), f"/pictures/{turn.intent}.{lang}.{mark}.png")


def first_words(html: str) -> str:
    """The words of the first paragraph of an answer."""
    return Markup(html.partition("</p>")[0]).striptags()  # noqa: S704 - rendered, then stripped
