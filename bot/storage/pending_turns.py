"""Holds turns for a moment and writes them in batches, so that no answer waits for the disk."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bot.core.errors import ServiceError
from bot.storage.database import BUSY_SECONDS
from bot.storage.failures import BUSY
from bot.storage.reader_rows import KeptTurn

log = logging.getLogger(__name__)

DELAY: Final = 0.1  # seconds that a turn waits for others
RETRY: Final = 1.0  # seconds from a failure to the next attempt
BATCH: Final = 500  # turns in one transaction; it takes some milliseconds
LIMIT: Final = 20_000  # turns held while the database is away, some ten megabytes; the oldest go first


class PendingTurns:
    """The turns not written yet, at most one a reader, by the first of its row keys. `write` keeps many at once.

    What a crash takes is the last `delay` seconds of turns: a follow-up to them is then not understood.
    """

    def __init__(self, write: Callable[[Sequence[KeptTurn]], Awaitable[None]], delay: float = DELAY) -> None:
        self._write = write
        self._delay = delay
        self._pending: dict[bytes, KeptTurn] = {}
        self._in_hand: dict[bytes, KeptTurn] = {}  # being written
        self._alone = asyncio.Lock()  # one batch at a time
        self._writer: asyncio.Task[None] | None = None

    def get(self, row_key: bytes) -> KeptTurn | None:
        """The reader's turn, until it can be found in the database."""
        return self._pending.get(row_key) or self._in_hand.get(row_key)

    def put(self, kept: KeptTurn) -> None:
        """Have it written soon, in place of the one before."""
        self._pending.pop(kept.row_keys[0], None)
        self._pending[kept.row_keys[0]] = kept
        self._bound()
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_later())

    async def drop(self, row_key: bytes) -> None:
        """See that what was put of the reader before is not written after. Raises ServiceError where a batch hangs."""
        self._pending.pop(row_key, None)
        if row_key not in self._in_hand:
            return
        try:
            async with asyncio.timeout(BUSY_SECONDS), self._alone:
                self._pending.pop(row_key, None)  # put back where writing failed
        except TimeoutError as error:
            raise ServiceError(BUSY) from error

    async def flush(self) -> None:
        """Write all that is pending now. Raises ServiceError; what could not be written then stays pending."""
        async with self._alone:
            for _ in range(-(-len(self._pending) // BATCH)):
                if self._pending:  # whose turn was it may have been forgotten meanwhile
                    await self._write_batch()

    async def close(self) -> None:
        """Write what is pending, or say how many turns are lost."""
        try:
            async with asyncio.timeout(2 * BUSY_SECONDS):
                await self.flush()
        except (ServiceError, TimeoutError):
            log.warning("storage.turns_lost turns=%d", len(self._pending))
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def _write_batch(self) -> None:
        batch = self._in_hand = {key: self._pending.pop(key) for key in [*self._pending][:BATCH]}
        try:
            await self._write([*batch.values()])
        except BaseException:
            self._pending = batch | self._pending  # in their order, and newer turns in place of older ones
            self._bound()
            raise
        finally:
            self._in_hand = {}

    async def _write_later(self) -> None:
        pause, fails = self._delay, False
        while self._pending:
            await asyncio.sleep(pause)
            try:
                await self.flush()
            except Exception as error:  # whatever it is, turns go on being held and tried
                if not fails:
                    log.warning(
                        "storage.turns_wait: %s", error if isinstance(error, ServiceError) else type(error).__name__
                    )
                pause, fails = RETRY, True
            else:
                pause, fails = self._delay, False
        self._writer = None

    def _bound(self) -> None:
        while len(self._pending) > LIMIT:
            del self._pending[next(iter(self._pending))]
