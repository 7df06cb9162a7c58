"""Keeps a reader's chosen language, and for ten minutes the last turn, under a keyed hash: no chat id is stored.

Nothing here may keep a reader from an answer: callers catch ServiceError and go on without what was kept.
"""

from datetime import datetime
from functools import lru_cache
from typing import Final

from bot.core.clock import Clock
from bot.core.messages import Turn
from bot.core.ports import Recalled
from bot.storage.database import Database
from bot.storage.keys import Keys
from bot.storage.pending_turns import DELAY, PendingTurns
from bot.storage.read_batches import ReadBatches
from bot.storage.reader_rows import KeptTurn, ReaderRows

IN_HAND: Final = 256  # readers whose keys are known from the reading to the writing of one turn


class ReaderStore:
    """The port `Readers`, kept in the database. `clock` decides when a turn's ten minutes are over.

    A turn that the clock has not reached yet (it was set back) counts as over; what is over, `sweep` erases. Readers
    who come at once are read together; turns are written together, `delay` seconds after they were. Every method but
    `remember_turn` and `close` raises ServiceError when the database does not answer; it can then be called again.
    """

    def __init__(self, database: Database, keys: Keys, clock: Clock, delay: float = DELAY) -> None:
        self._row_keys = lru_cache(IN_HAND)(keys.row_keys)
        self._clock = clock
        self._rows = ReaderRows(database, keys, clock)
        self._reads = ReadBatches(self._rows.find)
        self._turns = PendingTurns(self._rows.write_turns, delay)

    async def recall(self, channel: str, reader: str) -> Recalled:
        """The language that the reader chose for good, and the turn of the last ten minutes."""
        row_keys = self._row_keys(channel, reader)
        pending = self._turns.get(row_keys[0])  # looked up first: what is pending no more is found in the database
        recalled = self._rows.recalled(row_keys, await self._reads.find(row_keys))
        return Recalled(recalled.language, pending.live_at(self._clock.now())) if pending else recalled

    async def choose_language(self, channel: str, reader: str, lang: str) -> None:
        """Keep `lang` until the reader chooses another or is forgotten; reminders come in it too."""
        await self._rows.choose_language(self._row_keys(channel, reader), lang)

    async def remember_turn(self, channel: str, reader: str, turn: Turn) -> None:
        """Keep `turn` for ten minutes, in place of the one before.

        `recall` knows it at once; another replica, and this one after a crash, only once it is written. Nothing is
        waited for and nothing raised: while the database is away turns are held, a bounded number of them.
        """
        self._turns.put(KeptTurn(self._row_keys(channel, reader), turn, self._clock.now()))

    async def forget(self, channel: str, reader: str) -> None:
        """Erase all that is kept of the reader, subscriptions and their deliveries too, at once and from the disk.

        A turn that another replica is still to write comes after, and lives its ten minutes.
        """
        row_keys = self._row_keys(channel, reader)
        self._row_keys.cache_clear()
        await self._turns.drop(row_keys[0])
        await self._rows.erase(row_keys)

    async def flush(self) -> None:
        """Write now what `remember_turn` has left to be written."""
        await self._turns.flush()

    async def sweep(self, now: datetime) -> int:
        """Erase, from the disk too, every turn that at `now` is older than ten minutes; how many those were."""
        await self._turns.flush()
        return await self._rows.sweep(now)

    async def close(self) -> None:
        """Write what is to be written. Never raises: turns that the database does not take are lost, and counted in
        the log."""
        await self._turns.close()
