"""Builds the library's Application: the one place that chooses its transport, its addresses and its silence."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from telegram import Update
from telegram.ext import Application, ApplicationBuilder, TypeHandler

from bot.core.errors import SettingsError
from bot.core.spans import Spans
from bot.platforms.telegram.connections import Connections, Limits
from bot.platforms.telegram.spanned import SpannedConnections
from bot.platforms.telegram.transport import Pace, PollingTransport, Transport

log = logging.getLogger(__name__)

BotApplication: TypeAlias = Application[Any, Any, Any, Any, Any, Any]
OnUpdate: TypeAlias = Callable[[Update], Awaitable[None]]

TELEGRAM_URL = "https://api.telegram.org"
DELIVERIES = 40  # connections beside those of the answers: a second of sending at Telegram's rate
TOKEN: Final = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, repr=False)
class Built:
    """An Application, its polling transport, the connections of all its other calls, and where sendMessage is (which
    holds the token)."""

    application: BotApplication
    polling: PollingTransport
    connections: Connections
    send_url: str


def build_application(
    token: str, api_url: str | None, pace: Pace, on_update: OnUpdate, spans: Spans | None = None
) -> Built:
    """An Application that hands every update to `on_update` in the order of arrival.

    `api_url` is the server without `/bot…`; None is Telegram's own. `spans` takes down the calls, where it is given.
    Raises SettingsError for a token of another shape than Telegram's, and for a proxy that is not spoken here.
    """
    if not TOKEN.fullmatch(token):
        raise SettingsError("TELEGRAM_BOT_TOKEN is not a bot token: copy it from BotFather, like 123456:ABC-def.")
    silence_libraries()
    server = (api_url or TELEGRAM_URL).rstrip("/")
    polling = PollingTransport(Connections(server, 2), Limits(pace.reach, pace.reach, pace.read))
    most = pace.abreast + DELIVERIES
    connections = SpannedConnections(server, most, spans) if spans else Connections(server, most)
    builder = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{server}/bot")
        .base_file_url(f"{server}/file/bot")
        .request(Transport(connections, Limits(pace.read, pace.reach, pace.read)))
        .get_updates_request(polling)
        .job_queue(None)
        .concurrent_updates(False)  # order is kept per chat by the lanes, which `on_update` fills
    )
    application = builder.build()

    async def hand_over(update: Update, _context: object) -> None:
        await on_update(update)

    application.add_handler(TypeHandler(Update, hand_over))
    return Built(application, polling, connections, f"{server}/bot{token}/sendMessage")


def silence_libraries() -> None:
    """Keeps tokens, messages and ids out of the logs: the Telegram library logs whole updates, the HTTP client may name
    an address, which holds the token. Whatever an operator needs to know, the adapter says itself."""
    for name in ("telegram", "aiohttp"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


async def within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Waits for a step of the stop, bounded: the library swallows a first cancellation, so there may be a second."""
    task = asyncio.create_task(work)
    for patience in (seconds, 0.5, 0.5):
        await asyncio.wait({task}, timeout=patience)
        if task.done():
            break
        task.cancel()
    if task.done() and not task.cancelled() and (error := task.exception()):
        log.warning("telegram.stop_unclean error=%s", type(error).__name__)
