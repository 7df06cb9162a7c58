"""Puts answers where they belong on Telegram, each failure handled by what it means."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Any, Final

import orjson
from telegram import InlineKeyboardMarkup, InputFile, Message, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.core.messages import Document, Picture
from bot.platforms.telegram.calls import Calls
from bot.platforms.telegram.payloads import Payload
from bot.platforms.telegram.rich_switch import RichSwitch, edit_rich, send_rich
from bot.platforms.telegram.transport import UnprocessedError
from bot.platforms.telegram.webhook import Slot

log = logging.getLogger(__name__)

MOST_UPLOADED: Final = 200  # pictures whose file ids are remembered: a few cards, in two languages, for some days

_UNCHANGED = "not modified"
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_WRONG_FILE = ("wrong file identifier", "wrong remote file")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes: a chat, a topic of a forum, and in groups the message that it replies to."""

    chat: int
    thread: int | None = None
    reply_to: int | None = None

    def head(self) -> bytes:
        """The fields of a call that say so, in JSON without the last brace."""
        fields: dict[str, Any] = {"chat_id": self.chat}
        if self.thread is not None:
            fields["message_thread_id"] = self.thread
        if self.reply_to is not None:
            fields["reply_parameters"] = {"message_id": self.reply_to, "allow_sending_without_reply": True}
        return orjson.dumps(fields)[:-1]


