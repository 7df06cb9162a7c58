"""Subscribers in a database, a sink for their messages, and processes that deliver, which a test starts and ends."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.core.clock import SystemClock
from bot.reminders.ledger import CampaignState, Progress
from bot.reminders.subscription import Subscription
from bot.storage import open_storage
from bot.storage.keys import Keys
from bot.storage.ledger import LedgerStore, open_ledger
from bot.storage.subscription_list import PAGE, Entry
from tests.faults.replica import AT, SECRET
from tests.faults.sink import Sink
from tests.unit.conftest import FILES

ROOT = Path(__file__).resolve().parents[2]
TOPIC = "old-bridge"
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
START = 90.0  # seconds that a process may take to start on a machine that is busy with others


@dataclass
class Replica:
    """A delivering process, whose log stands in a file."""

    process: asyncio.subprocess.Process
    log: Path

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def kill(self) -> None:
        """End it as a lost machine ends."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """End it as an operator does; it has to end well."""
        self.process.terminate()
        status = await asyncio.wait_for(self.process.wait(), 40)
        assert status == 0, self.log.read_text("utf-8")

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Resident bytes."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text("ascii"))
        assert found
        return int(found[1]) * 1024


@dataclass
class Stage:
    """`url` is None for a file in `folder`."""

    folder: Path
    url: str | None
    sink: Sink
    rate: float = 28.0
    replicas: list[Replica] = field(default_factory=list)

    async def subscribe(self, count: int) -> None:
        """So many chats with ids from 1000 on."""
        subscription = Subscription("en", SINCE)
        storage = await open_storage(self.url, self.folder, [SECRET], SystemClock())
        entries = [Entry("telegram", str(1000 + number), TOPIC, subscription) for number in range(count)]
        for first in range(0, count, PAGE):
            await storage.subscription_list().add(entries[first : first + PAGE])
        await storage.close()

    async def start(self, name: str = "local", at: str = AT, wait: bool = True) -> Replica:
        """Start a process that delivers; returns once it does, unless told not to `wait`."""
        log = self.folder / f"{name}-{len(self.replicas)}.log"
        command = ["-m", "tests.faults.replica", "--folder", str(self.folder), "--pack", str(self.folder / "pack")]
        command += ["--api", self.sink.url, "--rate", str(self.rate), "--name", name, "--at", at]
        command += ["--database", self.url] if self.url else []
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=file
            )
        replica = Replica(process, log)
        self.replicas.append(replica)
        if wait:
            await self.delivering(replica)
        return replica

    async def delivering(self, replica: Replica) -> None:
        """Wait until the process says that it delivers."""
        assert replica.process.stdout
        line = await asyncio.wait_for(replica.process.stdout.readline(), START)
        assert line == b"delivering\n", replica.log.read_text("utf-8")

    @asynccontextmanager
    async def ledger(self) -> AsyncIterator[LedgerStore]:
        """The ledger, as another process opens it."""
        ledger = open_ledger(self.url, self.folder, Keys([SECRET]), TOPIC)
        try:
            yield ledger
        finally:
            await ledger.close()

    async def progress(self) -> Sequence[Progress]:
        async with self.ledger() as ledger:
            return await ledger.progress()

    async def set_state(self, state: CampaignState) -> None:
        """Pause, resume or cancel the only campaign, as the command does."""
        async with self.ledger() as ledger:
            (only,) = await ledger.progress()
            assert await ledger.set_state(only.key, state)

    async def done(self, within: float = 60.0) -> Progress:
        """Wait until the only campaign is done."""
        async with self.ledger() as ledger, asyncio.timeout(within):
            while True:
                campaigns = await ledger.progress()
                if campaigns and campaigns[0].state == "done":
                    return campaigns[0]
                await asyncio.sleep(0.2)

    async def end(self) -> None:
        """End every process that still runs."""
        for replica in self.replicas:
            if replica.process.returncode is None:
                replica.signal(signal.SIGCONT)
                await replica.kill()


@asynccontextmanager
async def stage(folder: Path, url: str | None, rate: float = 28.0, **of_sink: float) -> AsyncIterator[Stage]:
    """A stage with nobody on it; the sink takes a tenth more than `rate` in a second."""
    _write_pack(folder)
    async with Sink(limit=int(rate * 1.1), **of_sink) as sink:  # type: ignore[arg-type]
        set_up = Stage(folder, url, sink, rate)
        try:
            yield set_up
        finally:
            await set_up.end()


def _write_pack(folder: Path) -> None:
    pack = folder / "pack"
    pack.mkdir(parents=True)
    folder.chmod(0o700)
    for name, text in FILES.items():
        (pack / name).write_text(text, encoding="utf-8")
