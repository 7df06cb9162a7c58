"""Takes chunks to their end, one after another, whatever happens to the database or the platform meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bot.core.errors import ServiceError
from bot.reminders.engine.chunk_run import ChunkRun, Means
from bot.reminders.engine.rate import elapsed
from bot.reminders.ledger import CampaignState, Chunk, TakenOverError, Work

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSES: Final = (0.2, 0.5, 1.0, 2.0)  # seconds between tries on a database that does not answer; then always the last
CANCELLED: Final = 3  # times that a run which does not end is cancelled: it may wait for what it cannot get
LOOK: Final = 0.25  # seconds between two looks at what a run waits for


class Sender:
    """`deliver` is what a durable job does. `replica` is this process's name in the ledger; `refresh` learns what the
    ledger knows, before a chunk is judged by it, and says whether this replica may speak."""

    def __init__(self, means: Means, replica: str, refresh: Callable[[], Awaitable[bool]]) -> None:
        self._means = means
        self._refresh = refresh
        self._replica = replica
        self._floor = asyncio.Lock()  # one chunk sends at a time: the rate is one, and its order is the campaigns'
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[object]] = set()

    async def deliver(self, chunk: Chunk) -> None:
        """Take a chunk to its end, or hand it back: when stopping, or when its campaign does not run any more."""
        task = asyncio.current_task()
        if task:
            self._running.add(task)
        try:
            while await self._deliver(chunk):
                pass
        except TakenOverError:
            log.warning("delivery.taken_over chunk=%d", chunk.id)
        except Exception as error:  # a job that ends by an error would never be tried again
            log.error("delivery.run_failed chunk=%d error=%s", chunk.id, type(error).__name__, exc_info=error)
            await asyncio.sleep(PAUSES[-1])
            await self._patiently(lambda: self._means.ledger.release(chunk))
        finally:
            if task:
                self._running.discard(task)

    async def stop(self, within: float) -> bool:
        """Send what is claimed, hand back the rest; whether all was handed back in as many seconds."""
        self._stopping.set()
        if self._running:
            await asyncio.wait(self._running, timeout=within)
        in_time = not self._running
        for _ in range(CANCELLED):  # a job that is left alone would keep the process from ending
            for task in self._running:
                task.cancel()
            await asyncio.sleep(LOOK if self._running else 0)
        return in_time

    async def _deliver(self, chunk: Chunk) -> bool:
        """True when rows came to the chunk, or came back, which another epoch has to find."""
        async with self._floor:
            work = None
            if not self._stopping.is_set():
                work = await self._patiently(lambda: self._means.ledger.begin(chunk, self._replica))
                if work is None:
                    return False
                if not await self._patiently(self._refresh):
                    work = None
        if work is None:
            await asyncio.sleep(0 if self._stopping.is_set() else PAUSES[-1])
            await self._patiently(lambda: self._means.ledger.release(chunk))
            return False
        run = ChunkRun(work, self._means, self._stopping)
        try:
            await self._send(run, work)
        finally:
            await run.settle()
        if self._stopping.is_set() or run.state is not CampaignState.RUNNING or run.rests:
            await self._patiently(lambda: self._means.ledger.release(chunk, work.epoch))
            return False
        return not await self._patiently(lambda: self._means.ledger.close_chunk(work))

    async def _send(self, run: ChunkRun, work: Work) -> None:
        """Until no row is left, the campaign does not run or rests, or the replica stops."""
        trails = False
        while not self._stopping.is_set() and run.state is CampaignState.RUNNING and not run.rests:
            at = run.next_at()
            if at is None and not run.is_under_way:
                return
            if at is not None and at <= elapsed():
                await self._send_ready(run)
                continue
            if not trails and at is not None:
                trails = True
                await self._patiently(lambda: self._means.ledger.trail(work))
            await asyncio.sleep(LOOK if at is None else min(LOOK, max(0.0, at - elapsed())))

    async def _send_ready(self, run: ChunkRun) -> None:
        async with self._floor:
            try:
                await run.send_ready()
            except ServiceError as error:
                log.warning("delivery.database: %s", error)
                await run.settle()
                await asyncio.sleep(PAUSES[1])

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the ledger until it answers."""
        pauses = iter(PAUSES)
        while True:
            try:
                return await ask()
            except ServiceError as error:
                log.warning("delivery.database: %s", error)
                await asyncio.sleep(next(pauses, PAUSES[-1]))
