"""Gathers reads that come while another is under way, and answers them together by one statement."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bot.core.errors import ServiceError
from bot.storage.database import BUSY_SECONDS
from bot.storage.failures import BUSY
from bot.storage.reader_rows import Found, RowKeys

BATCH: Final = 200  # readers that one statement asks for; it takes about a millisecond

Waiting = tuple[RowKeys, "asyncio.Future[Found]"]


class ReadBatches:
    """Asks `find` for the rows under many keys at once. One read is under way at a time, and who comes when none is
    waits for nobody."""

    def __init__(self, find: Callable[[Sequence[bytes]], Awaitable[Found]], patience: float = BUSY_SECONDS) -> None:
        self._find = find
        self._patience = patience
        self._waiting: list[Waiting] = []
        self._reading: asyncio.Task[None] | None = None

    async def find(self, row_keys: RowKeys) -> Found:
        """The rows under any of a reader's keys; others' may be among them.

        Raises ServiceError as the read does, and when that takes longer than `patience` seconds.
        """
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.append((row_keys, answer))
        self._go_on()
        return await answer

    def _go_on(self) -> None:
        if self._reading is None and self._waiting:
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._end)

    async def _read(self) -> None:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        timer = asyncio.get_running_loop().call_later(self._patience, self._give_up, batch)
        try:
            found = await self._find([key for row_keys, _ in batch for key in row_keys])
        except Exception as error:  # whatever it is, those who asked are told
            _fail(batch, error)
        else:
            for _, answer in batch:
                if not answer.done():  # done: who asked was cancelled
                    answer.set_result(found)
        finally:
            timer.cancel()

    def _end(self, reading: "asyncio.Task[None]") -> None:
        if self._reading is reading:
            self._reading = None
            if not reading.cancelled():  # else the program ends
                self._go_on()

    def _give_up(self, batch: Sequence[Waiting]) -> None:
        """Let nobody wait for a connection that hangs; the next read takes another."""
        _fail(batch, ServiceError(BUSY))
        if self._reading is not None:
            self._reading.cancel()
            self._end(self._reading)


def _fail(batch: Sequence[Waiting], error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(_own(error))


def _own(error: Exception) -> Exception:
    """An exception for one waiter alone: each that is raised gathers the trace of its own way."""
    if not isinstance(error, ServiceError):
        return error
    own = ServiceError(str(error))
    own.__cause__ = error.__cause__
    return own
