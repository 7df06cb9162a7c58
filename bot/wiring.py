"""Builds the program from its rooms, for each command, and runs it until it is told to stop."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from socket import gethostname
from typing import TYPE_CHECKING

from bot import __version__
from bot.conversation.desk import Desk, Office, Operation, newest
from bot.conversation.preview import Previews, previewing
from bot.conversation.reloads import Reloads
from bot.conversation.reminding import Reminding
from bot.conversation.tally import Tally, is_from_chat, is_from_page
from bot.core.memory import resident
from bot.core.messages import Reply
from bot.editorial.content import clock_of
from bot.editorial.explainer import Explainer, Places, open_explainer, renew
from bot.editorial.serving import Serving
from bot.reminders.ledger import Progress
from bot.reminders.letters import Letters
from bot.settings import Settings, pack_folder
from bot.tracing.wrapping import Tracing, open_tracing

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bot.platforms.telegram.adapter import TelegramPlatform
    from bot.platforms.telegram.edition import Edition
    from bot.platforms.web.crowd import Crowd
    from bot.platforms.web.metrics import Metrics, Samples
    from bot.platforms.web.watching import Watching
    from bot.reminders.engine.delivery import Delivery
    from bot.storage import Storage

__all__ = ["Explainer", "build", "run"]


def build(settings: Settings) -> Explainer:
    """The conversation over the pack that the settings name. Raises ContentError with the findings, SettingsError."""
    return open_explainer(_places(settings), lambda zone: clock_of(settings.explainer_clock, zone))


def _places(settings: Settings) -> Places:
    folder, cache = pack_folder(settings.explainer_facts), settings.explainer_data / "cache"
    return Places(folder, settings.explainer_responses, cache, settings.explainer_public_url)


async def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves everything that the settings configure until SIGTERM or SIGINT, and reads the content anew on SIGHUP;
    `say` prints lines for the operator."""
    from bot.platforms.web.crowd import Crowd  # noqa: PLC0415
    from bot.platforms.web.metrics import Metrics  # noqa: PLC0415
    from bot.platforms.web.origins import Proxies  # noqa: PLC0415
    from bot.platforms.web.server import Latest, WebServer, beside  # noqa: PLC0415 - others start faster without
    from bot.storage import open_storage  # noqa: PLC0415

    tally = Tally()
    tracing = open_tracing(settings)
    begun, again = tracing.explainer(build(settings)), partial(renew, places=_places(settings))
    serving = Serving(begun, lambda present: tracing.explainer(again(present)), Explainer.is_learning)
    reload = Reloads(serving.reload)
    stop, clock = _heed_signals(reload), serving.present.clock
    async with AsyncExitStack() as stack:
        stack.push_async_callback(tracing.stop)
        storage = await open_storage(settings.database_url, settings.explainer_data, settings.keys, clock)
        stack.push_async_callback(storage.close)
        connect = partial(_telegram, settings, serving, storage, tally, reload, stack, tracing)
        telegram = await connect() if settings.token else None
        watching = _watching(settings, serving, storage, reload, telegram)
        stack.push_async_callback(watching.stop)
        stack.push_async_callback(_cancel, asyncio.create_task(watching.lag.watch()))
        ready, metrics = watching.ready, Metrics(watching.figures, settings.explainer_metrics, tally)
        crowd = Crowd(Proxies(settings.explainer_trusted_proxies))
        page = Latest(_web(serving.present, ready, metrics, tally, crowd, tracing))
        serving.follow(lambda renewed: partial(page.serve, _web(renewed, ready, metrics, tally, crowd, tracing)))
        app: ASGIApp = tracing.requests(page)
        if telegram and telegram.platform.webhook:
            app = beside(telegram.platform.webhook.path, telegram.platform.webhook, app)
        server = WebServer(app, settings.explainer_host, settings.explainer_port)
        await server.start()
        stack.push_async_callback(server.stop)
        say(f"The page is at {server.url}")
        learn = partial(_learn, serving)
        learn(serving.present)()
        serving.follow(learn)
        if telegram:
            await telegram.start(stack)
            say("The bot answers on Telegram.")
        else:
            say("No TELEGRAM_BOT_TOKEN: the page alone.")
        if settings.explainer_rehearsal or not clock.is_set:
            stack.push_async_callback(_cancel, asyncio.create_task(storage.keep_sweeping()))
        await stop.wait()
        say("Stopping: finishing what is in hand.")


