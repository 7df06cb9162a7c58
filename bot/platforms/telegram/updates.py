"""Where updates come from: Telegram is asked for them, or posts them itself."""

import asyncio
import logging
from time import monotonic
from typing import Final, Protocol

from telegram import Bot, WebhookInfo
from telegram.error import BadRequest, Conflict, TelegramError

from bot.core.errors import SettingsError
from bot.platforms.telegram.application import Built
from bot.platforms.telegram.transport import Pace
from bot.platforms.telegram.webhook import Address

log = logging.getLogger(__name__)

KINDS: Final = ("message", "callback_query", "my_chat_member", "inline_query", "guest_message")
ABREAST: Final = 100  # updates that Telegram posts at once, the most it allows
LOOK_EVERY: Final = 30.0  # seconds between two looks at how Telegram fares with the webhook

_REFUSED = (
    "TELEGRAM_WEBHOOK_URL: Telegram does not take the address ({}): give one that it reaches, by https on port 443, "
    "80, 88 or 8443."
)


class Updates(Protocol):
    """Brings updates from `start` to `stop`; `start` raises TelegramError or SettingsError, `stop` nothing."""

    @property
    def healthy(self) -> bool: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Polling:
    """Asks Telegram for updates, again and again."""

    def __init__(self, built: Built, pace: Pace) -> None:
        self._updater = built.application.updater
        self._transport = built.polling
        self._pace = pace

    @property
    def healthy(self) -> bool:
        """Whether Telegram gave updates lately."""
        return self._transport.worked_within(self._pace.patience)

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
        self._seen_at: float | None = None

    @property
    def healthy(self) -> bool:
        """Whether Telegram said lately that it posts to this address."""
        return self._seen_at is not None and monotonic() - self._seen_at <= self._pace.patience

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
        self._seen_at = monotonic()

    async def _watch(self) -> None:
        reported = None
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                info = await self._bot.get_webhook_info()
                if info.url != self._address.url:
                    log.warning("telegram.webhook_replaced: another program took this bot's updates, taking them back")
                    await self._set()
            except TelegramError as error:
                log.warning("telegram.out_of_reach error=%s", type(error).__name__)
                continue
            self._seen_at = monotonic()
            if info.last_error_date and info.last_error_date != reported:
                reported = info.last_error_date
                _report_refusal(info)


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
