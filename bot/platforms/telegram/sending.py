"""Sends, edits and acknowledges on Telegram, each failure handled by what it means."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Final, TypeVar

import orjson
from telegram import Bot, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.core.messages import Document, Picture
from bot.platforms.telegram.html import Part
from bot.platforms.telegram.outflow import Outflow
from bot.platforms.telegram.transport import Pace, UnprocessedError
from bot.platforms.telegram.webhook import Slot

log = logging.getLogger(__name__)

Result = TypeVar("Result")

MOST_UPLOADED: Final = 200  # pictures whose file ids are remembered: a few cards, in two languages, for some days

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

    `moved` is told of a group that has another id now, before and after. `outflow` says when a message may go. `used`
    counts the messages that were sent or edited, or may have been: what counts against Telegram's rate.
    """

    def __init__(self, bot: Bot, pace: Pace, moved: Callable[[int, int], Awaitable[None]], outflow: Outflow) -> None:
        self._bot = bot
        self._pace = pace
        self._moved = moved
        self._outflow = outflow
        self._uploaded: OrderedDict[bytes, str] = OrderedDict()
        self.used = 0

    def carry(self, slot: Slot | None, place: Place, tail: bytes) -> bool:
        """Lets a message to a private chat travel back in the response to its question, which saves a call. False
        where that cannot be: then it is to be sent. What the server says of it is never learnt: a reader who has left
        loses nothing, and the message was checked when its payload was made."""
        if slot is None or not slot.is_open or not self._outflow.try_take():
            return False
        self.used += 1
        return slot.carry(b'{"method":"sendMessage","chat_id":%d' % place.chat + tail)

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

    async def send_picture(
        self, place: Place, picture: Picture, caption: Part, keyboard: InlineKeyboardMarkup | None
    ) -> Place:
        """Sends a picture, uploaded once and then named by its file id. A reader who has left is passed over."""
        post = partial(self._show, picture=picture, caption=caption, keyboard=keyboard)
        try:
            return await self._deliver(place, post)
        except Forbidden:
            log.info("telegram.reader_left")
        return place

    async def show_typing(self, place: Place) -> None:
        """Shows that an answer is being made. Never raises."""
        try:
            await self._bot.send_chat_action(place.chat, ChatAction.TYPING, message_thread_id=place.thread)
        except TelegramError as error:
            log.info("telegram.typing_not_shown error=%s", type(error).__name__)

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
        if message.text is None:  # a picture's words cannot become a message
            await self.send(place, parts, keyboard)
        elif unchanged or await self._edit(message, first, under):
            await self.send(place, others, keyboard)
        else:
            await self.send(place, parts, keyboard)

    async def acknowledge(self, query: str, words: str | None, slot: Slot | None = None) -> None:
        """Ends the waiting sign on a pressed button, showing `words` for a moment, in the response of `slot` where that
        is open. Never raises: an old query may be unknown by now."""
        if slot is not None and slot.is_open:
            slot.carry(press_end(query, words))
            return
        try:
            await self._carefully(lambda: self._bot.answer_callback_query(query, words), repeatable=True)
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

    async def _show(
        self, place: Place, picture: Picture, caption: Part, keyboard: InlineKeyboardMarkup | None
    ) -> object:
        replied = ReplyParameters(place.reply_to, allow_sending_without_reply=True) if place.reply_to else None
        digest = blake2b(picture.content, digest_size=16).digest()
        known = self._uploaded.get(digest)
        sent = await self._bot.send_photo(
            place.chat,
            known or InputFile(picture.content, filename=PurePosixPath(picture.path).name),
            caption=caption.html,
            parse_mode=ParseMode.HTML,
            message_thread_id=place.thread,
            reply_parameters=replied,
            reply_markup=keyboard,
        )
        if known is None and sent.photo:
            self._uploaded[digest] = sent.photo[-1].file_id
            if len(self._uploaded) > MOST_UPLOADED:
                self._uploaded.popitem(last=False)
        return sent

    async def _upload(self, place: Place, document: Document) -> object:
        file = InputFile(document.content, filename=document.name)
        file.mimetype = document.media_type
        return await self._bot.send_document(place.chat, file, message_thread_id=place.thread)

    async def _counted(self, call: Awaitable[Result]) -> Result:
        """Makes a call when its turn has come, and counts it unless the server surely did nothing: refusals cost no
        message."""
        await self._outflow.take()
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


def press_end(query: str, words: str | None) -> bytes:
    """The call that ends the waiting sign on a pressed button, as a response carries it."""
    call = {"method": "answerCallbackQuery", "callback_query_id": query}
    return orjson.dumps(call | ({"text": words} if words else {}))
