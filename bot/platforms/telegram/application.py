"""Builds the library's Application: the one place that chooses its transport, its addresses and its silence."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from telegram import Update
from telegram.ext import Application, ApplicationBuilder, TypeHandler

from bot.core.errors import SettingsError
from bot.platforms.telegram.transport import Pace, PollingTransport, Transport

BotApplication: TypeAlias = Application[Any, Any, Any, Any, Any, Any]
OnUpdate: TypeAlias = Callable[[Update], Awaitable[None]]

TELEGRAM_URL = "https://api.telegram.org"
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


def build_application(
    token: str, api_url: str | None, pace: Pace, on_update: OnUpdate
) -> tuple[BotApplication, PollingTransport]:
    """An Application that hands every update to `on_update` in the order of arrival, and its polling transport.

    `api_url` is the server without `/bot…`; None is Telegram's own. Raises SettingsError for a token of another shape
    than Telegram's.
    """
    if not _TOKEN.fullmatch(token):
        raise SettingsError("TELEGRAM_BOT_TOKEN is not a bot token: copy it from BotFather, like 123456:ABC-def.")
    silence_libraries()
    server = (api_url or TELEGRAM_URL).rstrip("/")
    times: dict[str, Any] = {"connect_timeout": pace.reach, "read_timeout": pace.read, "write_timeout": pace.read}
    polling = PollingTransport(connection_pool_size=2, pool_timeout=pace.reach, **times)
    builder = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{server}/bot")
        .base_file_url(f"{server}/file/bot")
        .request(Transport(connection_pool_size=pace.abreast + 8, pool_timeout=pace.read, **times))
        .get_updates_request(polling)
        .job_queue(None)
        .concurrent_updates(False)  # order is kept per chat by the lanes, which `on_update` fills
    )
    application = builder.build()

    async def hand_over(update: Update, _context: object) -> None:
        await on_update(update)

    application.add_handler(TypeHandler(Update, hand_over))
    return application, polling


def silence_libraries() -> None:
    """Keeps tokens, messages and ids out of the logs: httpx logs addresses that hold the token, the Telegram library
    logs whole updates. Whatever an operator needs to know, the adapter says itself."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
