"""A bot's process and its children: started on one core, measured by the kernel's own counters, ended by its id."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_CLOCK_OF_PROCESS: Final = 2  # CPUCLOCK_SCHED of all threads, see clock_getcpuclockid(3)


@dataclass(frozen=True)
class Running:
    """A started process; its output is in `log`."""

    process: asyncio.subprocess.Process
    log: Path

    def cpu_seconds(self) -> float:
        """CPU of the process and its family, see `cpu_of_family`."""
        return cpu_of_family(self.process.pid)

    def memory(self) -> tuple[float, float]:
        """RSS and PSS of them all, in MB."""
        sums = {"Rss": 0, "Pss": 0}
        for pid in family(self.process.pid):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]:
                name, _, value = line.partition(":")
                if name in sums:
                    sums[name] += int(value.split()[0])
        return sums["Rss"] / 1024, sums["Pss"] / 1024

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL ten seconds later."""
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 10.0)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


async def start(command: Sequence[str], environment: Mapping[str, str], log: Path, cores: set[int] | None) -> Running:
    """Starts a process from the repository's root, on these cores where some are named."""
    with log.open("wb") as out, on_cores(cores):  # a child inherits the cores of whoever starts it
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=dict(environment), stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )
    return Running(process, log)


@contextmanager
def on_cores(cores: set[int] | None) -> Iterator[None]:
    """Runs the block on these cores; None is all that there are."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            children = (thread / "children").read_text(encoding="utf-8").split()
        except FileNotFoundError:  # the thread has ended meanwhile
            continue
        for child in children:
            found += family(int(child))
    return found


def cpu_of_family(pid: int) -> float:
    """CPU seconds of a process, its living children and theirs by the nanosecond, ended ones by the tick (10 ms)."""
    ended = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(_cpu(one) for one in family(pid)) + (int(ended[13]) + int(ended[14])) / _TICKS


def _cpu(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | _CLOCK_OF_PROCESS)
