"""Checks of what may fail or hang: seldom, never two at once, and told within a limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from bot.core.errors import ServiceError
from bot.platforms.web.readiness import Check, Checks
from bot.platforms.web.stalls import LoopLag

pytestmark = pytest.mark.asyncio


class Thing:
    """What is looked at: fine until told otherwise, and stuck while `gate` is closed."""

    def __init__(self) -> None:
        self.said: str | Exception = "ok"
        self.gate = asyncio.Event()
        self.gate.set()
        self.looks = 0

    async def look(self) -> str:
        self.looks += 1
        await self.gate.wait()
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


async def test_what_was_seen_is_told_again_without_another_look() -> None:
    thing = Thing()
    check = Check("thing", thing.look, fresh=60)
    assert [await check.state() for _ in range(3)] == ["ok"] * 3
    assert thing.looks == 1
    assert check.seconds is not None


async def test_change_is_seen_at_the_next_look_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    thing = Thing()
    check = Check("thing", thing.look, fresh=0)
    assert await check.state() == "ok"
    thing.said = ServiceError("The disk is full.")
    assert [await check.state() for _ in range(2)] == ["The disk is full."] * 2
    thing.said = "ok: nearly full"
    assert await check.state() == "ok: nearly full"
    assert [record.getMessage() for record in caplog.records if "readiness.changed" in record.getMessage()] == [
        "readiness.changed check=thing: The disk is full.",
        "readiness.changed check=thing: ok: nearly full",
    ]


async def test_accident_is_told_by_its_kind_alone() -> None:
    thing = Thing()
    thing.said = OSError("a secret path")
    assert await Check("thing", thing.look).state() == "the check failed: OSError"


async def test_look_that_hangs_is_told_in_time_and_begun_once() -> None:
    thing = Thing()
    thing.gate.clear()
    check = Check("thing", thing.look, patience=0.05, fresh=0)
    asked = [check.state() for _ in range(5)]
    assert await asyncio.gather(*asked) == ["does not answer within 0.05 seconds"] * 5
    assert await check.state() == "does not answer within 0.05 seconds"
    assert thing.looks == 1
    thing.gate.set()
    assert await check.state() == "ok"


async def test_one_that_hangs_hides_no_other() -> None:
    stuck, fine = Thing(), Thing()
    stuck.gate.clear()
    looks: dict[str, Callable[[], Awaitable[str]]] = {"stuck": stuck.look, "fine": fine.look}
    checks = Checks(looks, patience=0.05)
    assert await checks.states() == {"stuck": "does not answer within 0.05 seconds", "fine": "ok"}
    await checks.stop()
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_asker_who_leaves_does_not_end_the_look() -> None:
    thing = Thing()
    thing.gate.clear()
    check = Check("thing", thing.look)
    asking = asyncio.create_task(check.state())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    thing.gate.set()
    assert await check.state() == "ok"
    assert thing.looks == 1


async def test_stalled_loop_is_noticed_and_forgotten() -> None:
    lag = LoopLag(every=0.01, kept=5)
    watching = asyncio.create_task(lag.watch())
    await asyncio.sleep(0.02)
    time.sleep(0.3)  # noqa: ASYNC251 - what a stall is
    await asyncio.sleep(0.02)
    assert lag.seconds >= 0.25
    for _ in range(1000):
        await asyncio.sleep(0.01)
        if lag.seconds < 0.25:
            break
    assert lag.seconds < 0.25
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
