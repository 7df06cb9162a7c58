"""Sends rich messages as long as the server takes them."""

import logging
from typing import Any, Final

from telegram import Bot, InlineKeyboardMarkup, ReplyParameters
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, TelegramError

log = logging.getLogger(__name__)

MOST_REFUSALS: Final = 2  # of single messages, until the classic form is used for good

_UNKNOWN: Final = ("method not found", "method is not available", "message text is empty")
_NOT_OF_THE_FORM: Final = (
    "not found", "not modified", "can't be edited", "message_id_invalid", "upgraded", "rights", "have no", "forbidden",
    "chat_", "peer_", "user_", "topic", "thread", "button", "reply markup", "keyboard",
)  # fmt: skip


class RichSwitch:
    """Says whether to send the rich form. Off unless the operator wants it, and for good once the server does not know
    it, or has refused it for `MOST_REFUSALS` messages."""

    def __init__(self, is_on: bool) -> None:
        self.is_on = is_on
        self._refusals = 0

    def refuses(self, error: TelegramError) -> bool:
        """Whether a rich call failed by its form, so that the classic one is to be sent instead; notes it if so.

        A server without the method answers 404, which the library tells as EndPointNotFound, or as InvalidToken before
        its bot is initialised; one that does not know the parameter of an edit misses the text. What the classic
        form would be refused for as well (no such chat, nothing changed) is none of its form.
        """
        if isinstance(error, EndPointNotFound | InvalidToken):
            return self._end("the server does not know rich messages")
        if not isinstance(error, BadRequest):
            return False
        reason = error.message.lower()
        if any(words in reason for words in _UNKNOWN):
            return self._end("the server does not know rich messages")
        if "rich" not in reason and any(words in reason for words in _NOT_OF_THE_FORM):
            return False
        self._refusals += 1
        log.warning("telegram.rich_refused: sent in the classic form")
        return self._end("the server refuses rich messages") if self._refusals >= MOST_REFUSALS else True

    def _end(self, why: str) -> bool:
        if self.is_on:
            log.warning("telegram.rich_off: %s, the classic form is used from now on", why)
        self.is_on = False
        return True


async def send_rich(
    bot: Bot,
    chat: int,
    message: dict[str, Any],
    keyboard: InlineKeyboardMarkup | None = None,
    *,
    thread: int | None = None,
    reply_to: int | None = None,
) -> None:
    """Sends a rich message (`to_rich`). Raises TelegramError."""
    given: dict[str, Any] = {"chat_id": chat, "rich_message": message}
    if keyboard is not None:
        given["reply_markup"] = keyboard
    if thread is not None:
        given["message_thread_id"] = thread
    if reply_to is not None:
        given["reply_parameters"] = ReplyParameters(reply_to, allow_sending_without_reply=True)
    await bot.do_api_request("sendRichMessage", api_kwargs=given)


async def edit_rich(
    bot: Bot, chat: int, number: int, message: dict[str, Any], keyboard: InlineKeyboardMarkup | None = None
) -> None:
    """Puts a rich message in the place of the message `number`, rich or not. Raises TelegramError."""
    text: Any = None  # left out of the call: the rich message stands in its place
    await bot.edit_message_text(
        text, chat_id=chat, message_id=number, reply_markup=keyboard, api_kwargs={"rich_message": message}
    )
