"""One lane a chat: within a lane things happen in order, lanes run side by side, a slow one holds up no other."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Lanes(Generic[Item]):
    """Runs `handle` on what is put in: at most `abreast` at once, at most `waiting` behind one another in a lane.

    What `handle` raises ends the one item; a lane whose handling is cancelled drops what waits in it.
    """

    def __init__(self, handle: Callable[[Item], Awaitable[None]], *, abreast: int, waiting: int) -> None:
        self._handle = handle
        self._waiting = waiting
        self._room = asyncio.Semaphore(abreast)
        self._lanes: dict[Hashable, deque[Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, key: Hashable, item: Item) -> bool:
        """Queues an item in its lane; False where the lane is full and the item was dropped."""
        if key in self._lanes:
            lane = self._lanes[key]
            if len(lane) >= self._waiting:
                return False
            lane.append(item)
            return True
        self._lanes[key] = deque([item])
        task = asyncio.create_task(self._run(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def drain(self, seconds: float) -> bool:
        """Waits for all lanes to empty; after so many seconds cancels the rest, and says False."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=max(seconds, 0))
        late = set(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return not late

    async def _run(self, key: Hashable) -> None:
        lane = self._lanes[key]
        try:
            while lane:
                async with self._room:
                    await self._handle_one(lane.popleft())
        finally:
            del self._lanes[key]

    async def _handle_one(self, item: Item) -> None:
        try:
            await self._handle(item)
        except Exception as error:  # one failed item must not take with it what waits behind
            log.error("telegram.update_failed error=%s", type(error).__name__)