def _heed_signals(reload: Reloads) -> asyncio.Event:
    """Sets the event that it gives when the program is to stop; on SIGHUP reloads, but where that means that the
    terminal is gone which the program was started in."""
    loop, stop, reloads = asyncio.get_running_loop(), asyncio.Event(), set[asyncio.Task[object]]()
    in_terminal = os.isatty(0)

    def hang_up() -> None:
        if in_terminal and not os.isatty(0):
            stop.set()
        elif len(reloads) < 2:  # one under way, and one that sees what changed since it began
            reloads.add(task := asyncio.create_task(_reloaded(reload)))
            task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    return stop


async def _reloaded(reload: Reloads) -> None:
    await reload()


def _watching(
    settings: Settings, serving: Serving[Explainer], storage: "Storage", reload: Reloads, telegram: "Telegram | None"
) -> "Watching":
    from bot.platforms.web.watching import Program, Served, Watching  # noqa: PLC0415
    from bot.storage.address import file_of  # noqa: PLC0415
    from bot.storage.probe import Room, probe  # noqa: PLC0415

    def served() -> Served:
        present = serving.present
        status, since = present.understanding.status(), newest(present.facts())
        return Served(present.content.base.topic.id, present.version, status, since)

    file = file_of(settings.database_url, settings.explainer_data)
    room = Room(file.parent if file else settings.explainer_data, is_there=file is not None)
    look = partial(probe, storage.database)
    return Watching(Program(__version__, serving.present.clock, served, reload, look, room, telegram))


def _learn(serving: Serving[Explainer], explainer: Explainer) -> Callable[[], None]:
    learn = partial(explainer.learn, lambda: serving.present is explainer)
    return threading.Thread(target=learn, name="warm", daemon=True).start


@dataclass(frozen=True, slots=True)
class Telegram:
    """The bot on Telegram and the delivery of its reminders; `edition` and `letters` are made of an explainer."""

    platform: "TelegramPlatform"
    delivery: "Delivery"
    edition: Callable[[Explainer], "Edition"]
    letters: Callable[[Explainer], Letters]

    async def start(self, stack: AsyncExitStack) -> None:
        """Answers, then delivers; `stack` stops both, the delivery first."""
        await self.delivery.look()
        await self.platform.start()
        stack.push_async_callback(self.platform.stop)
        await self.delivery.start()
        stack.push_async_callback(self.delivery.stop)

    def prepare(self, renewed: Explainer) -> Callable[[], None]:
        """The step that puts another content in the place of the one before."""
        edition, base, compose = self.edition(renewed), renewed.content.base, self.letters(renewed).compose

        def serve() -> None:
            self.platform.serve(edition)
            self.delivery.reload(base, compose)

        return serve

    def checks(self) -> dict[str, str]:
        """What /readyz says of the two."""
        delivers = "ok" if self.delivery.is_allowed else "ok: off, since the clock is set"
        return {"telegram": self.platform.state, "reminders": delivers}

    def figures(self) -> "Samples":
        """What goes between this process and Telegram, by metric."""
        return self.platform.watch.figures()

    def reminders(self) -> Mapping[str, float]:
        """What this process has delivered, and what is left."""
        return self.delivery.metrics()

    async def progress(self) -> Sequence[Progress]:
        """All campaigns. Raises ServiceError."""
        return await self.delivery.progress()


