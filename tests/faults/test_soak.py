"""A city's day at ten updates a second, compressed: whether memory, files and answers stay as they were."""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from statistics import quantiles

import aiohttp
import pytest

from bot.wiring import Explainer
from tests.benchmarks.telegram_bots.telegram_side import Hook
from tests.faults.city import ABREAST, City, Telegram, Traffic
from tests.faults.programs import PATH, WEBHOOK, Program, programs
from tests.journeys.test_memory import resident

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.long]

A_SECOND = 10.0  # updates, in the city
SPEED = 60.0  # seconds of the city in one of ours
STARTS = "2025-11-06T06:30"  # the day of the vote: its last reminder goes out at seven, the outcome comes at six
REMINDED = 100  # residents at least, of the thousand or so who asked for it before seven
SHARES = 12  # of the day; what the bot holds is read after each
SETTLED = 4  # shares, after which nothing may grow
GROWS = 1.05  # the most that memory may be of what it was then
LOOKED = 1.0  # seconds between two looks of somebody in a browser


async def look_now_and_then(program: Program, seen: Counter[int]) -> None:
    """Somebody in a browser, who looks at the page, asks, and saves the dates; counts the statuses."""
    async with aiohttp.ClientSession(program.url) as session:
        while True:
            for path in ("/", "/calendar/dallas-287g.ics", "/metrics"):
                async with session.get(path) as answer:
                    seen[answer.status] += 1
            async with session.post("/api/ask", json={"text": "when is the vote?"}) as answer:
                seen[answer.status] += 1
            await asyncio.sleep(LOOKED)


async def spend_the_day(program: Program, traffic: Traffic, hours: int) -> list[tuple[float, int]]:
    """The megabytes that are resident, and the open files, after each share of the day."""
    held: list[tuple[float, int]] = []
    hook = Hook(program.port, PATH, WEBHOOK["TELEGRAM_WEBHOOK_SECRET"], ABREAST, traffic.take)
    for _ in range(SHARES):
        await hook.open()
        await traffic.flow([hook], int(hours * 3600 * A_SECOND / SHARES))
        held.append(_held(program))
        print(f"{traffic.posted} updates: {held[-1][0]:.0f} MB resident, {held[-1][1]} files open")
    hook.close()
    return held


def _held(program: Program) -> tuple[float, int]:
    assert program.process is not None
    return resident(program.process.pid), len(list(Path(f"/proc/{program.process.pid}/fd").iterdir()))


async def test_a_day_in_a_city_leaves_no_trace(served: Explainer, data: Path, tmp_path: Path, is_bounded: bool) -> None:
    telegram, seen = Telegram(), Counter[int]()
    traffic = Traffic(City(served.codes), telegram, A_SECOND * SPEED)
    settings = WEBHOOK | {"EXPLAINER_CLOCK": STARTS, "EXPLAINER_REHEARSAL": "1", "EXPLAINER_SEND_RATE": "100000"}
    async with (
        telegram.listening() as api,
        programs(telegram, tmp_path, data, TELEGRAM_API_URL=api, **settings) as all_,
    ):
        (program,) = all_
        program.command = (sys.executable, "-m", "tests.faults.fast_day", str(SPEED))
        await program.start(until="understanding_warm")
        looking = asyncio.create_task(look_now_and_then(program, seen))
        held = await spend_the_day(program, traffic, hours=2 if is_bounded else 24)
        looking.cancel()
        await asyncio.sleep(1.0)  # what is still on its way
        await program.stop()
    delays = [1000 * delay for delay in quantiles(traffic.delays, n=100)]
    print(f"{telegram.calls}; half in {delays[49]:.1f} ms, 99 % in {delays[98]:.0f} ms")
    assert "Traceback" not in program.said
    assert set(traffic.statuses) == {200}
    assert set(seen) == {200}
    assert (traffic.wanted - telegram.said_to).total() == 0
    assert telegram.calls["sendMessage"] >= REMINDED
    memory, files = zip(*held[SETTLED - 1 :], strict=True)
    assert max(memory) <= GROWS * memory[0]
    assert max(files) <= files[0] + ABREAST