class Sender:
    """Shows answers. A reader who has left is passed over quietly.

    An edit is made again where nobody can tell whether it had an effect; a new message is not: a reader who sees an
    answer twice loses trust, one who sees none asks again.

    `moved` is told of a group that has another id now, before and after; `rich` says whether the rich form is sent.
    """

    def __init__(self, calls: Calls, moved: Callable[[int, int], Awaitable[None]], rich: RichSwitch) -> None:
        self._calls = calls
        self._bot = calls.bot
        self._moved = moved
        self.rich = rich
        self._uploaded: OrderedDict[bytes, str] = OrderedDict()

    def carry(self, slot: Slot | None, place: Place, tail: bytes) -> bool:
        """Lets a message to a private chat travel back in the response to its question, which saves a call. False
        where that cannot be: then it is to be sent. What the server says of it is never learnt: a reader who has left
        loses nothing, and the message was checked when its payload was made."""
        if slot is None or not slot.is_open or not self._calls.may_send():
            return False
        return slot.carry(b'{"method":"sendMessage","chat_id":%d' % place.chat + tail)

    async def send(self, place: Place, tails: Sequence[bytes]) -> Place:
        """Sends messages in order, each by the fields of sendMessage behind the chat's (`message_tail`), and gives the
        place of whatever follows."""
        for tail in tails:
            place = await self._deliver(place, partial(self._post, tail=tail))
        return place

    async def revise(self, place: Place, message: Message, payload: Payload) -> None:
        """Puts a new answer in the place of a message: its first part edits it, the others follow as new messages.
        Where it can be edited no more, all are sent anew."""
        first, *others = payload.tails
        under = None if others else payload.keyboard
        is_shown = message.text == payload.parts[0].text and message.reply_markup == under
        edit = partial(self._rewrite, message, first)
        is_picture = message.effective_attachment is not None  # its words cannot become a message
        is_done = not is_picture and (is_shown or await self._edit(edit))
        await self.send(place, others if is_done else payload.tails)

    async def show_rich(
        self, place: Place, message: Message | None, rich: dict[str, Any], keyboard: InlineKeyboardMarkup | None
    ) -> bool:
        """Sends a rich message, or puts it in the place of one that can hold it; False where the server does not take
        the form."""
        try:
            if message is not None and message.effective_attachment is None:
                edit = partial(edit_rich, self._bot, message.chat.id, message.message_id, rich, keyboard)
                if await self._edit(edit):
                    return True
            await self._deliver(place, partial(self._post_rich, rich=rich, keyboard=keyboard))
        except TelegramError as error:
            if not self.rich.refuses(error):
                raise
            return False
        return True

    async def send_document(self, place: Place, document: Document) -> None:
        """Sends a file."""
        await self._deliver(place, partial(self._upload, document=document))

    async def send_picture(self, place: Place, picture: Picture, payload: Payload) -> Place:
        """Sends a picture with the words of `payload` as its caption, uploaded once and then named by its file id.
        Where Telegram does not take it, as in a group that allows no pictures, the words go alone."""
        try:
            return await self._deliver(place, partial(self._show, picture=picture, payload=payload))
        except BadRequest:
            log.warning("telegram.picture_refused")
            return await self.send(place, payload.tails)

    async def show_typing(self, place: Place) -> None:
        """Shows that an answer is being made. Never raises."""
        try:
            await self._bot.send_chat_action(place.chat, ChatAction.TYPING, message_thread_id=place.thread)
        except TelegramError as error:
            log.info("telegram.typing_not_shown error=%s", type(error).__name__)

    async def status(self, chat: int, person: int) -> str:
        """What a person is in a chat, in Telegram's words (`administrator`). Raises TelegramError."""
        member = await self._calls.carefully(lambda: self._bot.get_chat_member(chat, person), repeatable=True)
        return member.status

    async def acknowledge(self, query: str, words: str | None, slot: Slot | None = None) -> None:
        """Ends the waiting sign on a pressed button, showing `words` for a moment, in the response of `slot` where that
        is open. Never raises: an old query may be unknown by now."""
        if slot is not None and slot.carry(press_end(query, words), is_answer=False):
            return
        call = orjson.dumps(_press_end(query, words))
        try:
            await self._calls.carefully(lambda: self._calls.make("answerCallbackQuery", call), repeatable=True)
        except TelegramError as error:
            log.info("telegram.press_not_acknowledged error=%s", type(error).__name__)

    async def _deliver(self, place: Place, post: Callable[[Place], Awaitable[object]]) -> Place:
        """Sends one message and gives the place for the next (a group may have moved to another id)."""
        try:
            await self._calls.send(lambda: post(place), repeatable=False)
        except Forbidden:
            log.info("telegram.reader_left")
        except ChatMigrated as error:
            await self._moved(place.chat, error.new_chat_id)
            return await self._deliver(Place(error.new_chat_id), post)
        except (BadRequest, UnprocessedError):
            raise
        except NetworkError as error:
            log.warning("telegram.send_unsure error=%s", type(error).__name__)
        return replace(place, reply_to=None)

    async def _edit(self, rewrite: Callable[[], Awaitable[object]]) -> bool:
        """Edits a message; False where it is out of reach for that."""
        try:
            await self._calls.send(rewrite, repeatable=True)
        except BadRequest as error:
            reason = error.message.lower()
            if any(words in reason for words in _GONE):
                return False
            if _UNCHANGED not in reason:
                raise
        except Forbidden:
            log.info("telegram.reader_left")
        return True

    async def _post(self, place: Place, tail: bytes) -> object:
        return await self._calls.make("sendMessage", place.head() + tail)

    async def _rewrite(self, message: Message, tail: bytes) -> object:
        head = b'{"chat_id":%d,"message_id":%d' % (message.chat.id, message.message_id)
        return await self._calls.make("editMessageText", head + tail)

    async def _post_rich(self, place: Place, rich: dict[str, Any], keyboard: InlineKeyboardMarkup | None) -> None:
        await send_rich(self._bot, place.chat, rich, keyboard, thread=place.thread, reply_to=place.reply_to)

    async def _show(self, place: Place, picture: Picture, payload: Payload) -> object:
        known = self._uploaded.get(digest := blake2b(picture.content, digest_size=16).digest())
        try:
            sent = await self._send_photo(place, known or _file(picture), payload)
        except BadRequest as error:
            if known is None or not any(words in error.message.lower() for words in _WRONG_FILE):
                raise
            known, sent = None, await self._send_photo(place, _file(picture), payload)
        if known is None and sent.photo:
            self._uploaded[digest] = sent.photo[-1].file_id
            if len(self._uploaded) > MOST_UPLOADED:
                self._uploaded.popitem(last=False)
        return sent

    async def _send_photo(self, place: Place, photo: str | InputFile, payload: Payload) -> Message:
        replied = ReplyParameters(place.reply_to, allow_sending_without_reply=True) if place.reply_to else None
        return await self._bot.send_photo(
            place.chat,
            photo,
            caption=payload.parts[0].html,
            parse_mode=ParseMode.HTML,
            message_thread_id=place.thread,
            reply_parameters=replied,
            reply_markup=payload.keyboard,
        )

    async def _upload(self, place: Place, document: Document) -> object:
        file = InputFile(document.content, filename=document.name)
        file.mimetype = document.media_type
        return await self._bot.send_document(place.chat, file, message_thread_id=place.thread)


def press_end(query: str, words: str | None) -> bytes:
    """The call that ends the waiting sign on a pressed button, as a response carries it."""
    return orjson.dumps({"method": "answerCallbackQuery", **_press_end(query, words)})


def _press_end(query: str, words: str | None) -> dict[str, str]:
    return {"callback_query_id": query} | ({"text": words} if words else {})


def _file(picture: Picture) -> InputFile:
    return InputFile(picture.content, filename=PurePosixPath(picture.path).name)
