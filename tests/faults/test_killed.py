"""Processes killed at random moments: nothing is lost, and next to nothing repeated."""

import asyncio
import random

import pytest

from tests.faults.stage import Stage

pytestmark = pytest.mark.asyncio

MOST_A_KILL = 3  # messages repeated by one kill at 28 a second
on_file = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_server = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@on_file
async def test_killed_process_loses_nothing_and_repeats_little(on_stage: Stage) -> None:
    await on_stage.subscribe(60)
    first = await on_stage.start(wait=False)
    await on_stage.sink.reach(10)
    await first.kill()
    await on_stage.start()
    await on_stage.sink.reach(60)
    progress = await on_stage.done()
    assert len(on_stage.sink.taken) == progress.sent == 60
    assert on_stage.sink.repeated <= MOST_A_KILL


@pytest.mark.long
async def test_many_kills_lose_nothing_and_repeat_at_most_one_each(on_stage: Stage, is_bounded: bool) -> None:
    kills = 6 if is_bounded else 50
    names = ["local"] if on_stage.url is None else ["one", "other"]
    chance = random.Random(287)  # noqa: S311 - moments, not secrets
    count = kills * 100 * len(names) + 100  # while one restarts another goes on
    await on_stage.subscribe(count)
    running = {name: await on_stage.start(name) for name in names}
    await on_stage.sink.reach(1)
    repeated = []
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.5, 3.0))
        before, name = on_stage.sink.repeated, chance.choice(names)
        taken = on_stage.sink.total
        await running[name].kill()
        running[name] = await on_stage.start(name)
        await on_stage.sink.reach(min(taken + 20, count))
        repeated.append(on_stage.sink.repeated - before)
    progress = await on_stage.done(within=count / 20 + 60)
    lost = progress.total - len(on_stage.sink.taken)
    print(f"\n{len(names)} replicas, {kills} kills: {lost} lost, {on_stage.sink.repeated} repeated: {repeated}")
    assert lost == 0
    assert progress.sent == progress.total == count
    assert on_stage.sink.repeated <= kills
    assert max(repeated) <= MOST_A_KILL
    assert on_stage.sink.busiest() <= on_stage.sink.limit
