"""A whole program that is watched while things fail around it: it says so, and says when that is over."""

import asyncio
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.double import BotApiDouble
from tests.faults.programs import Program, programs
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.long]

HEALTH = Path("deploy") / "health.py"


@pytest_asyncio.fixture
async def double() -> AsyncIterator[BotApiDouble]:
    async with BotApiDouble() as double:
        yield double


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of fifty megabytes; skips where none can be had."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", folder]
    if not shutil.which("mount") or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here: a full one was not tried")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


async def checks(program: Program) -> tuple[int, dict[str, str]]:
    """The status of /readyz and what it says."""
    async with aiohttp.ClientSession() as session, session.get(f"{program.url}/readyz") as answer:
        return answer.status, await answer.json()


async def figure(program: Program, sample: str) -> float:
    """One sample of /metrics."""
    async with aiohttp.ClientSession() as session, session.get(f"{program.url}/metrics") as answer:
        (line,) = [line for line in (await answer.text()).splitlines() if line.startswith(f"{sample} ")]
    return float(line.split()[-1])


async def until(program: Program, check: str, says: str) -> int:
    """Waits until a check begins so (a pattern), half a minute or a little more; the status then."""
    for _ in range(300):
        status, said = await checks(program)
        if re.match(says, said[check]):
            return status
        await asyncio.sleep(0.1)
    raise AssertionError(said)


async def test_content_with_errors_is_told_until_it_is_mended(
    double: BotApiDouble, data: Path, pack_folder: Path, tmp_path: Path
) -> None:
    facts = shutil.copytree(pack_folder, tmp_path / "facts")
    topic = facts / "topic.yaml"
    sound = topic.read_text("utf-8")
    async with programs(double, tmp_path, data, TELEGRAM_API_URL=double.url, EXPLAINER_FACTS=str(facts)) as (program,):
        await program.start()
        topic.write_text(sound + "\nnonsense: true\n", "utf-8")
        program.signal(signal.SIGHUP)
        assert await until(program, "content", "ok: as before") == 200
        assert await figure(program, "explainer_content_refused") == 1
        topic.write_text(sound, "utf-8")
        program.signal(signal.SIGHUP)
        assert await until(program, "content", "ok$") == 200
        assert await figure(program, 'explainer_content_reloads_total{result="refused"}') == 1
        await program.stop()


async def test_program_that_stands_still_is_not_ready(
    double: BotApiDouble, data: Path, repository: Path, tmp_path: Path
) -> None:
    async with programs(double, tmp_path, data, TELEGRAM_API_URL=double.url) as (program,):
        await program.start()
        asking = [sys.executable, "-IS", repository / HEALTH]
        environment = {"EXPLAINER_PORT": str(program.port), "EXPLAINER_HOST": "127.0.0.1"}
        for number, status in ((signal.SIGSTOP, 1), (signal.SIGCONT, 0)):
            program.signal(number)
            asked = await asyncio.create_subprocess_exec(
                *asking, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            said, failed = await asked.communicate()
            assert (asked.returncode, failed) == (status, b""), said
        await program.stop()


async def test_full_disk_is_told_and_so_is_room_again(
    double: BotApiDouble, data: Path, small_disk: Path, tmp_path: Path
) -> None:
    place = shutil.copytree(data, small_disk / "var", symlinks=True)
    async with programs(double, tmp_path, place, TELEGRAM_API_URL=double.url) as (program,):
        await program.start()
        assert await until(program, "disk", "ok: the disk is nearly full") == 200
        filler = small_disk / "everything"
        filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 1_000_000))
        assert await until(program, "disk", "the disk is full") == 503
        assert await figure(program, 'explainer_ready{check="disk"}') == 0
        filler.unlink()
        assert await until(program, "disk", "ok: the disk is nearly full") == 200
        await program.stop()


async def test_database_that_is_gone_is_told_until_it_is_back(
    double: BotApiDouble, data: Path, lone_postgres: PostgresServer, tmp_path: Path
) -> None:
    settings = {"TELEGRAM_API_URL": double.url, "TELEGRAM_BOT_TOKEN": double.token}
    async with programs(double, tmp_path, data, database=lone_postgres.make(), **settings) as (program,):
        await program.start()
        assert await until(program, "database", "ok") == 200
        lone_postgres.stop()
        assert await until(program, "database", "The database is out of reach") == 503
        assert await figure(program, 'explainer_ready{check="database"}') == 0
        lone_postgres.start()
        assert await until(program, "database", "ok") == 200
        await program.stop()
