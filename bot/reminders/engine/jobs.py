"""The durable jobs: one DBOS workflow for each run of a chunk, which survives its process and finds another."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from bot.core.clock import SystemClock
from bot.core.errors import ServiceError
from bot.reminders.ledger import Chunk

QUEUE: Final = "chunks"
WORKFLOW: Final = "deliver-chunk"
VERSION: Final = "1"  # of what a job is; jobs of another version are never taken over, so it stays
POLLED: Final = 0.5  # seconds between two looks for a new job
SLOTS: Final = 4  # jobs of one replica: one sends, the others wait for repetitions or for their turn
UNFINISHED: Final = ("PENDING", "ENQUEUED", "DELAYED")
FINISHED: Final = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
PAGE: Final = 500  # finished jobs forgotten at once


class Connection(sqlite3.Connection):
    """A connection on which `unixepoch('subsec')` gives seconds: DBOS asks for it from Python 3.12 on, and SQLite knows
    it only since 3.42, while Debian 12 has 3.40."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sqlite3.sqlite_version_info < (3, 42):
            self.create_function("unixepoch", 1, lambda _: SystemClock().now().timestamp())


class Jobs:
    """DBOS in the database at `url`, as the executor `replica`. A job knows a chunk's id and run, and nothing else.

    `deliver` runs on the loop that called `start`; the threads of DBOS wait for it.
    """

    def __init__(self, url: str, replica: str, deliver: Callable[[Chunk], Awaitable[None]]) -> None:
        self._url = url
        self._replica = replica
        self._deliver = deliver
        self._dbos: Any = None
        self._workflow: Any = None

    async def start(self) -> None:
        """Launch DBOS, which goes on with the jobs that this replica had. Raises ServiceError."""
        loop = asyncio.get_running_loop()

        def deliver_chunk(number: int, run: int) -> None:
            with suppress(CancelledError):
                asyncio.run_coroutine_threadsafe(self._run(Chunk(number, run)), loop).result()

        try:
            await asyncio.to_thread(self._launch, deliver_chunk)
        except Exception as error:
            raise ServiceError(
                f"The delivery of reminders cannot begin ({type(error).__name__}): see that the database answers."
            ) from error

    def _launch(self, deliver_chunk: Callable[[int, int], None]) -> None:
        from dbos import DBOS, DBOSConfig  # noqa: PLC0415 - it takes memory and half a second, only where it is used

        logger = logging.getLogger("dbos")
        logger.addHandler(logging.NullHandler())  # else it would print to the terminal by itself
        on_file = self._url.startswith("sqlite")
        config: DBOSConfig = {
            "name": "civic-explainer",
            "system_database_url": self._url,
            "application_version": VERSION,
            "executor_id": self._replica,
            "log_level": "ERROR",
            "enable_otlp": False,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 2.0,  # nothing is sent; its thread sleeps as long at the end
            "scheduler_polling_interval_sec": 3600.0,
            "sys_db_pool_size": 4,
            "sys_db_idle_transaction_timeout_sec": 2.0,  # a replica that is suspended keeps no job from the others
            # a file never hangs up
            "db_engine_kwargs": {"connect_args": {"factory": Connection}} if on_file else {"pool_pre_ping": True},
        }
        self._dbos = DBOS
        DBOS(config=config)
        self._workflow = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(deliver_chunk)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=SLOTS, polling_interval_sec=POLLED, on_conflict="always_update")

    async def _run(self, chunk: Chunk) -> None:
        await self._deliver(chunk)

    async def enqueue(self, chunks: Collection[Chunk]) -> None:
        """Have them delivered by any replica; one that has a job already in the same run gets no second."""
        await asyncio.to_thread(self._enqueue, chunks)

    def _enqueue(self, chunks: Collection[Chunk]) -> None:
        from dbos import SetWorkflowID  # noqa: PLC0415

        for chunk in chunks:
            with SetWorkflowID(_name(chunk)):
                self._dbos.enqueue_workflow(QUEUE, self._workflow, chunk.id, chunk.run)

    async def take_over(self, replica: str) -> int:
        """Give the jobs of a replica that died to those that live; how many."""
        return await asyncio.to_thread(self._take_over, replica)

    def _take_over(self, replica: str) -> int:
        jobs = self._list(executor_id=replica, status="PENDING")
        if jobs:
            self._dbos.resume_workflows(jobs, queue_name=QUEUE)
        return len(jobs)

    async def without_job(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Those of the chunks whose job ended or is unknown."""
        names = [_name(chunk) for chunk in chunks]
        unfinished = set(await asyncio.to_thread(self._list, workflow_ids=names, status=list(UNFINISHED)))
        return [chunk for chunk, name in zip(chunks, names, strict=True) if name not in unfinished]

    async def prune(self, before: datetime) -> int:
        """Forget jobs that finished before that, up to PAGE of them; how many."""
        return await asyncio.to_thread(self._prune, before.isoformat())

    def _prune(self, before: str) -> int:
        jobs = self._list(status=list(FINISHED), completed_before=before, limit=PAGE)
        if jobs:
            self._dbos.delete_workflows(jobs)
        return len(jobs)

    def _list(self, **which: Any) -> list[str]:
        found = self._dbos.list_workflows(name=WORKFLOW, load_input=False, load_output=False, **which)
        return [job.workflow_id for job in found]

    async def stop(self) -> None:
        """End DBOS; jobs whose `deliver` has not returned stay this replica's."""
        if self._dbos is not None:
            await asyncio.to_thread(self._dbos.destroy, destroy_registry=True)
            self._dbos = None


def _name(chunk: Chunk) -> str:
    return f"chunk-{chunk.id}-{chunk.run}"
