"""The disk lost in the middle of a campaign: the backup made before brings the rest, and repeats what came after it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from bot.storage.address import FILE_NAME
from bot.storage.maintenance import back_up, check_database
from tests.faults.stage import Stage, stage

pytestmark = [pytest.mark.asyncio, pytest.mark.long]

MOST_IN_HAND = 3  # messages repeated by a kill at 28 a second, as in test_killed
COUNTED = {"sent": "(2)", "rejected": "(3, 5)", "skipped": "(4)"}  # the states that a chunk's counts are of
FULL_SPEED = 1000.0  # messages a second: more than one process sends


@pytest_asyncio.fixture
async def at_full_speed(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path / "var", None, FULL_SPEED) as set_up:
        yield set_up


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_lost_volume_is_made_good_by_the_backup(on_stage: Stage, tmp_path: Path) -> None:
    await on_stage.subscribe(120)
    first = await on_stage.start(wait=False)
    await on_stage.sink.reach(30)
    await asyncio.to_thread(back_up, None, on_stage.folder, tmp_path / "copy.db")
    saved = sent_in(tmp_path / "copy.db")
    await on_stage.sink.reach(70)
    await first.kill()
    lost = on_stage.sink.total
    for path in on_stage.folder.glob(f"{FILE_NAME}*"):
        path.unlink()
    (tmp_path / "copy.db").rename(on_stage.folder / FILE_NAME)
    await on_stage.start()
    progress = await on_stage.done()
    repeated = on_stage.sink.repeated
    print(f"\n{saved} sent in the backup, {lost} when the volume was lost, {repeated} repeated")
    assert len(on_stage.sink.taken) == progress.sent == progress.total == 120
    assert 0 < repeated <= lost - saved
    assert lost - saved <= 70 - 30 + 2 * MOST_IN_HAND + 28  # a second's for the copy and the kill on a busy machine


async def test_backups_at_full_speed_are_whole(at_full_speed: Stage, tmp_path: Path, is_bounded: bool) -> None:
    count, backups = (4_000, 5) if is_bounded else (20_000, 25)
    await at_full_speed.subscribe(count)
    await at_full_speed.start()
    sent = []
    for number in range(backups):
        await at_full_speed.sink.reach((number + 1) * count // (backups + 1), within=120)
        target = tmp_path / f"{number}" / FILE_NAME
        target.parent.mkdir()
        await asyncio.to_thread(back_up, None, at_full_speed.folder, target)
        assert (await check_database(None, target.parent)).is_sound
        assert_counts_hold(target)
        sent.append(sent_in(target))
    progress = await at_full_speed.done(within=120)
    print(f"\nsent in each backup: {sent}")
    assert sorted(sent) == sent
    assert 0 < sent[0] < sent[-1] < count
    assert (progress.sent, len(at_full_speed.sink.taken), at_full_speed.sink.repeated) == (count, count, 0)


def sent_in(path: Path) -> int:
    """Messages that a copy knows as sent."""
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("SELECT count(*) FROM delivery WHERE state = 2").fetchone()[0])


def assert_counts_hold(path: Path) -> None:
    """Each chunk has as many rows as it says, and counted each settled one once; each row's subscription is there."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        sums = ", ".join(f"sum(state IN {states}) AS {name}" for name, states in COUNTED.items())
        rows = f"SELECT chunk_id, count(*) AS total, {sums} FROM delivery GROUP BY chunk_id"  # noqa: S608 - constants
        differ = "c.total <> r.total OR " + " OR ".join(f"c.{name} <> r.{name}" for name in COUNTED)
        assert file.execute(f"SELECT c.id FROM chunk c LEFT JOIN ({rows}) r ON r.chunk_id = c.id "  # noqa: S608
                            f"WHERE r.chunk_id IS NULL OR {differ}").fetchall() == []  # fmt: skip
        assert file.execute("SELECT count(*) FROM subscription").fetchone() > (0,)
