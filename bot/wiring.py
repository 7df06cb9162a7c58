"""Builds the program from its rooms, for each command, and runs it until it is told to stop."""

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.conversation.codes import TurnCodes
from bot.conversation.conversation import Conversation
from bot.core.clock import Clock
from bot.core.errors import ContentError
from bot.core.findings import errors
from bot.editorial.content import Content, clock_of, load_content
from bot.settings import Settings, pack_folder
from bot.understanding.pack_interpreter import PackInterpreter

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from bot.core.ports import Readers
    from bot.platforms.telegram.adapter import TelegramPlatform

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
    codes: TurnCodes
    clock: Clock


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
    conversation = Conversation(content.base, content.phrasebook, interpreter, clock)
    names = {command.name: command.turn for command in content.commands()}
    return Explainer(content, interpreter, conversation, TurnCodes(conversation.turns(), names), clock)


async def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves everything that the settings configure until SIGTERM or SIGINT; `say` prints lines for the operator."""
    from bot.platforms.web.server import WebServer  # noqa: PLC0415 - commands that serve nothing start faster
    from bot.storage import open_storage  # noqa: PLC0415

    explainer = build(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        storage = await open_storage(settings.database_url, settings.explainer_data, settings.keys, explainer.clock)
        stack.push_async_callback(storage.close)
        telegram = _telegram(settings, explainer, storage.readers)

        async def ready() -> dict[str, str]:
            checks = {"content": "ok", "database": "ok" if await storage.ready() else "does not answer"}
            checks["understanding"] = UNDERSTANDING[explainer.interpreter.status()]
            return checks | ({"telegram": "ok" if telegram.healthy else "out of reach"} if telegram else {})

        server = WebServer(_web(explainer, ready), settings.explainer_host, settings.explainer_port)
        await server.start()
        stack.push_async_callback(server.stop)
        say(f"The page is at {server.url}")
        threading.Thread(target=explainer.interpreter.warm, name="warm", daemon=True).start()
        if telegram:
            await telegram.start()
            stack.push_async_callback(telegram.stop)
            say("The bot answers on Telegram.")
        else:
            say("No TELEGRAM_BOT_TOKEN: the page alone.")
        if not explainer.clock.is_set:
            stack.push_async_callback(_cancel, asyncio.create_task(storage.keep_sweeping()))
        await stop.wait()
        say("Stopping: finishing what is in hand.")


def _telegram(settings: Settings, explainer: Explainer, readers: "Readers") -> "TelegramPlatform | None":
    if not settings.token:
        return None
    from bot.platforms.telegram.adapter import TelegramPlatform  # noqa: PLC0415

    return TelegramPlatform(
        settings.token, settings.telegram_api_url, explainer.conversation, explainer.codes, readers,
        explainer.content.commands(), explainer.content.base.topic.languages,
    )  # fmt: skip


def _web(explainer: Explainer, ready: Callable[[], Awaitable[dict[str, str]]]) -> "Starlette":
    from bot.platforms.web.app import create_app  # noqa: PLC0415
    from bot.platforms.web.page import Site  # noqa: PLC0415

    topic = explainer.content.base.topic
    site = Site(topic.name.root, topic.place_name.root, explainer.content.base.zone, topic.languages, explainer.clock)
    return create_app(explainer.conversation, explainer.content.phrasebook.page, explainer.codes, ready, site)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
