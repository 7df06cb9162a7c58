"""Sends, edits and acknowledges on Telegram, each failure handled by what it means."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.core.messages import Document
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

    `moved` is told of a group that has another id now, before and after. `used` counts the messages that were sent or
    edited, or may have been: what counts against Telegram's rate.
    """

    def __init__(self, bot: Bot, pace: Pace, moved: Callable[[int, int], Awaitable[None]]) -> None:
        self._bot = bot
        self._pace = pace
        self._moved = moved
        self.used = 0

    async def send(self, place: Place, parts: Sequence[Part], keyboard: InlineKeyboardMarkup | None) -> Place:
        """Sends the messages in order, the keyboard under the last, and gives the place of whatever follows. A reader
        who has left is passed over quietly."""
        try:
            for number, part in enumerate(parts, start=1):
                under = keyboard if number == len(parts) else None
                place = await self._deliver(place, partial(self._post, part=part, keyboard=under))
        except Forbidden:
            log.info("telegram.reader_left")
        return place

    async def send_document(self, place: Place, document: Document) -> None:
        """Sends a file. A reader who has left is passed over quietly."""
        try:
            await self._deliver(place, partial(self._upload, document=document))
        except Forbidden:
            log.info("telegram.reader_left")

    async def status(self, chat: int, person: int) -> str:
        """What a person is in a chat, in Telegram's words (`administrator`). Raises TelegramError."""
        member = await self._carefully(lambda: self._bot.get_chat_member(chat, person), repeatable=True)
        return member.status

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

    async def _deliver(self, place: Place, post: Callable[[Place], Awaitable[object]]) -> Place:
        """Sends one message and gives the place for the next (a group may have moved to another id)."""
        try:
            await self._carefully(lambda: self._counted(post(place)), repeatable=False)
        except ChatMigrated as error:
            await self._moved(place.chat, error.new_chat_id)
            place = Place(error.new_chat_id)
            await self._carefully(lambda: self._counted(post(place)), repeatable=False)
        except (BadRequest, UnprocessedError):
            raise
        except NetworkError as error:
            log.warning("telegram.send_unsure error=%s", type(error).__name__)
        return replace(place, reply_to=None)

    async def _edit(self, message: Message, part: Part, keyboard: InlineKeyboardMarkup | None) -> bool:
        """Edits a message; False where it is out of reach for that."""
        try:
            await self._carefully(lambda: self._counted(self._rewrite(message, part, keyboard)), repeatable=True)
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

    async def _upload(self, place: Place, document: Document) -> object:
        file = InputFile(document.content, filename=document.name)
        file.mimetype = document.media_type
        return await self._bot.send_document(place.chat, file, message_thread_id=place.thread)

    async def _counted(self, call: Awaitable[Result]) -> Result:
        """Counts a call unless the server surely did nothing: refusals cost no message."""
        try:
            result = await call
        except (BadRequest, UnprocessedError):
            raise
        except NetworkError:
            self.used += 1
            raise
        self.used += 1
        return result

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
