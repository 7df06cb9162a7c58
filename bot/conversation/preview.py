"""Lets an editor's chat look at another instant for a while: it is answered as of then, and nothing of that is kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Final

from markupsafe import Markup

from bot.conversation.pictures import LONGEST_CAPTION
from bot.core.messages import Incoming, Reply, Turn
from bot.core.ports import Answer

LASTS: Final = 30 * 60.0  # seconds


@dataclass(slots=True)
class Preview:
    """One chat's: the instant that it looks at, when that ends (of the machine's monotonic clock), its last turn."""

    at: datetime
    ends: float
    turn: Turn | None = None


class Previews:
    """The chats that look at another instant, in memory alone. Who may begin one is for the caller to see to."""

    def __init__(self, elapsed: Callable[[], float] = monotonic) -> None:
        self._elapsed = elapsed
        self._kept: dict[str, Preview] = {}

    def begin(self, chat: str, at: datetime) -> None:
        """From now on this chat looks at `at`, for LASTS."""
        self._kept[chat] = Preview(at, self._elapsed() + LASTS)

    def end(self, chat: str) -> bool:
        """Back to the present; whether the chat looked at another instant."""
        was = self.of(chat) is not None
        self._kept.pop(chat, None)
        return was

    def of(self, chat: str) -> Preview | None:
        """What a chat looks at; None: at the present."""
        preview = self._kept.get(chat)
        if preview is not None and preview.ends <= self._elapsed():
            del self._kept[chat]
            return None
        return preview


def previewing(answer: Answer, previews: Previews, line: Callable[[datetime, str], str]) -> Answer:
    """The same answers, but as of then to a chat that looks at another instant, below `line(instant, lang)` in HTML.
    Nothing of such a chat is changed, and neither what it chooses nor what it asked is for keeping."""

    async def answered(incoming: Incoming) -> Reply:
        preview = previews.of(incoming.reader.chat) if incoming.reader else None
        if preview is None:
            return await answer(incoming)
        context = preview.turn or incoming.context
        reply = await answer(replace(incoming, at=preview.at, context=context))
        if reply.outcome == "answer":
            preview.turn = reply.turn
        html = line(preview.at, reply.lang) + reply.html
        if reply.picture and _length(html) > LONGEST_CAPTION:  # the picture itself says of which day it is
            html = reply.html
        return replace(reply, html=html, chosen_lang=None, forget=False, is_preview=True)

    return answered


def _length(html: str) -> int:
    """UTF-16 units of the words, as Telegram counts them."""
    return len(Markup(html).striptags().encode("utf-16-le")) // 2  # noqa: S704 - rendered, then stripped
