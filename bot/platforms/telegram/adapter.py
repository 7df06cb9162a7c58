"""The bot on Telegram: takes what readers write and press, and hands it on, chat by chat, in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Sequence
from time import monotonic
from typing import Any, Self

from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.core.errors import SettingsError
from bot.core.messages import Command
from bot.core.ports import Answer, Codes, Readers
from bot.platforms.telegram.answering import Answering
from bot.platforms.telegram.application import build_application
from bot.platforms.telegram.courier import Announce, TelegramCourier
from bot.platforms.telegram.lanes import Lanes
from bot.platforms.telegram.membership import Left, Membership, Moved, read_change
from bot.platforms.telegram.menu import register_commands
from bot.platforms.telegram.reading import Asked, Reading
from bot.platforms.telegram.sending import Sender
from bot.platforms.telegram.transport import Pace
from bot.reminders.subscription import Subscriptions

log = logging.getLogger(__name__)

UPDATES = ("message", "callback_query", "my_chat_member")

_REFUSED = "TELEGRAM_BOT_TOKEN was refused by Telegram: copy the token of your bot from BotFather again."


class TelegramPlatform:
    """Serves one bot by long polling, inside a running event loop, from `start` to `stop`.

    `api_url` is the Bot API's server (None: Telegram's own); `answer` is called once for each question; `languages` are
    those that readers may choose; `subscriptions` are kept in step with chats that leave or move.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - each is one thing that the wiring gives
        self,
        token: str,
        api_url: str | None,
        answer: Answer,
        codes: Codes,
        readers: Readers,
        commands: Sequence[Command],
        languages: Sequence[str],
        pace: Pace | None = None,
        subscriptions: Subscriptions | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._codes = codes
        self._commands = tuple(commands)
        self._languages = tuple(languages)
        self._built = build_application(token, api_url, self._pace, self._take)
        self._application = self._built.application
        self._membership = Membership(readers, subscriptions)
        self._sender = Sender(self._application.bot, self._pace, self._membership.moved)
        self._answering = Answering(answer, codes, readers, self._sender)
        self._lanes = Lanes[Asked | Left | Moved](self._handle, abreast=self._pace.abreast, waiting=self._pace.waiting)
        self._albums: deque[str] = deque(maxlen=256)
        self._background: set[asyncio.Task[None]] = set()
        self._reading: Reading | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def healthy(self) -> bool:
        """Whether Telegram gave updates lately."""
        return self._application.running and self._built.polling.worked_within(self._pace.patience)

    def courier(self, admins: Sequence[int] = (), announce: Announce | None = None) -> TelegramCourier:
        """Sends notices over this bot's connections, from `start` to `stop`; `announce` words what `admins` (ids of
        private chats) are told of campaigns."""
        connections, send_url = self._built.connections, self._built.send_url
        return TelegramCourier(connections, send_url, self._codes, lambda: self._sender.used, admins, announce)

    async def start(self) -> None:
        """Connects and begins to answer. Where Telegram is out of reach, goes on trying in the background.

        Raises SettingsError where Telegram refuses the token.
        """
        try:
            await self._connect()
        except InvalidToken:
            await self.stop()
            raise SettingsError(_REFUSED) from None  # the library's own words hold the token
        except TelegramError as error:
            log.warning("telegram.out_of_reach error=%s: trying again until it answers", type(error).__name__)
            self._spawn(self._connect_patiently())

    async def stop(self) -> None:
        """Takes no more updates, finishes what is in hand within the pace's time, and lets go of the connections."""
        end = monotonic() + self._pace.stop
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        application = self._application
        if application.updater is not None and application.updater.running:
            await _within(self._pace.stop / 4, application.updater.stop())
        if application.running:
            await _within(self._pace.stop / 4, application.stop())
        if not await self._lanes.drain(end - monotonic()):
            log.warning("telegram.stopped_in_hand: some answers took too long and were dropped")
        await _within(1.0, application.shutdown())
        await _within(1.0, application.bot.shutdown())  # where the start never came so far

    async def _connect(self) -> None:
        application = self._application
        await application.initialize()
        self._reading = Reading(application.bot.bot, self._codes, self._commands, self._languages)
        if not application.running:
            await application.start()
        if application.updater is not None:
            await application.updater.start_polling(
                timeout=self._pace.poll, allowed_updates=UPDATES, error_callback=_report_poll
            )
        self._spawn(register_commands(application.bot, self._commands, self._languages))
        log.info("telegram.started")

    async def _connect_patiently(self) -> None:
        pause = self._pace.pauses[0]
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 30.0)
            try:
                return await self._connect()
            except InvalidToken:
                log.error("telegram.token_refused: %s", _REFUSED)
                return None
            except TelegramError as error:
                log.warning("telegram.out_of_reach error=%s", type(error).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _take(self, update: Update) -> None:
        """Puts an update into its chat's lane; returns at once, so that no chat waits for another."""
        try:
            event = read_change(update) or (self._reading.read(update) if self._reading else None)
        except Exception as error:  # one strange update must not stop the next
            log.error("telegram.update_unreadable error=%s", type(error).__name__)
            return
        if event is None or (isinstance(event, Asked) and self._is_further_picture(event)):
            return
        chat = event.place.chat if isinstance(event, Asked) else event.chat
        if not self._lanes.put(chat, event):
            log.warning("telegram.flooded: a chat sends faster than it can be answered, a message was dropped")

    def _is_further_picture(self, asked: Asked) -> bool:
        """Whether it is one more wordless picture of an album, which is answered once as a whole."""
        if asked.album is None:
            return False
        known = asked.album in self._albums
        self._albums.append(asked.album)
        return known and not asked.text

    async def _handle(self, event: Asked | Left | Moved) -> None:
        if isinstance(event, Asked):
            await self._answering.handle(event)
        else:
            await self._membership.note(event)


def _report_poll(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        log.error("telegram.two_pollers: another process asks for this bot's messages: stop one of the two")
    else:
        log.warning("telegram.poll_failed error=%s: trying again", type(error).__name__)


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Waits for a step of the stop, bounded: the library swallows a first cancellation, so there may be a second."""
    task = asyncio.create_task(work)
    for patience in (seconds, 0.5, 0.5):
        await asyncio.wait({task}, timeout=patience)
        if task.done():
            break
        task.cancel()
    if task.done() and not task.cancelled() and (error := task.exception()):
        log.warning("telegram.stop_unclean error=%s", type(error).__name__)
