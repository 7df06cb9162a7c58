"""The bot on Telegram: takes what readers write and press, and hands it on, chat by chat, in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final, Self, TypeAlias

from telegram import Update
from telegram.error import InvalidToken, TelegramError

from bot.core.errors import SettingsError
from bot.core.ports import Readers
from bot.core.spans import Spans
from bot.platforms.flood import FloodControl, Verdict
from bot.platforms.telegram.answering import Answering
from bot.platforms.telegram.application import build_application, within
from bot.platforms.telegram.calls import Calls
from bot.platforms.telegram.courier import Announce, TelegramCourier
from bot.platforms.telegram.edition import Edition
from bot.platforms.telegram.elsewhere import Call, Elsewhere, Summoned, Typed
from bot.platforms.telegram.lanes import Lanes
from bot.platforms.telegram.membership import Left, Membership, Moved, read_change
from bot.platforms.telegram.menu import register
from bot.platforms.telegram.outflow import Outflow
from bot.platforms.telegram.reading import Asked, Reading
from bot.platforms.telegram.rich_switch import RichSwitch
from bot.platforms.telegram.sending import Sender
from bot.platforms.telegram.spanned import spanned_updates
from bot.platforms.telegram.traffic import Fate, UpdateCounts
from bot.platforms.telegram.transport import Pace
from bot.platforms.telegram.updates import FINE, KINDS, OUT_OF_REACH, REFUSED, Polling, Posting, Updates
from bot.platforms.telegram.watch import TelegramWatch
from bot.platforms.telegram.webhook import Address, Slot, Webhook
from bot.reminders.subscription import Subscriptions

log = logging.getLogger(__name__)

Event: TypeAlias = Asked | Call | Left | Moved

GROUP_BURST, GROUP_EVERY = 10, 5.0  # Telegram allows some twenty messages a minute in a group
URGENT_BURST, URGENT_EVERY = 2, 15.0  # of those in danger, beyond all others
KEYS_BURST, KEYS_EVERY = 60, 0.5  # a query comes with every key that is typed
RATE: Final = 28.0  # messages a second: Telegram refuses above 30

PLAIN: Final = "message"  # the kind of update that is read without the library

_REFUSED = "TELEGRAM_BOT_TOKEN was refused by Telegram: copy the token of your bot from BotFather again."


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """The bot's account: its token, the Bot API's server (None: Telegram's own), the address of its webhook (None: long
    polling), the most messages a second that this process sends, and whether rich messages are tried."""

    token: str
    api_url: str | None = None
    address: Address | None = None
    rate: float = RATE
    is_rich: bool = False


class TelegramPlatform:
    """Serves one bot inside a running event loop, from `start` to `stop`.

    `edition` is what is served; `subscriptions` are kept in step with chats that leave or move; `spans` takes
    down what is done.
    """

    def __init__(
        self,
        account: Account,
        edition: Edition,
        readers: Readers,
        pace: Pace | None = None,
        subscriptions: Subscriptions | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._readers = readers
        self._built = build_application(account.token, account.api_url, self._pace, self._take, spans)
        self._application = self._built.application
        self._membership = Membership(readers, subscriptions)
        self._calls = Calls(self._application.bot, self._pace, Outflow(account.rate))
        self._sender = Sender(self._calls, self._membership.moved, RichSwitch(account.is_rich))
        handle = spanned_updates(spans, self._handle)
        self._lanes = Lanes[Event](handle, abreast=self._pace.abreast, waiting=self._pace.waiting)
        self._people = FloodControl(self._pace.burst, self._pace.every)
        self._groups = FloodControl(GROUP_BURST, GROUP_EVERY, silence=0)
        self._urgent = FloodControl(URGENT_BURST, URGENT_EVERY, silence=0)
        self._keys = FloodControl(KEYS_BURST, KEYS_EVERY)
        self._albums: deque[str] = deque(maxlen=256)
        self._slots: dict[int, Slot] = {}
        self._background: set[asyncio.Task[None]] = set()
        address = account.address
        self.webhook = Webhook(address, self._receive) if address else None
        self._updates: Updates = (
            Posting(self._application.bot, address, self._pace) if address else Polling(self._built, self._pace)
        )
        self._received = UpdateCounts("webhook" if address else "polling", KINDS)
        self.watch = TelegramWatch(self._built, self._updates, self.webhook, self._received)
        self._is_refused = False  # the token
        self._reading: Reading | None = None
        self._elsewhere: Elsewhere | None = None
        self._newest: dict[int, str] = {}  # the last query of each who types behind the bot's name
        self._edition = edition
        self._answering = self._answering_by(edition)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def healthy(self) -> bool:
        """Whether Telegram gives updates."""
        return self.state.startswith(FINE)

    @property
    def state(self) -> str:
        """`ok`, `ok: …` with what an operator should know, or why Telegram gives no updates."""
        if self._is_refused:
            return REFUSED
        return self._updates.state if self._application.running else OUT_OF_REACH

    @property
    def edition(self) -> Edition:
        """What is served now."""
        return self._edition

    def serve(self, edition: Edition) -> None:
        """From now on answers with another edition; what is in hand ends with the one before."""
        self._edition = edition
        self._answering = self._answering_by(edition)
        if self._reading is not None:
            self._read_as(edition)
            self._spawn(register(self._application.bot, edition))

    def courier(self, admins: Sequence[int] = (), announce: Announce | None = None) -> TelegramCourier:
        """Sends notices over this bot's connections, from `start` to `stop`; `announce` words what `admins` (ids of
        private chats) are told of campaigns."""
        connections, send_url = self._built.connections, self._built.send_url
        return TelegramCourier(
            connections, send_url, lambda: self._edition.codes, lambda: self._calls.used, admins, announce
        )

    async def start(self) -> None:
        """Connects and begins to answer. Where Telegram is out of reach, goes on trying in the background.

        Raises SettingsError where Telegram refuses the token.
        """
        try:
            await self._connect()
        except InvalidToken:
            await self.stop()
            raise SettingsError(_REFUSED) from None  # the library's own words hold the token
        except SettingsError:
            await self.stop()
            raise
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
        if self.webhook is not None:
            self.webhook.shut()
        await within(self._pace.stop / 4, self._updates.stop())
        if application.running:
            await within(self._pace.stop / 4, application.stop())
        if not await self._lanes.drain(end - monotonic()):
            log.warning("telegram.stopped_in_hand: some answers took too long and were dropped")
        if self.webhook is not None:
            self.webhook.refuse_rest()
        await within(1.0, application.shutdown())
        await within(1.0, application.bot.shutdown())  # where the start never came so far

    async def _connect(self) -> None:
        application = self._application
        await application.initialize()
        self._read_as(self._edition)
        if not application.running:
            await application.start()
        if self.webhook is not None:
            self.webhook.open()
        await self._updates.start()
        self._spawn(register(application.bot, self._edition))
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
                self._is_refused = True
                return None
            except SettingsError as error:
                log.error("telegram.address_refused: %s", error)
                return None
            except TelegramError as error:
                log.warning("telegram.out_of_reach error=%s", type(error).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _read_as(self, edition: Edition) -> None:
        bot = self._application.bot
        self._reading = Reading(bot.bot, edition)
        self._elsewhere = Elsewhere(bot, bot.bot, edition, self._readers, self._newest)

    def _answering_by(self, edition: Edition) -> Answering:
        return Answering(edition, self._readers, self._sender, self._link, self._received.fail)

    def _link(self, code: str) -> str:
        return f"https://t.me/{self._application.bot.username}?start={code}"

    async def _receive(self, posted: dict[str, Any], slot: Slot) -> None:
        """Takes an update from the webhook, and sees to it that the response ends."""
        number = posted["update_id"]
        self._slots[number] = slot
        try:
            if self._reading and (plain := self._reading.read_plain(posted)):
                self._received.note(PLAIN, self._take_question(number, plain))
            else:
                await self._application.process_update(Update.de_json(posted, self._application.bot))
        except Exception as error:  # one strange update must not stop the next
            log.error("telegram.update_unreadable error=%s", type(error).__name__)
            self._received.note(self._received.kind_posted(posted), "unreadable")
        if self._slots.pop(number, None):  # nothing was put into a lane
            slot.close()

    async def _take(self, update: Update) -> None:
        """Puts an update into its chat's lane; returns at once, so that no chat waits for another."""
        try:
            event = self._read(update)
        except Exception as error:  # as above
            log.error("telegram.update_unreadable error=%s", type(error).__name__)
            self._received.note(self._received.kind_read(update), "unreadable")
            return
        self._received.note(self._received.kind_read(update), self._queue(update.update_id, event))

    def _queue(self, number: int, event: Event | None) -> Fate:
        if event is None:
            return "ignored"
        if isinstance(event, Asked):
            return self._take_question(number, event)
        if isinstance(event, Typed | Summoned):
            return self._take_call(number, event)
        return "taken" if self._lanes.put(event.chat, event) else "dropped"

    def _read(self, update: Update) -> Event | None:
        if self._reading is None or self._elsewhere is None:
            return None
        return read_change(update) or self._elsewhere.read(update) or self._reading.read(update)

    def _take_call(self, number: int, call: Call) -> Fate:
        if self._keys.judge(call.person, monotonic()) is not Verdict.TAKE:
            return "dropped"
        call = replace(call, slot=self._slots.pop(number, None))
        if self._lanes.put(("elsewhere", call.person), call):
            if isinstance(call, Typed):
                self._newest[call.person] = call.query
            return "taken"
        if call.slot is not None:
            call.slot.close()
        return "dropped"

    def _take_question(self, number: int, asked: Asked) -> Fate:
        if self._is_further_picture(asked):
            return "ignored"
        verdict, slot = self._judge(asked), self._slots.pop(number, None)
        asked = replace(asked, slot=slot, phrase="too_fast" if verdict is Verdict.WARN else asked.phrase)
        if verdict is Verdict.DROP:
            self._spawn(self._answering.drop(asked))
            return "dropped"
        if self._lanes.put(asked.place.chat, asked):
            return "taken"
        log.warning("telegram.flooded: a chat sends faster than it can be answered, a message was dropped")
        if slot is not None:
            slot.close()
        return "dropped"

    def _judge(self, asked: Asked) -> Verdict:
        """Whether a question is taken: of its author, and in a group of all who are in it. One who may be in danger is
        heard in any crowd."""
        now = monotonic()
        verdict = self._people.judge(asked.author, now)
        if verdict is Verdict.TAKE and not asked.is_private:
            of_all = self._groups.judge(asked.place.chat, now)
            verdict = verdict if of_all is Verdict.TAKE else Verdict.DROP
        if verdict is not Verdict.TAKE and asked.text and self._edition.is_urgent(asked.text):
            verdict = Verdict.TAKE if self._urgent.judge(asked.author, now) is Verdict.TAKE else verdict
        if verdict is Verdict.WARN:
            log.warning("telegram.too_fast private=%s", asked.is_private)
        return verdict

    def _is_further_picture(self, asked: Asked) -> bool:
        """Whether it is one more wordless picture of an album, which is answered once as a whole."""
        if asked.album is None:
            return False
        known = asked.album in self._albums
        self._albums.append(asked.album)
        return known and not asked.text

    async def _handle(self, event: Event) -> None:
        if isinstance(event, Left | Moved):
            await self._membership.note(event)
            return
        try:
            await self._answer(event)
        except Exception as error:  # one failed answer must not stop the next
            log.error("telegram.update_failed error=%s", type(error).__name__)
            self._received.fail()
        if event.slot is not None:  # one that the stop cut short is left open, to be posted again
            event.slot.close()

    async def _answer(self, event: Asked | Call) -> None:
        if not isinstance(event, Asked):
            if self._elsewhere is not None:
                await self._elsewhere.handle(event)
        elif event.phrase is not None:
            await self._answering.say(event, event.phrase)
        else:
            await self._answering.handle(event)
