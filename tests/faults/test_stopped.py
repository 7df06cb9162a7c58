"""What operators do on purpose, and what a machine does that sleeps: nothing lost, nothing sent twice."""

import asyncio
import signal

import pytest

from bot.reminders.ledger import CampaignState
from tests.faults.stage import Stage

pytestmark = [pytest.mark.asyncio, pytest.mark.long]

on_server = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
VISIBLE = 1.0  # seconds within which a pause, a resumption or a cancellation shows


async def test_planned_stop_loses_nothing_and_repeats_nothing(on_stage: Stage) -> None:
    await on_stage.subscribe(150)
    for step in (30, 60, 90):
        replica = await on_stage.start(wait=False)
        await on_stage.sink.reach(step)
        await replica.stop()
    await on_stage.start()
    progress = await on_stage.done()
    assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (150, 150, 0)


async def test_rolling_restart_loses_nothing_and_repeats_nothing(on_stage: Stage) -> None:
    if on_stage.url is None:
        pytest.skip("replicas share a server; a file has one process")
    await on_stage.subscribe(300)
    running = [await on_stage.start("one"), await on_stage.start("other")]
    await on_stage.sink.reach(20)
    for number, name in enumerate(("one", "other")):
        await running[number].stop()
        running[number] = await on_stage.start(name)
    progress = await on_stage.done()
    assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (300, 300, 0)


async def test_paused_campaign_rests_within_a_second_and_goes_on_within_one(on_stage: Stage) -> None:
    await on_stage.subscribe(120)
    await on_stage.start()
    await on_stage.sink.reach(20)
    await on_stage.set_state(CampaignState.PAUSED)
    await asyncio.sleep(VISIBLE)
    rested = on_stage.sink.total
    await asyncio.sleep(2.0)
    assert on_stage.sink.total == rested
    await on_stage.set_state(CampaignState.RUNNING)
    await asyncio.sleep(2 * VISIBLE)  # one to be seen, one more on a machine that is busy
    assert on_stage.sink.total > rested
    progress = await on_stage.done()
    assert (progress.sent, len(on_stage.sink.taken), on_stage.sink.repeated) == (120, 120, 0)


async def test_cancelled_campaign_ends_within_a_second(on_stage: Stage) -> None:
    await on_stage.subscribe(120)
    await on_stage.start()
    await on_stage.sink.reach(20)
    await on_stage.set_state(CampaignState.CANCELLED)
    await asyncio.sleep(VISIBLE)
    sent = on_stage.sink.total
    await asyncio.sleep(2.0)
    (progress,) = await on_stage.progress()
    assert (progress.state, progress.remaining) == ("cancelled", 0)
    assert progress.sent == sent == on_stage.sink.total < 120
    assert on_stage.sink.repeated == 0


@on_server
async def test_dead_replica_is_replaced_within_six_seconds(on_stage: Stage) -> None:
    await on_stage.subscribe(400)
    one = await on_stage.start("one")
    await on_stage.sink.reach(30)
    await on_stage.start("other")
    await asyncio.sleep(2.0)
    await one.kill()
    before = on_stage.sink.total
    started = asyncio.get_running_loop().time()
    await on_stage.sink.reach(before + 3)
    took = asyncio.get_running_loop().time() - started
    print(f"\ntaken over after {took:.1f} s")
    progress = await on_stage.done()
    assert took <= 6.0
    assert (progress.sent, len(on_stage.sink.taken)) == (400, 400)
    assert on_stage.sink.repeated <= 3


@on_server
async def test_replica_that_was_suspended_repeats_no_more_than_was_on_the_wire(on_stage: Stage) -> None:
    await on_stage.subscribe(400)
    one = await on_stage.start("one")
    await on_stage.sink.reach(30)
    await on_stage.start("other")
    await asyncio.sleep(2.0)
    on_the_wire = on_stage.sink.calls
    one.signal(signal.SIGSTOP)
    on_the_wire = on_stage.sink.calls - on_the_wire + 2
    await on_stage.sink.reach(on_stage.sink.total + 20)
    one.signal(signal.SIGCONT)
    progress = await on_stage.done()
    print(f"\n{on_stage.sink.repeated} repeated after a suspension")
    assert (progress.sent, len(on_stage.sink.taken)) == (400, 400)
    assert on_stage.sink.repeated <= on_the_wire
