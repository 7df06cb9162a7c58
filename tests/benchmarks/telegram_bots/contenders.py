"""The bots that are compared: how each is started, and when it is ready."""

import asyncio
import os
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.error import HTTPError
from urllib.parse import urlsplit

import orjson

from tests.benchmarks.telegram_bots.line import Line
from tests.benchmarks.telegram_bots.processes import Running
from tests.benchmarks.telegram_bots.telegram_side import Hook
from tests.benchmarks.telegram_bots.work import Place

Work = Literal["command", "press", "question"]
WORKS: Final[tuple[Work, ...]] = ("command", "press", "question")
HERE: Final = "tests.benchmarks.telegram_bots"
PATIENCE: Final = 90.0  # seconds for a bot to be ready; understanding is trained before
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "civic-explainer" / "benchmarks"
_QUIET: Final = ("telegram_", "explainer_", "database_", "http_proxy", "https_proxy", "all_proxy")


class UnavailableError(Exception):
    """A bot that cannot be started here, with the reason."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot: its module or its command, the way it takes updates, and the work that it does."""

    name: str
    module: str
    way: str
    works: tuple[Work, ...] = ("command",)
    package: str = ""  # lives in an environment of its own with this package

    @property
    def is_light(self) -> bool:
        """Whether a command costs so little that it takes more of them for a steady figure."""
        return self.is_ours or self.name == "floor"

    @property
    def is_hook(self) -> bool:
        return self.way != "polling"

    @property
    def is_ours(self) -> bool:
        return not self.module


CONTENDERS: Final = (
    Contender("explainer polling", "", "polling"),
    Contender("explainer webhook", "", "webhook", WORKS),
    Contender("ptb polling", f"{HERE}.with_ptb", "polling"),
    Contender("ptb webhook", f"{HERE}.with_ptb", "webhook"),
    Contender("aiogram polling", f"{HERE}.with_aiogram", "polling", package="aiogram"),
    Contender("aiogram webhook", f"{HERE}.with_aiogram", "webhook", package="aiogram"),
    Contender("aiogram reply", f"{HERE}.with_aiogram", "reply", package="aiogram"),
    Contender("aiogram reply uvloop", f"{HERE}.with_aiogram", "reply-uvloop", package="aiogram[fast]"),
    Contender("floor", f"{HERE}.floor", "webhook"),
)


def command_of(contender: Contender, place: Place) -> list[str]:
    """Its command line. Raises UnavailableError where its environment cannot be made."""
    if contender.is_ours:
        return [str(explainer()), "run"]
    python = environment_with(contender.package) if contender.package else sys.executable
    return [str(python), "-m", contender.module, contender.way, *place.arguments()]


def environment_of(contender: Contender, place: Place, data: Path) -> dict[str, str]:
    """Its environment: nothing of the caller's own bot, and no proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().startswith(_QUIET)}
    if not contender.is_ours:
        return kept
    data.mkdir(exist_ok=True)
    understanding = trained_data() / "cache"
    understanding.mkdir(parents=True, exist_ok=True)
    (data / "cache").symlink_to(understanding)
    hook = {"TELEGRAM_WEBHOOK_URL": place.hook, "TELEGRAM_WEBHOOK_SECRET": place.secret} if contender.is_hook else {}
    return (
        kept
        | hook
        | {
            "TELEGRAM_BOT_TOKEN": place.token,
            "TELEGRAM_API_URL": place.api,
            "EXPLAINER_PORT": str(place.port),
            "EXPLAINER_SEND_RATE": "100000",
            "EXPLAINER_DATA": str(data),
        }
    )


def explainer() -> Path:
    """The program's command."""
    return Path(sys.executable).with_name("explainer")


def trained_data() -> Path:
    """The data folder that keeps what understanding has learnt, for all runs."""
    return _CACHE / "explainer"


def environment_with(package: str) -> Path:
    """The interpreter of a virtual environment with a package from the registry, made once. Raises UnavailableError."""
    folder = _CACHE / f"{package.replace('[', '-').strip(']')}-{sys.version_info.major}.{sys.version_info.minor}"
    python, stamp = folder / "bin" / "python", folder / "installed"
    if stamp.exists():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    for step in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{package}>=3.20,<4"],
    ):
        done = subprocess.run(step, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
            raise UnavailableError(f"{package} cannot be installed: {reason}")
    stamp.touch()
    return python


async def ready(contender: Contender, running: Running, place: Place, line: Line, abreast: int) -> None:
    """Waits until a bot takes updates. Raises UnavailableError, with its last words, where it never does."""
    try:
        async with asyncio.timeout(PATIENCE):
            await _wait_for(contender, running, place, line, abreast)
    except TimeoutError:
        raise UnavailableError(f"{contender.name} is not ready after {PATIENCE:g} s: {running.last_words()}") from None


async def _wait_for(contender: Contender, running: Running, place: Place, line: Line, abreast: int) -> None:
    path = place.path
    if not contender.is_hook:
        await _unless_ended(contender, running, line.polled.wait())
    elif contender.name != "floor":
        path = urlsplit(await _unless_ended(contender, running, line.hooked)).path
    while contender.is_ours and not await asyncio.to_thread(_is_warm, place.port):  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.2)
    if contender.is_hook:
        await _listening(contender, running, place.port)
        line.hook = Hook(place.port, path, place.secret, abreast, line.take)


async def _unless_ended(contender: Contender, running: Running, sign: Awaitable[object]) -> str:
    """Waits for a sign of readiness, as long as the process lives."""
    awaited = asyncio.ensure_future(sign)
    ended = asyncio.create_task(running.process.wait())
    await asyncio.wait({awaited, ended}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if not awaited.done():
        raise UnavailableError(f"{contender.name} has ended: {running.last_words()}")
    return str(awaited.result())


async def _listening(contender: Contender, running: Running, port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if running.process.returncode is not None:
                raise UnavailableError(f"{contender.name} has ended: {running.last_words()}") from None
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


def _is_warm(port: int) -> bool:
    """Whether the bot's understanding is loaded and trained; its first poll may take longer than that."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            checks = answer.read()
    except HTTPError as error:
        checks = error.read()
    except OSError:
        return False
    return bool(orjson.loads(checks).get("understanding") == "ok")
