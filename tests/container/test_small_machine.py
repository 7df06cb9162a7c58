"""A machine of 512 MB carries a city: its traffic, a campaign, pictures, changed content and learning, all at once."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.wiring import Explainer
from tests.benchmarks.telegram_bots.telegram_side import Hook
from tests.container.engine import Container, Engine, ask, until
from tests.double.stage import free_port
from tests.faults.city import ABREAST, City, Telegram, Traffic
from tests.faults.programs import PATH, WEBHOOK

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="function")]
ROOM = 384 * 2**20  # bytes that the bot may have for itself; the rest is left to the files that are read
SUBSCRIBED = 2000
SHARES = {"two cores": "--cpus=2", "half a core": "--cpus=0.5"}
STARTS = {"EXPLAINER_CLOCK": "2025-11-06T07:59:30", "EXPLAINER_REHEARSAL": "1", "EXPLAINER_SEND_RATE": "100"}
PICTURE = {"intent": "where_they_stand", "entity": "option:picture"}
MOST_FAILED = 0.003  # of updates that are told to try again, while half a core reads content anew and the storage waits
PATIENT = 10  # times that a figure is asked for
LOOK = 0.1  # seconds between two looks at the memory


@dataclass
class Machine:
    """The bot in its container, on the host's network, and the most that was seen of its own memory, in bytes."""

    container: Container
    port: int
    most: int = 0

    async def watch(self) -> None:
        status = f"/proc/{self.container.inspect()['State']['Pid']}/status"
        while True:
            with open(status, encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - nothing of it is on a disk
                own = file.read().partition("RssAnon:")[2].split()[0]
            self.most = max(self.most, int(own) * 1024)
            await asyncio.sleep(LOOK)

    async def until(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        await asyncio.to_thread(until, done, seconds, what)

    async def figure(self, name: str) -> float:
        """A figure of /metrics, which half a core may tell late."""
        for _ in range(PATIENT):
            if told := (await self.ask("/metrics"))[1].partition(f"\n{name} ")[2]:
                return float(told.split()[0])
        raise AssertionError(f"/metrics does not tell {name}")

    async def ask(self, path: str, body: object = None) -> tuple[int, str]:
        return await asyncio.to_thread(ask, self.port, path, body)


@asynccontextmanager
async def machine(
    engine: Engine, image: str, api: str, folder: Path, *options: str, **settings: str
) -> AsyncIterator[Machine]:
    """A started bot with the content of `folder`/facts and a file of made-up subscribers beside it."""
    subscribers = folder / "subscribers"
    known = {"channel": "telegram", "lang": "en", "topic": "dallas-287g"}
    subscribers.write_text("".join(f"{json.dumps(known | {'chat': 1 + one})}\n" for one in range(SUBSCRIBED)), "utf-8")
    port = free_port()
    variables = WEBHOOK | settings | {
        "TELEGRAM_BOT_TOKEN": Telegram().token, "TELEGRAM_API_URL": api, "EXPLAINER_FACTS": "/facts",
        "EXPLAINER_HOST": "127.0.0.1", "EXPLAINER_PORT": str(port),
    }  # fmt: skip
    given = [f"--env={name}={value}" for name, value in variables.items()]
    mounts = [f"--volume={folder / name}:/{name}:ro" for name in ("facts", "subscribers")]
    with engine.running(image, "--network=host", "--memory-swap=512m", *options, *given, *mounts) as container:
        await asyncio.to_thread(container.wait_until_ready, port, 120)
        yield Machine(container, port)


async def draw(machine: Machine) -> None:
    """Looks at the page and its pictures until it is cancelled."""
    while True:
        for lang in ("en", "es"):
            status, text = await machine.ask("/api/ask", PICTURE | {"lang": lang})
            if status == 0:  # half a core that reads content anew keeps somebody waiting for too long
                continue
            assert status == 200, text
            if shown := json.loads(text).get("picture"):  # where many are drawn already, words stand for it
                await machine.ask(shown["url"])
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("share", SHARES)
async def test_it_carries_a_city(
    engine: Engine, image: str, served: Explainer, repository: Path, tmp_path: Path, share: str, is_bounded: bool
) -> None:
    shutil.copytree(repository / "facts", tmp_path / "facts")
    telegram, updates = Telegram(), 3_000 if is_bounded else 30_000
    traffic = Traffic(City(served.codes), telegram, 1e9)
    async with (
        telegram.listening() as api,
        machine(engine, image, api, tmp_path, SHARES[share], **STARTS) as box,
        asyncio.TaskGroup() as watching,
    ):
        tasks = [watching.create_task(box.watch()), watching.create_task(draw(box))]
        await asyncio.to_thread(box.container.exec, "explainer", "subscribers", "import", "/subscribers")
        await flow(box, traffic, updates // 2)
        change(tmp_path / "facts" / "dallas-287g")
        await asyncio.to_thread(engine, "kill", "--signal=HUP", box.container.id)
        await flow(box, traffic, updates // 2)
        served_anew = 'content_reloads_total{result="served"} 1.0'
        await box.until(lambda: served_anew in ask(box.port, "/metrics")[1], 240, "the changed content")
        await box.until(lambda: box.container.logs().count("understanding_warm") >= 2, 600, "what changed is learnt")
        await box.until(lambda: telegram.calls["sendMessage"] >= SUBSCRIBED, 240, "everybody reminded")
        # An answer that took longer than Telegram waits for it comes by a call of its own.
        said_to = telegram.said_to.copy  # in one step, whatever is counted meanwhile
        await box.until(lambda: (traffic.wanted - said_to()).total() == 0, 60, "everybody answered")
        failed = await box.figure("explainer_updates_failed_total")
        told, logged = box.container.inspect()["State"], box.container.logs()
        for task in tasks:
            task.cancel()
    print(f"\n{share}: {box.most / 1e6:.0f} MB of its own at most, {failed:.0f} told to try again")
    assert not told["OOMKilled"]
    assert "training_apart_failed" not in logged
    assert told["Running"]
    assert set(traffic.statuses) == {200}
    assert box.most <= ROOM
    assert failed <= MOST_FAILED * updates


async def flow(box: Machine, traffic: Traffic, count: int) -> None:
    hook = Hook(box.port, PATH, WEBHOOK["TELEGRAM_WEBHOOK_SECRET"], ABREAST, traffic.take)
    await hook.open()
    await traffic.flow([hook], count)
    hook.close()


def change(pack: Path) -> None:
    """Another version of the content, with one more question to learn."""
    questions = pack / "questions" / "en.yaml"
    questions.write_text(f"{questions.read_text('utf-8')}  - a question that nobody asked before\n", "utf-8")
