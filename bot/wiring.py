"""Builds the program from its rooms, for each command, and runs it until it is told to stop."""

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from socket import gethostname
from typing import TYPE_CHECKING

from bot.conversation.codes import TurnCodes
from bot.conversation.conversation import Conversation
from bot.conversation.dates import Dates
from bot.conversation.reminding import Reminding
from bot.core.clock import Clock
from bot.core.errors import ContentError
from bot.core.findings import errors
from bot.core.messages import Reply
from bot.editorial.content import Content, clock_of, load_content
from bot.reminders.letters import Letters
from bot.settings import Settings, pack_folder
from bot.understanding.pack_interpreter import PackInterpreter

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bot.platforms.telegram.adapter import TelegramPlatform
    from bot.platforms.web.metrics import Metrics
    from bot.reminders.engine.delivery import Delivery
    from bot.storage import Storage

log = logging.getLogger(__name__)
SHOWN = 20  # findings that a refused start prints
UNDERSTANDING = {  # what /readyz says of each status; a bot that can still answer is not taken out of service
    "ready": "ok",
    "words": "ok: by words alone, the encoder is not loaded",
    "examples": "ok: by the example questions alone, still training",
}


@dataclass(frozen=True, slots=True)
class Explainer:
    """What every platform needs: the content, who understands, the conversation over both, the codes of its buttons,
    the clock."""

    content: Content
    interpreter: PackInterpreter
    conversation: Conversation
    dates: Dates
    codes: TurnCodes
    clock: Clock

    def file(self, lang: str, item: str | None) -> bytes | None:
        """The calendar file of all dates, or of one, as of now; None where there is no such date."""
        return self.dates.file(self.content.base.at(self.clock.now()), lang, item)

    def phrase(self, name: str, lang: str) -> str:
        """A phrase of the responses, about this topic."""
        topic = self.content.base.topic
        values = {"topic": topic.name.get(lang), "place": topic.place_name.get(lang)}
        return self.content.phrasebook.phrase(name, lang, **values)

    def reminding(self, reminding: Reminding) -> Conversation:
        """The same conversation, which can also remind."""
        content = self.content
        return Conversation(content.base, content.phrasebook, self.interpreter, self.clock, self.dates, reminding)


def build(settings: Settings) -> Explainer:
    """The conversation over the pack that the settings name. Raises ContentError with the findings, SettingsError."""
    folder = pack_folder(settings.explainer_facts)
    loaded = load_content(
        folder,
        settings.explainer_responses,
        lambda zone: clock_of(settings.explainer_clock, zone).now(),
        try_examples=False,
    )
    if loaded.content is None:
        found = errors(loaded.findings)
        more = f"\n… and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise ContentError("the content has errors:\n" + "\n".join(map(str, found[:SHOWN])) + more)
    content, clock = loaded.content, clock_of(settings.explainer_clock, loaded.zone)
    interpreter = PackInterpreter(content.knowledge, settings.explainer_data / "cache")
    dates = Dates(content.base, content.phrasebook, settings.explainer_public_url)
    conversation = Conversation(content.base, content.phrasebook, interpreter, clock, dates)
    names = {command.name: command.turn for command in content.commands()}
    return Explainer(content, interpreter, conversation, dates, TurnCodes(conversation.turns(), names), clock)


