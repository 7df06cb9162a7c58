"""`explainer doctor`: what the program sees of everything that it needs, and what to do about each."""

import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import click

from bot.cli.machine import DISK, MEMORY, examine_disk, examine_file_system, examine_memory
from bot.cli.survey import FILES, examine_secret_files, survey
from bot.core.clock import Clock, SystemClock
from bot.core.errors import ExplainerError, ServiceError, SettingsError
from bot.core.observations import CLOCK, Condition, Observation, doubtful, exit_status, fine, wrong
from bot.core.wording import counted
from bot.editorial.content import clock_of
from bot.settings import Settings, pack_folder

Seen = TypeVar("Seen")
LIMIT: Final = 20.0  # seconds of any one check; those that ask somebody give up before that


@click.command("doctor")
@click.option("--as", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def doctor_command(form: str) -> None:
    """Look at settings, token, webhook, database, content, clock, disk and memory, and say what to do; changes nothing,
    also beside the running bot. Ends with 1 where the setup or the content is at fault, with 3 where only something
    else is out of reach."""
    logging.disable(logging.CRITICAL)  # all there is to say is said here
    try:
        observations = asyncio.run(examine(SystemClock()))
    finally:
        logging.disable(logging.NOTSET)
    if form == "json":
        click.echo(json.dumps([one.written() for one in observations], ensure_ascii=False, indent=1))
    else:
        for one in observations:
            click.echo(str(one))
        click.echo(_summary(observations))
    sys.exit(exit_status(observations))


def _summary(observations: list[Observation]) -> str:
    count = {kind: sum(one.condition is kind for one in observations) for kind in Condition}
    return f"{counted(count[Condition.ERROR], 'error')}, {counted(count[Condition.WARNING], 'warning')}"


async def examine(clock: Clock) -> list[Observation]:
    """Every observation, of the environment of this process; `clock` is the real time."""
    settings, seen = survey(os.environ)
    if settings is None:
        return seen
    served, of_port = await _examine_port(settings)
    checks = _checks(settings, clock, is_served=served)
    found = await asyncio.gather(*(_bounded(name, look) for name, look in checks))
    seen += of_port + [one for observations in found for one in observations]
    return seen + _uncompared(seen)


async def _examine_port(settings: Settings) -> tuple[bool, list[Observation]]:
    from bot.platforms.web.examination import PORT, examine_port  # noqa: PLC0415 - the other commands start faster

    found: list[bool] = []

    async def look() -> list[Observation]:
        running = await examine_port(settings.explainer_host, settings.explainer_port)
        found.append(running.checks is not None)
        return running.observations

    seen = await _bounded(PORT, look())
    return any(found), seen


def _checks(settings: Settings, clock: Clock, *, is_served: bool) -> Iterator[tuple[str, Awaitable[list[Observation]]]]:
    """The name and the work of each check that these settings call for."""
    from bot.editorial.examination import CHECK as CONTENT  # noqa: PLC0415
    from bot.editorial.examination import examine_content  # noqa: PLC0415
    from bot.platforms.telegram.examination import CHECK as TELEGRAM  # noqa: PLC0415
    from bot.platforms.telegram.examination import Account, examine_account  # noqa: PLC0415
    from bot.platforms.web.examination import PUBLIC, WEBHOOK, examine_public, examine_webhook_address  # noqa: PLC0415
    from bot.storage.examination import CHECK as DATABASE  # noqa: PLC0415
    from bot.storage.examination import Place, examine_database  # noqa: PLC0415

    yield FILES, _aside(partial(examine_secret_files, settings))
    if settings.token:
        webhook = settings.telegram_webhook_url
        account = Account(settings.token, settings.telegram_api_url, webhook, is_served)
        yield TELEGRAM, examine_account(account, clock)
        if webhook:
            yield WEBHOOK, examine_webhook_address(webhook)
    else:
        yield TELEGRAM, _at_once(fine(TELEGRAM, "no TELEGRAM_BOT_TOKEN is given, so there is the page alone"))
    if settings.explainer_public_url:
        yield PUBLIC, examine_public(settings.explainer_public_url)
    place = Place(settings.database_url, settings.explainer_data, settings.keys)
    yield DATABASE, _aside(partial(examine_database, place, clock))
    yield CLOCK, _aside(partial(_examine_clock, settings))

    def content() -> list[Observation]:
        instant = partial(_instant, settings, clock)
        return examine_content(pack_folder(settings.explainer_facts), settings.explainer_responses, instant)

    yield CONTENT, _aside(content)
    yield DISK, _aside(partial(_examine_disk, settings))
    yield MEMORY, _aside(examine_memory)


def _instant(settings: Settings, clock: Clock, zone: ZoneInfo) -> datetime:
    """What time the bot takes it to be; the real time where EXPLAINER_CLOCK is wrong, which another line says."""
    try:
        return clock_of(settings.explainer_clock, zone).now()
    except SettingsError:
        return clock.now()


def _examine_clock(settings: Settings) -> list[Observation]:
    """Whether the time is chosen. Raises SettingsError for one that cannot be read."""
    if not clock_of(settings.explainer_clock, ZoneInfo("UTC")).is_set:
        return []
    if settings.explainer_rehearsal:
        seen = "EXPLAINER_CLOCK and EXPLAINER_REHEARSAL are set, so reminders go out and data is erased by another time"
        return [doubtful(CLOCK, seen, "unset both where the data is of real readers")]
    seen = "EXPLAINER_CLOCK is set, so answers are of another day, and no reminder goes out"
    return [doubtful(CLOCK, seen, "unset it when the rehearsal is over")]


def _uncompared(seen: Sequence[Observation]) -> list[Observation]:
    if any(one.check == CLOCK and "clock " in one.seen for one in seen):
        return []
    return [fine(CLOCK, f"it is {SystemClock().now():%Y-%m-%d %H:%M} UTC here; nobody answered to compare it with")]


def _examine_disk(settings: Settings) -> list[Observation]:
    from bot.storage.address import file_of  # noqa: PLC0415

    seen = examine_disk(settings.explainer_data)
    with suppress(SettingsError):  # which the look at the database says
        file = file_of(settings.database_url, settings.explainer_data)
        seen += examine_file_system(file.parent) if file else []
    return seen


async def _bounded(name: str, look: Awaitable[list[Observation]]) -> list[Observation]:
    """What a check sees; whatever goes wrong with it is one line, so that all others are heard."""
    try:
        async with asyncio.timeout(LIMIT):
            return await look
    except TimeoutError:
        remedy = "see whether its disk or its server hangs"
        return [wrong(name, f"this look took longer than {LIMIT:.0f} s", remedy, is_out_of_reach=True)]
    except ExplainerError as error:
        seen, _, remedy = str(error).rstrip(".").partition(": ")
        return [wrong(name, seen, remedy, is_out_of_reach=isinstance(error, ServiceError))]
    except Exception as error:  # its words may hold anything
        return [wrong(name, f"this look failed ({type(error).__name__})", "run it as the user that the bot runs as")]


async def _at_once(observation: Observation) -> list[Observation]:
    return [observation]


async def _aside(work: Callable[[], Seen]) -> Seen:
    """The result of `work` in a thread that nobody waits for at the end: a disk that hangs must not hold it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Seen] = loop.create_future()

    def settle(result: Callable[[], None]) -> None:
        if not done.done():
            result()

    def run() -> None:
        try:
            found = work()
        except Exception as error:
            report = partial(done.set_exception, error)
        else:
            report = partial(done.set_result, found)
        with suppress(RuntimeError):  # the loop is closed: it took too long
            loop.call_soon_threadsafe(settle, report)

    threading.Thread(target=run, name="look", daemon=True).start()
    return await done
