"""All bots at once beside one server that is Telegram to them, each measured in its turn on the same work."""

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from tests.benchmarks.telegram_bots.checks import tally
from tests.benchmarks.telegram_bots.contenders import (
    Contender,
    UnavailableError,
    Work,
    command_of,
    environment_of,
    ready,
)
from tests.benchmarks.telegram_bots.exchanges import Call, Exchange
from tests.benchmarks.telegram_bots.line import Line, Load
from tests.benchmarks.telegram_bots.processes import Running, on_cores, start
from tests.benchmarks.telegram_bots.questions import Questions
from tests.benchmarks.telegram_bots.telegram_side import ApiConnection, Respond
from tests.benchmarks.telegram_bots.work import Place

log = logging.getLogger(__name__)
QUIET: Final = 0.15  # seconds after the last answer for what a bot still does for it
PATIENCE: Final = 60.0  # seconds for a round
SECRET: Final = "a-secret-of-the-benchmark_0123456789"


@dataclass(frozen=True, slots=True)
class Pin:
    """The cores of the bots, and of Telegram's side; None where each runs where it likes."""

    bots: set[int] | None = None
    telegram: set[int] | None = None


@dataclass
class Entry:
    """One bot at one kind of work, and what was measured: CPU in seconds per 1,000 answered updates, one figure a
    round, busy and paced; `idle` is the share of a core without updates; latencies in seconds."""

    contender: Contender
    work: Work
    running: Running
    line: Line
    questions: Questions
    busy: list[float] = field(default_factory=list)
    paced: list[float] = field(default_factory=list)
    idle: float = 0.0
    latencies: list[float] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.contender.name if self.work == "command" else f"{self.contender.name}: {self.work}"

    def updates(self, count: int) -> list[Exchange]:
        made = self.questions.of_ours(self.work, count) if self.contender.is_ours else self.questions.of_others(count)
        self.exchanges += made
        return made

    async def warm_up(self, count: int, load: Load) -> None:
        """Answers some updates that count for nothing but the check. Raises UnavailableError where most get nothing."""
        updates = self.updates(count)
        await self.line.keep_busy(updates, load, PATIENCE / 3)
        await asyncio.sleep(QUIET)
        found = tally(updates)
        if not found.is_clean:
            log.warning("%s, warming up: %s", self.name, found)
        if found.right < count / 2:
            raise UnavailableError(f"it does not answer: {found}; its last words: {self.running.last_words()}")

    async def run_busy(self, count: int, load: Load) -> None:
        """A round of a closed loop; of light work four times as much."""
        is_light = self.contender.is_light and self.work == "command"
        updates = self.updates(count * 4 if is_light else count)
        with _no_collections():
            before = self.running.cpu_seconds()
            await self.line.keep_busy(updates, load, PATIENCE)
            self.busy.append(await self._each(before, updates))

    async def run_paced(self, seconds: float, rate: float, seed: int) -> None:
        """A round of an open loop: arrivals at random, the same for every bot."""
        random = Random(seed)  # noqa: S311 - arrivals, no secrets
        updates = self.updates(int(seconds * rate))
        pauses = [random.expovariate(rate) for _ in updates]
        with _no_collections():
            before = self.running.cpu_seconds()
            await self.line.keep_pace(updates, pauses, PATIENCE)
            self.paced.append(await self._each(before, updates))
        self.latencies += [one.answered_at - one.sent_at for one in updates if one.answered_at]

    async def _each(self, before: float, updates: Sequence[Exchange]) -> float:
        await asyncio.sleep(QUIET)
        answered = sum(one.answered_at > 0 for one in updates)
        return (self.running.cpu_seconds() - before) / max(1, answered) * 1000


class Arena:
    """Starts bots one after another; `entries` are those that run, `missing` says why others do not."""

    def __init__(self, questions: Questions, folder: Path, abreast: int, pin: Pin) -> None:
        self._questions, self._folder, self._abreast, self._pin = questions, folder, abreast, pin
        self._lines: dict[str, Line] = {}
        self.entries: list[Entry] = []
        self.missing: dict[str, str] = {}

    async def warm_up(self, count: int, load: Load) -> None:
        """Warms every bot up, and leaves out those that do not answer."""
        for entry in list(self.entries):
            try:
                await entry.warm_up(count, load)
            except UnavailableError as error:
                self.entries.remove(entry)
                self.missing[entry.name] = str(error)

    async def idle(self, seconds: float) -> None:
        """Measures what each takes of a core when nobody asks."""
        before = [entry.running.cpu_seconds() for entry in self.entries]
        await asyncio.sleep(seconds)
        for entry, cpu in zip(self.entries, before, strict=True):
            entry.idle = (entry.running.cpu_seconds() - cpu) / seconds

    def serve(self, token: str, call: Call, respond: Respond) -> None:
        self._lines[token].serve(call, respond)

    async def enter(self, contender: Contender, api: str, stack: AsyncExitStack) -> None:
        """Starts a bot; `stack` ends it."""
        number = len(self._lines) + 1
        token = f"12345678{number}:AAbench-of-the-telegram-platform_00000"
        place = Place(token, api, _free_port(), f"/telegram/{'5f' * 12}{number}", SECRET)
        line = self._lines[token] = Line()
        name = contender.name.replace(" ", "-")
        try:
            command = await asyncio.to_thread(command_of, contender, place)
            environment = environment_of(contender, place, self._folder / name)
            running = await start(command, environment, self._folder / f"{name}.log", self._pin.bots)
            stack.push_async_callback(running.stop)
            await ready(contender, running, place, line, self._abreast)
        except UnavailableError as error:
            self.missing[contender.name] = str(error)
            return
        if line.hook:
            stack.callback(line.hook.close)
        self.entries += [Entry(contender, work, running, line, self._questions) for work in contender.works]


@asynccontextmanager
async def arena(
    contenders: Sequence[Contender],
    questions: Questions,
    folder: Path,
    abreast: int,
    pin: Pin,
    say: Callable[[str], None],
) -> AsyncIterator[Arena]:
    """All bots that can be started, until the block ends."""
    made = Arena(questions, folder, abreast, pin)
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        server = await loop.create_server(lambda: ApiConnection(made.serve), "127.0.0.1", 0)
        stack.callback(server.close)
        api = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for contender in contenders:
            say(f"starting {contender.name}")
            await made.enter(contender, api, stack)
        stack.enter_context(on_cores(pin.telegram))
        yield made


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keeps the collector of Telegram's side from adding to anybody's latency."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _free_port() -> int:
    with socket.socket() as lent:
        lent.bind(("127.0.0.1", 0))
        return int(lent.getsockname()[1])