async def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves everything that the settings configure until SIGTERM or SIGINT; `say` prints lines for the operator."""
    from bot.platforms.web.metrics import Metrics  # noqa: PLC0415
    from bot.platforms.web.server import WebServer, beside  # noqa: PLC0415 - commands that serve nothing start faster
    from bot.storage import open_storage  # noqa: PLC0415

    explainer = build(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        storage = await open_storage(settings.database_url, settings.explainer_data, settings.keys, explainer.clock)
        stack.push_async_callback(storage.close)
        telegram = await _telegram(settings, explainer, storage, stack) if settings.token else None

        async def ready() -> dict[str, str]:
            checks = {"content": "ok", "database": "ok" if await storage.ready() else "does not answer"}
            checks["understanding"] = UNDERSTANDING[explainer.interpreter.status()]
            return checks | (telegram.checks() if telegram else {})

        def figures() -> Mapping[str, float]:
            return telegram.delivery.metrics() if telegram else {}

        metrics = Metrics(figures, settings.explainer_metrics)
        app = _web(explainer, ready, metrics)
        if telegram and telegram.platform.webhook:
            app = beside(telegram.platform.webhook.path, telegram.platform.webhook, app)
        server = WebServer(app, settings.explainer_host, settings.explainer_port)
        await server.start()
        stack.push_async_callback(server.stop)
        say(f"The page is at {server.url}")
        threading.Thread(target=explainer.interpreter.warm, name="warm", daemon=True).start()
        if telegram:
            await telegram.start(stack)
            say("The bot answers on Telegram.")
        else:
            say("No TELEGRAM_BOT_TOKEN: the page alone.")
        if settings.explainer_rehearsal or not explainer.clock.is_set:
            stack.push_async_callback(_cancel, asyncio.create_task(storage.keep_sweeping()))
        await stop.wait()
        say("Stopping: finishing what is in hand.")


@dataclass(frozen=True, slots=True)
class Telegram:
    """The bot on Telegram and the delivery of its reminders."""

    platform: "TelegramPlatform"
    delivery: "Delivery"

    async def start(self, stack: AsyncExitStack) -> None:
        """Answers, then delivers; `stack` stops both, the delivery first."""
        await self.delivery.look()
        await self.platform.start()
        stack.push_async_callback(self.platform.stop)
        await self.delivery.start()
        stack.push_async_callback(self.delivery.stop)

    def checks(self) -> dict[str, str]:
        """What /readyz says of the two."""
        delivers = "ok" if self.delivery.is_allowed else "ok: off, since the clock is set"
        return {"telegram": "ok" if self.platform.healthy else "out of reach", "reminders": delivers}


async def _telegram(settings: Settings, explainer: Explainer, storage: "Storage", stack: AsyncExitStack) -> Telegram:
    from bot.platforms.telegram.adapter import Account, TelegramPlatform  # noqa: PLC0415
    from bot.platforms.telegram.edition import Edition  # noqa: PLC0415
    from bot.platforms.telegram.reading import CHANNEL  # noqa: PLC0415
    from bot.platforms.telegram.webhook import Address  # noqa: PLC0415
    from bot.reminders.engine.delivery import Delivery, Setup  # noqa: PLC0415
    from bot.storage.ledger import open_ledger  # noqa: PLC0415
    from bot.storage.ledger_engine import jobs_address  # noqa: PLC0415

    content, clock, base = explainer.content, explainer.clock, explainer.content.base
    place = settings.database_url, settings.explainer_data
    ledger = open_ledger(*place, storage.keys, base.topic.id)
    stack.push_async_callback(ledger.close)
    subscriptions = storage.subscriptions(base.topic.id)
    retention = timedelta(days=settings.explainer_retention_days)
    letters = Letters(base, content.phrasebook, retention)
    conversation = explainer.reminding(Reminding(base, subscriptions, ledger.ended_at, retention))
    edition = Edition(conversation, explainer.codes, content.commands(), base.topic.languages, explainer.phrase)
    webhook, secret = settings.telegram_webhook_url, settings.webhook_secret
    address = Address(webhook, secret) if webhook and secret else None
    account = Account(settings.token or "", settings.telegram_api_url, address, settings.explainer_send_rate)
    platform = TelegramPlatform(account, edition, storage.readers, subscriptions=subscriptions)

    def announce(event: str, numbers: Mapping[str, str | int]) -> Reply:
        return letters.news(event, numbers, base.topic.languages[0], clock.now())

    couriers = {CHANNEL: platform.courier(settings.explainer_admins, announce)}
    setup = Setup(
        ledger, subscriptions, couriers, clock, settings.explainer_send_rate, replica_name(settings.database_url),
        jobs_address(*place), retention, settings.explainer_rehearsal,
    )  # fmt: skip
    return Telegram(platform, Delivery(setup, base, letters.compose))


def replica_name(database_url: str | None) -> str:
    """Names this process among those on its database: where there can be only one, always the same, so that a restart
    goes on at once with what the last run began; else a new one each time."""
    from bot.storage.address import names_server  # noqa: PLC0415

    return f"{gethostname()[:40]}-{token_hex(4)}" if names_server(database_url) else "alone"


def _web(explainer: Explainer, ready: Callable[[], Awaitable[dict[str, str]]], metrics: "Metrics") -> "ASGIApp":
    from bot.platforms.web.app import create_app  # noqa: PLC0415
    from bot.platforms.web.calendar import TopicCalendar  # noqa: PLC0415
    from bot.platforms.web.downloads import linking_documents  # noqa: PLC0415
    from bot.platforms.web.page import Site  # noqa: PLC0415

    topic = explainer.content.base.topic
    site = Site(topic.name.root, topic.place_name.root, explainer.content.base.zone, topic.languages, explainer.clock)
    calendar = TopicCalendar(topic.id, topic.languages, explainer.file)
    answer = linking_documents(explainer.conversation)
    return create_app(answer, explainer.content.phrasebook.page, explainer.codes, ready, site, calendar, metrics)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
