"""Where updates come from: Telegram is asked for them, or posts them itself."""

import asyncio
import logging
from time import monotonic
from typing import Final, Protocol

from telegram import Bot, WebhookInfo
from telegram.error import BadRequest, Conflict, InvalidToken, TelegramError

from bot.core.errors import SettingsError
from bot.platforms.telegram.application import Built
from bot.platforms.telegram.transport import Pace
from bot.platforms.telegram.webhook import Address

log = logging.getLogger(__name__)

KINDS: Final = ("message", "callback_query", "my_chat_member", "inline_query", "guest_message")
ABREAST: Final = 100  # updates that Telegram posts at once, the most it allows
LOOK_EVERY: Final = 30.0  # seconds between two looks at how Telegram fares with the webhook
LATELY: Final = 60.0  # seconds that another program's asking for the same messages is told

FINE: Final = "ok"
OUT_OF_REACH: Final = "out of reach"
REFUSED: Final = "Telegram refuses the token: copy it from BotFather again"
TWO_POLLERS: Final = "another program asks for this bot's messages, too: stop one of the two"
# Not for this process to mend, nor a reason to send it no more requests: then nothing would reach it at all.
REPLACED: Final = "ok: another program took this bot's updates, they were taken back"
NOT_POSTED: Final = "ok: Telegram could not post to the address lately"

_REFUSED = (
    "TELEGRAM_WEBHOOK_URL: Telegram does not take the address ({}): give one that it reaches, by https on port 443, "
    "80, 88 or 8443."
)


class Updates(Protocol):
    """Brings updates from `start` to `stop`; `start` raises TelegramError or SettingsError, `stop` nothing.

    `state` is `ok`, `ok: …` or what is wrong; `seen_at` is when Telegram last answered, in monotonic seconds. `waiting`
    counts the updates that Telegram could not hand over yet, `failed_on` is when it last could not, in seconds since
    1970: both as it told last, None where it does not tell.
    """

    waiting: int | None
    failed_on: float | None

    @property
    def state(self) -> str: ...

    @property
    def seen_at(self) -> float | None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Polling:
    """Asks Telegram for updates, again and again."""

    def __init__(self, built: Built, pace: Pace) -> None:
        self._updater = built.application.updater
        self._transport = built.polling
        self._pace = pace
        self.waiting: int | None = None
        self.failed_on: float | None = None

    @property
    def state(self) -> str:
        if self._transport.is_refused:
            return REFUSED
        if _is_within(LATELY, self._transport.shared_at):
            return TWO_POLLERS
        return FINE if self._transport.works(self._pace.patience, self._pace.grace) else OUT_OF_REACH

    @property
    def seen_at(self) -> float | None:
        return self._transport.worked_at

    async def start(self) -> None:
        """Takes back a webhook that was set before, and begins to ask."""
        if self._updater is not None:
            await self._updater.start_polling(
                timeout=self._pace.poll, allowed_updates=KINDS, error_callback=_report_poll
            )
            self._transport.worked_at = monotonic()  # a first poll may take all its time

    async def stop(self) -> None:
        """Asks no more."""
        if self._updater is not None and self._updater.running:
            await self._updater.stop()


class Posting:
    """Tells Telegram where to post updates, and watches how it fares.

    The address stays set after `stop`: other replicas have the same, and what comes in the meantime is posted again.
    """

    def __init__(self, bot: Bot, address: Address, pace: Pace) -> None:
        self._bot = bot
        self._address = address
        self._pace = pace
        self._watching: asyncio.Task[None] | None = None
        self._replaced_at: float | None = None
        self._is_refused = False
        self._has_failed = False  # to post what waits
        self.seen_at: float | None = None
        self.waiting: int | None = None
        self.failed_on: float | None = None

    @property
    def state(self) -> str:
        """Once the address was set, nothing here is a fault of this process alone: were it taken for one, no replica
        would be left, neither for what Telegram still posts nor for the page."""
        if self.seen_at is None:
            return OUT_OF_REACH
        if self._is_refused:
            return f"{FINE}: {REFUSED}"
        if not _is_within(self._pace.patience, self.seen_at):
            return f"{FINE}: {OUT_OF_REACH}"
        if _is_within(LATELY, self._replaced_at):
            return REPLACED
        return NOT_POSTED if self._has_failed else FINE

    async def start(self) -> None:
        """Sets the address. Raises SettingsError where Telegram does not take it."""
        try:
            await self._set()
        except BadRequest as error:  # its words name a host, a port or a scheme, never the path
            raise SettingsError(_REFUSED.format(error.message)) from None
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Watches no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _set(self) -> None:
        await self._bot.set_webhook(
            self._address.url, secret_token=self._address.secret, allowed_updates=KINDS, max_connections=ABREAST
        )
        self.seen_at = monotonic()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                info = await self._bot.get_webhook_info()
                if info.url != self._address.url:
                    self._replaced_at = monotonic()
                    log.warning("telegram.webhook_replaced: another program took this bot's updates, taking them back")
                    await self._set()
            except TelegramError as error:
                self._is_refused = isinstance(error, InvalidToken)
                log.warning("telegram.out_of_reach error=%s", type(error).__name__)
                continue
            self._is_refused = False
            self.seen_at = monotonic()
            self._heed(info)

    def _heed(self, info: WebhookInfo) -> None:
        failed_on = info.last_error_date.timestamp() if info.last_error_date else None
        is_news = failed_on is not None and failed_on != self.failed_on
        self._has_failed = bool(info.pending_update_count) and (is_news or self._has_failed)
        self.waiting, self.failed_on = info.pending_update_count, failed_on
        if is_news:
            _report_refusal(info)


def _is_within(seconds: float, instant: float | None) -> bool:
    """Whether an instant, in monotonic seconds, is no longer ago than this."""
    return instant is not None and monotonic() - instant <= seconds


def _report_refusal(info: WebhookInfo) -> None:
    """Telegram's words on its last failed post name a status or a network failure, never the address's path."""
    log.warning(
        "telegram.webhook_failed waiting=%s error=%s", info.pending_update_count, (info.last_error_message or "")[:120]
    )


def _report_poll(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        log.error(
            "telegram.two_pollers: another process asks for this bot's messages: stop one of the two, or give both "
            "TELEGRAM_WEBHOOK_URL"
        )
    else:
        log.warning("telegram.poll_failed error=%s: trying again", type(error).__name__)
