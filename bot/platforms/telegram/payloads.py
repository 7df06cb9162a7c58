"""What is sent of an answer, made once and kept as long as the answer is the same."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from telegram import InlineKeyboardMarkup

from bot.core.messages import Button, Reply
from bot.core.ports import Codes, Phrase
from bot.platforms.telegram.html import Part, to_messages
from bot.platforms.telegram.keyboard import Labels, Position, build_keyboard

KEPT: Final = 2000  # payloads of some 5 kB; the answers of a pack in two languages, with the ways that led to them


@dataclass(frozen=True, slots=True)
class Payload:
    """The messages of an answer and the keyboard under the last; `tail` is a single message as the fields of
    sendMessage behind the chat's, in JSON, None where there are several."""

    parts: tuple[Part, ...]
    keyboard: InlineKeyboardMarkup | None
    tail: bytes | None


class Payloads:
    """Makes and keeps the payloads of replies.

    An answer that one message cannot hold is shown page by page, where asking it again changes nothing; else in
    several messages.
    """

    def __init__(self, codes: Codes, phrase: Phrase) -> None:
        self._codes = codes
        self._phrase = phrase
        self._kept: OrderedDict[tuple[object, ...], Payload] = OrderedDict()

    def payload(self, reply: Reply, trail: tuple[str, ...] = (), page: int = 1, link: str | None = None) -> Payload:
        """The payload of a reply that stands where `trail` led to; `link` is where it can be followed up in
        private."""
        key = (reply.html, reply.buttons, reply.turn, trail, page, link)
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        made = self._made(reply, trail, page, link)
        self._kept[key] = made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made

    def _made(self, reply: Reply, trail: tuple[str, ...], page: int, link: str | None) -> Payload:
        parts = to_messages(reply.html)
        code = self._codes.code(reply.turn) if reply.is_repeatable and reply.outcome != "confirm" else None
        position = Position(code, trail)
        buttons: Sequence[Button] = reply.buttons
        if code and len(parts) > 1:
            page = min(page, len(parts))
            position = Position(code, trail, page, len(parts))
            parts, buttons = (parts[page - 1],), buttons if page == 1 else ()
        if link:
            buttons = (*buttons, Button(self._phrase("in_private", reply.lang), url=link))
        labels = Labels(self._phrase("more", reply.lang), self._phrase("back", reply.lang))
        keyboard = build_keyboard(buttons, self._codes, position, labels)
        return Payload(parts, keyboard, message_tail(parts[0].html, keyboard) if len(parts) == 1 else None)


def message_tail(html: str, keyboard: InlineKeyboardMarkup | None) -> bytes:
    """The fields of sendMessage behind those that differ from chat to chat, in JSON from a comma to the end."""
    fields: dict[str, Any] = {"text": html, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    return b"," + orjson.dumps(fields | ({"reply_markup": keyboard.to_dict()} if keyboard else {}))[1:]
