"""Whole programs behind one bot of the double, started as an operator does, which a test stops, kills and suspends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.double.stage import free_port

PATH = "/telegram/a-path-that-is-not-guessed"
WEBHOOK = {
    "TELEGRAM_WEBHOOK_URL": f"https://bot.example.org{PATH}",
    "TELEGRAM_WEBHOOK_SECRET": "a-long-secret-of-the-test",
}
KEY = "the secret key of these tests"
START = 90.0  # seconds that a program may take to start on a machine that is busy with others
STOP = 40.0
READY = "The bot answers on Telegram."
RUN = (str(Path(sys.executable).with_name("explainer")), "run")


class Telegram(Protocol):
    """What knows a bot by its token."""

    @property
    def token(self) -> str: ...


@dataclass
class Program:
    """`explainer run` on a port of its own, with a log that goes on over its restarts."""

    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    command: tuple[str, ...] = RUN
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """All that it has written so far."""
        return self.log.read_text("utf-8") if self.log.exists() else ""

    async def start(self, until: str = READY, **settings: str) -> None:
        """Returns once it has said so; raises AssertionError where it ends before. `settings` count for this once."""
        begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as file:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdout=file, stderr=file,
                env=self.environment | {"EXPLAINER_PORT": str(self.port)} | settings,
            )  # fmt: skip
        async with asyncio.timeout(START):
            while until not in (said := self.log.read_bytes()[begins:].decode()):
                assert self.process.returncode is None, said
                await asyncio.sleep(0.02)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Waits for its end; the exit status."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), STOP)

    async def kill(self) -> None:
        """Ends it as a lost machine ends."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> None:
        """Ends it as an operator does; it has to end well."""
        self.signal(signal.SIGTERM)
        assert await self.ended() == 0, self.said

    async def end(self) -> None:
        """Ends it whatever state it is in."""
        if self.process is not None and self.process.returncode is None:
            self.signal(signal.SIGCONT)
            await self.kill()


@asynccontextmanager
async def programs(
    double: Telegram, folder: Path, *data: Path, database: str | None = None, **settings: str
) -> AsyncIterator[list[Program]]:
    """A program for each folder of `data`, not started yet, all on one database where there is one.

    At the end none may have written the token, the secret or the path of the webhook.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("EXPLAINER_", "TELEGRAM_"))
    }
    environment |= {"TELEGRAM_BOT_TOKEN": double.token, "EXPLAINER_SECRET_KEY": KEY, "PYTHONUNBUFFERED": "1"}
    environment |= {"DATABASE_URL": database} if database else {}
    started = [
        Program(environment | {"EXPLAINER_DATA": str(place)} | settings, folder / f"{number}.log")
        for number, place in enumerate(data)
    ]
    try:
        yield started
    finally:
        for program in started:
            await program.end()
        for program in started:
            for secret in (double.token, WEBHOOK["TELEGRAM_WEBHOOK_SECRET"], PATH, KEY):
                assert secret not in program.said
