"""Measures delivery: rate, CPU a message, takeover, memory, bytes a row. Run it by hand; it prints a table.

`python -m tests.benchmarks.delivery [--postgres ADDRESS] [--seconds 30] [--subscribers 1000000]`
"""

import argparse
import asyncio
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import aiohttp
import orjson

from bot.storage.address import FILE_NAME
from tests.faults.replica import compose
from tests.faults.sink import TOKEN
from tests.faults.stage import Stage, stage

Row = tuple[str, str]


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def bare_client(url: str, count: int, rate: float) -> float:
    """CPU seconds a message of a client that does nothing but post, at the same pace."""
    html = compose((), "en", None).html  # type: ignore[arg-type]
    loop, before = asyncio.get_running_loop(), own_cpu()
    async with aiohttp.ClientSession() as session:

        async def post(chat: int) -> None:
            body = orjson.dumps({"chat_id": chat, "text": html, "parse_mode": "HTML"})
            headers = {"Content-Type": "application/json"}
            async with session.post(f"{url}/bot{TOKEN}/sendMessage", data=body, headers=headers) as answer:
                assert orjson.loads(await answer.read())["ok"]

        start, tasks = loop.time(), []
        for number in range(count):
            await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
            tasks.append(asyncio.create_task(post(5_000_000 + number)))
        await asyncio.gather(*tasks)
    return (own_cpu() - before) / count


async def in_a_process(url: str, count: int, rate: float) -> float:
    """The bare client measured alone, without the sink's share."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.delivery", "--bare", url, str(count), str(rate),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return float(out)


async def measure_rate(on: Stage, names: list[str], seconds: float) -> list[Row]:
    """Rate and CPU of as many replicas, beside the bare client."""
    count = int(on.rate * seconds)
    await on.subscribe(count)
    running = [await on.start(name) for name in names]
    await on.sink.reach(min(20, count // 10))
    cpu, taken = sum(one.cpu_seconds() for one in running), on.sink.total
    await on.sink.reach(count - 1, within=seconds * 3)
    cpu, taken = sum(one.cpu_seconds() for one in running) - cpu, on.sink.total - taken
    times = on.sink.times
    rate = (len(times) - 1) / (times[-1] - times[0])
    throttled = on.sink.refused
    idle = await idle_cpu(on)
    on.sink.limit = sys.maxsize  # the bare client keeps no rate when the machine is busy
    bare = await in_a_process(on.sink.url, min(count, 2000), on.rate)
    for one in running:
        await one.stop()
    each = cpu / taken
    what = f"{len(names)} replica(s) at {on.rate:g}/s"
    return [
        (f"{what}: rate kept", f"{rate:.1f}/s = {rate / on.rate:.1%}; busiest second {on.sink.busiest()}"),
        (f"{what}: 429s, repeated", f"{throttled}, {on.sink.repeated}"),
        (f"{what}: CPU a message", f"{each * 1e6:.0f} µs; bare {bare * 1e6:.0f} µs: {each / bare:.2f} times"),
        (f"{what}: CPU idle", f"{idle:.2%} of a core, all replicas"),
    ]


async def idle_cpu(on: Stage, seconds: float = 10.0) -> float:
    await on.done()
    await asyncio.sleep(2.0)
    before = sum(one.cpu_seconds() for one in on.replicas)
    await asyncio.sleep(seconds)
    return (sum(one.cpu_seconds() for one in on.replicas) - before) / seconds


async def measure_takeover(on: Stage) -> list[Row]:
    """How long nothing goes out after the only sending replica died."""
    await on.subscribe(2000)
    one = await on.start("one")
    await on.sink.reach(30)
    await on.start("other")
    await asyncio.sleep(2.0)
    await one.kill()
    killed, before = time.monotonic(), on.sink.total
    await on.sink.reach(before + 3)
    return [("takeover of a dead replica", f"{time.monotonic() - killed:.1f} s; repeated {on.sink.repeated}")]


async def measure_memory(on: Stage, subscribers: int) -> list[Row]:
    """Memory of an idle process, and what a million planned rows take."""
    before_due = "2026-11-20T08:00:00-06:00"
    empty = await on.start(at=before_due)
    await asyncio.sleep(3.0)
    of_none = empty.memory()
    await empty.stop()
    await on.subscribe(subscribers)
    full = await on.start(at=before_due)
    await asyncio.sleep(3.0)
    of_all = full.memory()
    await full.stop()
    size = (on.folder / FILE_NAME).stat().st_size
    on.sink.limit = 0
    planning = await on.start()
    started = time.monotonic()
    planned = False
    while not planned:
        await asyncio.sleep(0.5)
        planned = any(one.planned for one in await on.progress())
    took = time.monotonic() - started
    of_planned = planning.memory()
    await planning.stop()
    with closing(sqlite3.connect(on.folder / FILE_NAME)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    row = ((on.folder / FILE_NAME).stat().st_size - size) / subscribers
    return [
        (f"memory for {subscribers} subscribers", f"{of_none / 2**20:.0f} MB, with them {of_all / 2**20:.0f} MB"),
        ("memory while their campaign runs", f"{of_planned / 2**20:.0f} MB"),
        ("their recipients looked up in", f"{took:.0f} s"),
        ("ledger", f"{row:.0f} bytes a row"),
    ]


async def on_stage(url: str | None, rate: float, measure: Callable[[Stage], Awaitable[list[Row]]]) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        async with stage(Path(name) / "var", url, rate) as on:
            return await measure(on)


async def measure_all(postgres: str | None, seconds: float, subscribers: int) -> None:
    rows = [("machine", f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")]
    rows += await on_stage(None, 28, lambda on: measure_rate(on, ["local"], seconds))
    rows += await on_stage(None, 500, lambda on: measure_rate(on, ["local"], seconds / 3))
    if postgres:
        import psycopg  # noqa: PLC0415

        def fresh() -> str:
            name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
            with psycopg.connect(postgres, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            return postgres.replace("/postgres?", f"/{name}?")

        rows += await on_stage(fresh(), 28, lambda on: measure_rate(on, ["one", "other"], seconds))
        rows += await on_stage(fresh(), 28, measure_takeover)
    if subscribers:
        rows += await on_stage(None, 28, lambda on: measure_memory(on, subscribers))
    for what, value in rows:
        print(f"| {what} | {value} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="an address whose database is called postgres")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--bare", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        url, count, rate = arguments.bare
        print(asyncio.run(bare_client(url, int(count), float(rate))))
    else:
        asyncio.run(measure_all(arguments.postgres, arguments.seconds, arguments.subscribers))


if __name__ == "__main__":
    main()
