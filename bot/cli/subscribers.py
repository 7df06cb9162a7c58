"""`explainer subscribers`: who gets reminders, as JSON lines in and out."""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import click
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot.core.clock import Clock, SystemClock
from bot.core.errors import ServiceError
from bot.editorial.content import clock_of
from bot.factbase.loader import load_pack
from bot.reminders.subscription import CHOICES, Subscription
from bot.settings import Settings, load_settings, pack_folder

if TYPE_CHECKING:
    from bot.storage import Storage
    from bot.storage.subscription_list import Entry, SubscriptionList

LIKE: Final = '{"channel": "telegram", "chat": 123, "lang": "es", "topic": "dallas-287g"}'
REMEDIES: Final = {
    "channel": "write the platform, like telegram",
    "chat": "write the chat's id, on Telegram a number",
    "lang": "write the language's code, like es",
    "topic": "write the topic's id, like dallas-287g",
    "off": f"write a list of {', '.join(CHOICES)}",
    "paused": "write true or false",
    "since": "write an instant with its offset, like 2025-10-24T18:00:00-05:00",
    "thread": "write the number of the forum topic",
}
PAGE: Final = 1000  # lines written in one transaction


class Line(BaseModel):
    """One subscription, as it is written in a file."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,19}$")]
    chat: Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)] | Annotated[str, Field(pattern=r"^[^\s:]{1,64}$")]
    lang: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$")]
    topic: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    off: list[Literal["week", "day", "hours"]] = []
    paused: StrictBool = False
    since: AwareDatetime | None = None
    thread: Annotated[StrictInt, Field(ge=1)] | None = None

    @field_validator("chat")
    @classmethod
    def _check_chat(cls, chat: int | str, line: ValidationInfo) -> int | str:
        if line.data.get("channel") == "telegram" and not re.fullmatch(r"-?[1-9]\d{0,18}", str(chat)):
            raise ValueError
        return chat

    def entry(self, now: datetime) -> "Entry":
        """The subscription, made `now` where no other instant is written."""
        from bot.storage.subscription_list import Entry  # noqa: PLC0415

        subscription = Subscription(self.lang, self.since or now, frozenset(self.off), self.paused, self.thread)
        return Entry(self.channel, str(self.chat), self.topic, subscription)


@click.group("subscribers")
def subscriber_commands() -> None:
    """Import, export or count the subscriptions to reminders."""


@subscriber_commands.command("import")
@click.argument("file", type=click.File("rb"))
def import_command(file: IO[bytes]) -> None:
    """Add the subscriptions in FILE (`-`: standard input), one JSON object a line; those that are there already stay as
    they are. Names each faulty line, adds all others, and then ends with 1."""
    settings = load_settings()
    counts = asyncio.run(_import(settings, file))
    click.echo(f"{counts['added']} added, {counts['there']} there already, {counts['faulty']} lines at fault")
    sys.exit(1 if counts["faulty"] else 0)


@subscriber_commands.command("export")
@click.option("--topic", help="Only the subscriptions to this topic.")
def export_command(topic: str | None) -> None:
    """Write all subscriptions as JSON lines. They name the chats: keep them as you keep the secret key."""
    asyncio.run(_export(load_settings(), topic))


@subscriber_commands.command("count")
@click.option("--topic", help="Only the subscriptions to this topic.")
def count_command(topic: str | None) -> None:
    """Write how many subscriptions there are."""
    click.echo(asyncio.run(_count(load_settings(), topic)))


async def _import(settings: Settings, lines: Iterable[bytes]) -> Counter[str]:
    counts: Counter[str] = Counter(added=0, there=0, faulty=0)
    page: list[Entry] = []
    clock = _clock(settings)
    async with _storage(settings, clock) as storage:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                page.append(Line.model_validate_json(line).entry(clock.now()))
            except ValidationError as error:
                counts["faulty"] += 1
                click.echo(f"line {number}: {_fault(error)}", err=True)
            if len(page) == PAGE:
                await _keep(storage.subscription_list(), page, counts)
        await _keep(storage.subscription_list(), page, counts)
    _end_progress()
    return counts


async def _keep(subscriptions: "SubscriptionList", page: list["Entry"], counts: Counter[str]) -> None:
    try:
        added = await subscriptions.add(page)
    except ServiceError as error:
        said = f"{error} {counts['added']} were added before; importing the same again adds the rest."
        raise ServiceError(said) from error
    counts.update(added=added, there=len(page) - added)
    page.clear()
    _show_progress(counts.total())


def _fault(error: ValidationError) -> str:
    """What is wrong with a line and how to mend it; nothing of what it holds, for that may be a chat's id."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if not name:
        return f"is no JSON object: write one like {LIKE}"
    if first["type"] == "extra_forbidden":
        return f"{name}: is not known: leave it out"
    return f"{name}: {'is missing' if first['type'] == 'missing' else 'cannot be read'}: {REMEDIES[name]}"


async def _export(settings: Settings, topic: str | None) -> None:
    count = 0
    async with _storage(settings, SystemClock()) as storage:
        async for page in storage.subscription_list().pages():
            for entry in page:
                if topic in {None, entry.topic}:
                    click.echo(json.dumps(_written(entry), ensure_ascii=False))
            count += len(page)
            _show_progress(count)
    _end_progress()


def _written(entry: "Entry") -> dict[str, Any]:
    subscription = entry.subscription
    chat = int(entry.chat) if entry.chat.removeprefix("-").isdecimal() else entry.chat
    line: dict[str, Any] = {"channel": entry.channel, "chat": chat, "lang": subscription.lang, "topic": entry.topic}
    line["since"] = subscription.since.isoformat()
    if subscription.off:
        line["off"] = [choice for choice in CHOICES if choice in subscription.off]
    if subscription.paused:
        line["paused"] = True
    if subscription.thread is not None:
        line["thread"] = subscription.thread
    return line


async def _count(settings: Settings, topic: str | None) -> int:
    async with _storage(settings, SystemClock()) as storage:
        return await storage.subscription_list().count(topic)


@asynccontextmanager
async def _storage(settings: Settings, clock: Clock) -> AsyncIterator["Storage"]:
    from bot.storage import open_storage  # noqa: PLC0415 - the other commands start faster

    storage = await open_storage(settings.database_url, settings.explainer_data, settings.keys, clock)
    try:
        yield storage
    finally:
        await storage.close()


def _clock(settings: Settings) -> Clock:
    """The clock that reminders go by; a set one may be written in the time of the pack's zone."""
    if settings.explainer_clock is None:
        return SystemClock()
    pack, _ = load_pack(pack_folder(settings.explainer_facts))
    return clock_of(settings.explainer_clock, pack.zone if pack else ZoneInfo("UTC"))


def _show_progress(count: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{count}", nl=False, err=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        click.echo(err=True)
