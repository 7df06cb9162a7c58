"""Sends notices on Telegram with the least work a message: the payload is made once, and each call is one exchange."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Final, TypeAlias

from telegram.error import NetworkError

from bot.core.messages import Reply
from bot.core.ports import Codes
from bot.platforms.telegram.connections import Connections, Limits, UnprocessedError
from bot.platforms.telegram.html import to_messages
from bot.platforms.telegram.keyboard import build_keyboard
from bot.platforms.telegram.payloads import message_tails
from bot.platforms.telegram.refusals import ThreadGoneError, message_id, refusal
from bot.reminders.courier import RefusedError, SendError, ThrottledError, TryAgainError, UnsureError

log = logging.getLogger(__name__)

Announce: TypeAlias = Callable[[str, Mapping[str, str | int]], Reply]

WITHIN: Final = 9.5  # seconds for all that one notice takes; the port allows ten
LIMITS: Final = Limits(pool=1.0, reach=2.0, read=6.0, whole=WITHIN)
APART: Final = 1.0  # seconds between two messages to a chat, as Telegram asks


@dataclass(frozen=True, slots=True)
class Prepared:
    """The messages of a notice as JSON, each without its first brace and the fields that differ from chat to chat."""

    tails: tuple[bytes, ...]


class TelegramCourier:
    """Fills the port `bot.reminders.courier.Courier`.

    `send_url` is the address of sendMessage, which holds the token; `answers` counts the messages that answers used;
    `announce` words what admins (ids of private chats) are told of a campaign.
    """

    def __init__(
        self,
        connections: Connections,
        send_url: str,
        codes: Callable[[], Codes],
        answers: Callable[[], int],
        admins: Sequence[int] = (),
        announce: Announce | None = None,
    ) -> None:
        self._connections = connections
        self._url = send_url
        self._codes = codes
        self._answers = answers
        self._admins = tuple(admins)
        self._announce = announce
        self._timeout = LIMITS.timeout()
        self._more = 0

    def prepare(self, reply: Reply) -> Prepared:
        """The payload of a reply. What one message cannot hold follows in further ones, the keyboard under the last:
        a notice cut short could lose the very hour. A document stays out: readers ask for it by its button."""
        keyboard = build_keyboard(reply.buttons, self._codes())
        return Prepared(message_tails(to_messages(reply.html), keyboard))

    async def send(self, chat: str, thread: int | None, prepared: object, silent: bool) -> int:
        """Sends to one chat; the id of the first message. Raises one of the SendErrors, within ten seconds.

        Once the first message has arrived the notice counts as sent: what becomes of further ones is only logged.
        """
        if not isinstance(prepared, Prepared) or not prepared.tails:
            raise RefusedError("there is nothing to send")
        end = monotonic() + WITHIN
        first, *others = prepared.tails
        number = await self._send_to_place(chat, thread, first, silent)
        if others:
            await self._send_others(chat, thread, others, end)
        return number

    def answers_sent(self) -> int:
        """Messages that answers used, and those that notices used beyond one each."""
        return self._answers() + self._more

    async def tell_admins(self, event: str, numbers: Mapping[str, str | int]) -> None:
        """Never raises: what fails is logged."""
        if not self._admins or self._announce is None:
            return
        try:
            prepared = self.prepare(self._announce(event, numbers))
        except Exception as error:  # whatever a template raises must not stop a delivery
            log.error("telegram.announcement_failed error=%s", type(error).__name__)
            return
        for admin in self._admins:
            self._more += 1
            try:
                await self.send(str(admin), None, prepared, silent=False)
            except SendError as error:
                log.warning("telegram.admin_not_told news=%s error=%s", event, type(error).__name__)

    async def _send_others(self, chat: str, thread: int | None, tails: Sequence[bytes], end: float) -> None:
        try:
            async with asyncio.timeout(end - monotonic()):
                for tail in tails:
                    await asyncio.sleep(APART)
                    await self._send_until_taken(chat, thread, tail)
                    self._more += 1
        except (TimeoutError, SendError) as error:
            log.error("telegram.notice_incomplete error=%s: its first message arrived", type(error).__name__)

    async def _send_until_taken(self, chat: str, thread: int | None, tail: bytes) -> None:
        while True:
            try:
                await self._send_to_place(chat, thread, tail, silent=True)
            except ThrottledError as error:
                await asyncio.sleep(error.seconds)
            except TryAgainError:
                await asyncio.sleep(APART)
            else:
                return

    async def _send_to_place(self, chat: str, thread: int | None, tail: bytes, silent: bool) -> int:
        """To a topic, or where that is gone to its group."""
        if thread is None:
            return await self._send(chat, None, tail, silent)
        try:
            async with asyncio.timeout(WITHIN):
                try:
                    return await self._send(chat, thread, tail, silent)
                except ThreadGoneError:
                    return await self._send(chat, None, tail, silent)
        except TimeoutError:
            raise UnsureError("the server did not answer in time") from None

    async def _send(self, chat: str, thread: int | None, tail: bytes, silent: bool) -> int:
        head = b'{"chat_id":%d' % int(chat)
        if thread is not None:
            head += b',"message_thread_id":%d' % thread
        body = head + (b',"disable_notification":true' if silent else b"") + tail
        status, payload = await self._post(body)
        if status == HTTPStatus.OK:
            return message_id(payload)
        raise refusal(status, payload)

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        failure: SendError
        try:
            return await self._connections.exchange("POST", self._url, body, self._timeout)
        except UnprocessedError as error:
            failure = TryAgainError(error.message)
        except NetworkError as error:
            failure = UnsureError(error.message)
        raise failure
