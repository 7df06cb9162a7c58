"""Writes down what became of messages, many in one transaction: whatever came while the last one was written."""

import asyncio
import logging
from collections import defaultdict
from typing import Final

from bot.core.errors import ServiceError
from bot.reminders.ledger import Ledger, Result, Work

log = logging.getLogger(__name__)

GATHERED: Final = 0.02  # seconds that a result waits for others
PAUSE: Final = 1.0  # seconds before the next try on a database that does not answer

Entry = tuple[Work, Result, "asyncio.Future[None]"]


class Acknowledgements:
    """A queue before the ledger. Nothing that was added is dropped while the process lives."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[Entry] = []
        self._added = asyncio.Event()
        self._written = asyncio.Condition()
        self._unwritten = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Give up what is not written yet; wait for the results first."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def write(self, work: Work, result: Result) -> None:
        """Add a result, and wait until it is in the ledger."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, result, done))
        self._unwritten += 1
        self._added.set()
        await done

    async def room(self, limit: int) -> None:
        """Wait until fewer than `limit` results are not in the ledger yet: a slow database slows sending down, so
        that a crash repeats few messages."""
        if self._unwritten >= limit:
            async with self._written:
                await self._written.wait_for(lambda: self._unwritten < limit)

    async def _keep_writing(self) -> None:
        while True:
            await self._added.wait()
            await asyncio.sleep(GATHERED)
            self._added.clear()
            entries, self._waiting = self._waiting, []
            await self._write(entries)
            self._unwritten -= len(entries)
            async with self._written:
                self._written.notify_all()

    async def _write(self, entries: list[Entry]) -> None:
        by_chunk: dict[tuple[int, int], list[Entry]] = defaultdict(list)
        for entry in entries:
            by_chunk[entry[0].chunk.id, entry[0].epoch].append(entry)
        for of_chunk in by_chunk.values():
            await self._write_chunk(of_chunk[0][0], of_chunk)

    async def _write_chunk(self, work: Work, entries: list[Entry]) -> None:
        while True:
            try:
                await self._ledger.acknowledge(work, [result for _, result, _ in entries])
            except ServiceError as error:
                log.warning("delivery.not_written rows=%d: %s", len(entries), error)
                await asyncio.sleep(PAUSE)
            else:
                break
        for _, _, done in entries:
            if not done.done():
                done.set_result(None)
