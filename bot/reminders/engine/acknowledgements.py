"""Writes down what became of messages: at once when few come, many in one transaction when many do."""

import asyncio
import logging
from collections import defaultdict
from typing import Final

from bot.core.errors import ServiceError
from bot.reminders.ledger import Ledger, Result, Work

log = logging.getLogger(__name__)

GATHERED: Final = 0.02  # seconds between two transactions: what comes meanwhile goes into the next
PAUSE: Final = 1.0  # seconds before the next try on a database that does not answer

Entry = tuple[Work, Result, "asyncio.Future[None]"]


class Acknowledgements:
    """A queue before the ledger. Nothing that was added is dropped while the process lives."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[Entry] = []
        self._unwritten = 0
        self._next_at = 0.0
        self._is_stopped = False
        self._writing: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Give up what is not written yet; wait for the results first."""
        self._is_stopped = True
        if self._writing:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def write(self, work: Work, result: Result) -> None:
        """Add a result, and wait until it is in the ledger."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, result, done))
        self._unwritten += 1
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        await done

    async def room(self, limit: int) -> None:
        """Wait until fewer than `limit` results are not in the ledger yet: a slow database slows sending down, so
        that a crash repeats few messages."""
        while self._unwritten >= limit and self._writing:
            await asyncio.wait([self._writing])

    async def _write_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            if self._next_at > loop.time():
                await asyncio.sleep(self._next_at - loop.time())
            entries, self._waiting = self._waiting, []
            by_chunk: dict[tuple[int, int], list[Entry]] = defaultdict(list)
            for entry in entries:
                by_chunk[entry[0].chunk.id, entry[0].epoch].append(entry)
            for of_chunk in by_chunk.values():
                await self._write_chunk(of_chunk[0][0], of_chunk)
        finally:
            self._next_at = loop.time() + GATHERED
            goes_on = self._waiting and not self._is_stopped
            self._writing = asyncio.create_task(self._write_waiting()) if goes_on else None

    async def _write_chunk(self, work: Work, entries: list[Entry]) -> None:
        while True:
            try:
                await self._ledger.acknowledge(work, [result for _, result, _ in entries])
            except ServiceError as error:
                log.warning("delivery.not_written rows=%d: %s", len(entries), error)
                await asyncio.sleep(PAUSE)
            else:
                break
        self._unwritten -= len(entries)
        for _, _, done in entries:
            if not done.done():
                done.set_result(None)
