"""What is sent of an answer, made once and kept as long as the answer is the same."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from telegram import InlineKeyboardMarkup

from bot.core.messages import Button, Reply
from bot.core.ports import Codes, Phrase
from bot.platforms.telegram.html import Part, to_messages, to_pages
from bot.platforms.telegram.keyboard import Labels, Position, build_keyboard
from bot.platforms.telegram.rich import to_rich

KEPT: Final = 2000  # payloads of some 5 kB; the answers of a pack in two languages, with the ways that led to them


@dataclass(frozen=True, slots=True)
class Payload:
    """The messages of an answer and the keyboard under the last; `tails` are the messages as the fields of sendMessage
    behind the chat's (`message_tail`). `rich` is the whole answer as one rich message and its keyboard, None where it
    is not wanted or cannot be one."""

    parts: tuple[Part, ...]
    keyboard: InlineKeyboardMarkup | None
    tails: tuple[bytes, ...]
    rich: tuple[dict[str, Any], InlineKeyboardMarkup | None] | None = None


class Payloads:
    """Makes and keeps the payloads of replies.

    An answer that one message cannot hold is shown page by page, where asking it again changes nothing; else in
    several messages.
    """

    def __init__(self, codes: Codes, phrase: Phrase) -> None:
        self._codes = codes
        self._phrase = phrase
        self._kept: OrderedDict[tuple[object, ...], Payload] = OrderedDict()

    def payload(
        self,
        reply: Reply,
        trail: tuple[str, ...] = (),
        page: int = 1,
        link: str | None = None,
        *,
        is_rich: bool = False,
    ) -> Payload:
        """The payload of a reply that stands where `trail` led to; `link` is where it can be followed up in private."""
        kind = reply.lang, reply.outcome, reply.is_repeatable, reply.picture is None
        key = (reply.html, reply.buttons, reply.turn, *kind, trail, page, link, is_rich)
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        made = self._kept[key] = self._made(reply, trail, page, link, is_rich)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made

    def _made(self, reply: Reply, trail: tuple[str, ...], page: int, link: str | None, is_rich: bool) -> Payload:
        code = self._codes.code(reply.turn) if reply.is_repeatable and reply.outcome != "confirm" else None
        has_pages = code is not None and reply.picture is None
        parts = to_pages(reply.html) if has_pages else to_messages(reply.html)
        position, buttons = Position(code, trail, lang=reply.lang), reply.buttons
        if link:
            buttons = (*buttons, Button(self._phrase("in_private", reply.lang), url=link))
        whole = to_rich(reply.html) if is_rich else None
        rich = (whole, self._keyboard(reply, buttons, position)) if whole else None
        if has_pages and len(parts) > 1:
            page = min(page, len(parts))
            position = Position(code, trail, page, len(parts), reply.lang)
            parts, buttons = (parts[page - 1],), buttons if page == 1 else ()
        keyboard = self._keyboard(reply, buttons, position)
        return Payload(parts, keyboard, message_tails(parts, keyboard), rich)

    def _keyboard(self, reply: Reply, buttons: Sequence[Button], position: Position) -> InlineKeyboardMarkup | None:
        labels = Labels(self._phrase("more", reply.lang), self._phrase("back", reply.lang))
        return build_keyboard(buttons, self._codes, position, labels)


def message_tails(parts: Sequence[Part], keyboard: InlineKeyboardMarkup | None) -> tuple[bytes, ...]:
    """The `message_tail` of each part, the keyboard under the last."""
    last = len(parts) - 1
    return tuple(message_tail(part.html, keyboard if n == last else None) for n, part in enumerate(parts))


def message_tail(html: str, keyboard: InlineKeyboardMarkup | None) -> bytes:
    """The fields of sendMessage behind those that differ from chat to chat, in JSON from a comma to the end."""
    fields: dict[str, Any] = {"text": html, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    return b"," + orjson.dumps(fields | ({"reply_markup": keyboard.to_dict()} if keyboard else {}))[1:]