async def _telegram(
    settings: Settings, serving: Serving[Explainer], storage: "Storage", tally: Tally, reload: Reloads,
    stack: AsyncExitStack, tracing: Tracing,
) -> Telegram:  # fmt: skip
    from bot.platforms.telegram.adapter import Account, TelegramPlatform  # noqa: PLC0415
    from bot.platforms.telegram.edition import Edition  # noqa: PLC0415
    from bot.platforms.telegram.reading import CHANNEL  # noqa: PLC0415
    from bot.platforms.telegram.webhook import Address  # noqa: PLC0415
    from bot.reminders.engine.delivery import Delivery, Setup  # noqa: PLC0415
    from bot.storage.address import names_server  # noqa: PLC0415
    from bot.storage.ledger import open_ledger  # noqa: PLC0415
    from bot.storage.ledger_engine import jobs_address  # noqa: PLC0415

    explainer = serving.present
    topic, clock = explainer.content.base.topic.id, explainer.clock
    place = settings.database_url, settings.explainer_data
    ledger = tracing.store(open_ledger(*place, storage.keys, topic))
    stack.push_async_callback(ledger.close)
    subscriptions = tracing.store(storage.subscriptions(topic))
    retention = timedelta(days=settings.explainer_retention_days)
    operation = partial(_operation, serving, clock.now(), names_server(settings.database_url))
    count = partial(storage.subscription_list().count, topic)
    office = Office(settings.explainer_admins, tally, Previews(), count, ledger.progress, operation, reload)

    def letters(of: Explainer) -> Letters:
        return Letters(of.content.base, of.content.phrasebook, retention)

    def edition(of: Explainer) -> Edition:
        content, base = of.content, of.content.base
        conversation = of.reminding(Reminding(base, subscriptions, ledger.ended_at, retention, storage.readers.forget))
        answer = tracing.answer(tally.counting(conversation, is_from_chat))
        desk = Desk(base, content.phrasebook, clock, office)
        answer = previewing(answer, office.previews, desk.line) if office.admins else answer
        return Edition(
            answer, of.codes, content.commands(), base.topic.languages, of.phrase, of.label, conversation.suggest,
            clock, of.is_urgent, desk if office.admins else None,
        )  # fmt: skip

    def announce(event: str, numbers: Mapping[str, str | int]) -> Reply:
        present = serving.present
        return letters(present).news(event, numbers, present.content.base.topic.languages[0], clock.now())

    webhook, secret = settings.telegram_webhook_url, settings.webhook_secret
    address = Address(webhook, secret) if webhook and secret else None
    account = Account(
        settings.token or "", settings.telegram_api_url, address, settings.explainer_send_rate,
        settings.explainer_rich_messages,
    )  # fmt: skip
    readers = tracing.store(storage.readers)
    platform = TelegramPlatform(account, edition(explainer), readers, None, subscriptions, tracing.spans)
    couriers = {CHANNEL: platform.courier(settings.explainer_admins, announce)}
    setup = Setup(
        ledger, subscriptions, couriers, clock, settings.explainer_send_rate, replica_name(settings.database_url),
        jobs_address(*place), retention, settings.explainer_rehearsal, tracing.spans,
    )  # fmt: skip
    delivery = Delivery(setup, explainer.content.base, letters(explainer).compose)
    telegram = Telegram(platform, delivery, edition, letters)
    serving.follow(telegram.prepare)
    return telegram


def _operation(serving: Serving[Explainer], begun_at: datetime, has_replicas: bool) -> Operation:
    present = serving.present
    return Operation(begun_at, present.understanding.status(), present.version, resident(), not has_replicas)


def replica_name(database_url: str | None) -> str:
    """Names this process among those on its database: where there can be only one, always the same, so that a restart
    goes on at once with what the last run began; else a new one each time."""
    from bot.storage.address import names_server  # noqa: PLC0415

    return f"{gethostname()[:40]}-{token_hex(4)}" if names_server(database_url) else "alone"


def _web(
    explainer: Explainer, ready: Callable[[], Awaitable[dict[str, str]]], metrics: "Metrics", tally: Tally,
    crowd: "Crowd", tracing: Tracing,
) -> "ASGIApp":  # fmt: skip
    from bot.platforms.web.app import create_app  # noqa: PLC0415
    from bot.platforms.web.calendar import TopicCalendar  # noqa: PLC0415
    from bot.platforms.web.crowd import Door  # noqa: PLC0415
    from bot.platforms.web.downloads import linking_documents  # noqa: PLC0415
    from bot.platforms.web.page import Site  # noqa: PLC0415

    topic = explainer.content.base.topic
    door = Door(crowd, explainer.is_urgent, explainer.phrase)
    zone, clock = explainer.content.base.zone, explainer.clock
    site = Site(topic.name.root, topic.place_name.root, zone, topic.languages, clock, door)
    calendar = TopicCalendar(topic.id, topic.languages, explainer.file)
    answer = linking_documents(tracing.answer(tally.counting(explainer.conversation, is_from_page)))
    return create_app(answer, explainer.content.phrasebook.page, explainer.codes, ready, site, calendar, metrics)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
