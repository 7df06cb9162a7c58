"""Sends, edits and acknowledges on Telegram, each failure handled by what it means."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.platforms.telegram.html import Part
from bot.platforms.telegram.transport import Pace, UnprocessedError

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UNCHANGED = "not modified"
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes: a chat, a topic of a forum, and in groups the message that it replies to."""

    chat: int
    thread: int | None = None
    reply_to: int | None = None


class Sender:
    """Makes the calls of one answer.

    A call that had no effect (flood control, a server's 5xx, no connection) is made again a few times. Where nobody can
    tell (a time-out after sending), an edit is made again, since twice is as good as once; a new message is
    not: a reader who sees an answer twice loses trust, one who sees none asks again.
    """

    def __init__(self, bot: Bot, pace: Pace) -> None:
        self._bot = bot
        self._pace = pace

    async def send(self, place: Place, parts: Sequence[Part], keyboard: InlineKeyboardMarkup | None) -> None:
        """Sends the messages in order, the keyboard under the last. A reader who has left is passed over quietly."""
        try:
            for number, part in enumerate(parts, start=1):
                under = keyboard if number == len(parts) else None
                place = await self._send_part(place, part, under)
                place = replace(place, reply_to=None)
        except Forbidden:
            log.info("telegram.reader_left")

    async def revise(
        self, place: Place, message: Message, parts: Sequence[Part], keyboard: InlineKeyboardMarkup | None
    ) -> None:
        """Puts a new answer in the place of a message: the first part edits it, the others follow as new messages.
        Where it can be edited no more, all are sent anew."""
        first, *others = parts
        under = None if others else keyboard
        unchanged = message.text == first.text and message.reply_markup == under
        if unchanged or await self._edit(message, first, under):
            await self.send(place, others, keyboard)
        else:
            await self.send(place, parts, keyboard)

    async def acknowledge(self, query: str) -> None:
        """Ends the waiting sign on a pressed button. Never raises: an old query may be unknown by now."""
        try:
            await self._carefully(lambda: self._bot.answer_callback_query(query), repeatable=True)
        except TelegramError as error:
            log.info("telegram.press_not_acknowledged error=%s", type(error).__name__)

    async def _send_part(self, place: Place, part: Part, keyboard: InlineKeyboardMarkup | None) -> Place:
        """Sends one message and gives the place for the next (a group may have moved to another id)."""
        try:
            await self._carefully(lambda: self._post(place, part, keyboard), repeatable=False)
        except ChatMigrated as moved:
            place = Place(moved.new_chat_id)
            await self._carefully(lambda: self._post(place, part, keyboard), repeatable=False)
        except (BadRequest, UnprocessedError):
            raise
        except NetworkError as error:
            log.warning("telegram.send_unsure error=%s", type(error).__name__)
        return place

    async def _edit(self, message: Message, part: Part, keyboard: InlineKeyboardMarkup | None) -> bool:
        """Edits a message; False where it is out of reach for that."""
        try:
            await self._carefully(lambda: self._rewrite(message, part, keyboard), repeatable=True)
        except BadRequest as error:
            reason = error.message.lower()
            if any(words in reason for words in _GONE):
                return False
            if _UNCHANGED not in reason:
                raise
        except Forbidden:
            log.info("telegram.reader_left")
        return True

    async def _post(self, place: Place, part: Part, keyboard: InlineKeyboardMarkup | None) -> object:
        replied = ReplyParameters(place.reply_to, allow_sending_without_reply=True) if place.reply_to else None
        return await self._bot.send_message(
            place.chat,
            part.html,
            parse_mode=ParseMode.HTML,
            link_preview_options=_NO_PREVIEW,
            message_thread_id=place.thread,
            reply_parameters=replied,
            reply_markup=keyboard,
        )

    async def _rewrite(self, message: Message, part: Part, keyboard: InlineKeyboardMarkup | None) -> object:
        return await self._bot.edit_message_text(
            part.html,
            chat_id=message.chat.id,
            message_id=message.message_id,
            parse_mode=ParseMode.HTML,
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard,
        )

    async def _carefully(self, call: Callable[[], Awaitable[Result]], *, repeatable: bool) -> Result:
        for pause in self._pace.pauses:
            try:
                return await call()
            except BadRequest:
                raise
            except UnprocessedError as error:
                wait = max(error.wait, pause)
                if wait > self._pace.longest_wait:
                    raise
            except NetworkError:
                if not repeatable:
                    raise
                wait = pause
            await asyncio.sleep(wait)
        return await call()
