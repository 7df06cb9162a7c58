"""Keeps the ledger of deliveries to one topic's subscribers: one short transaction for each thing asked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from bot.reminders.campaign import Past, Plan
from bot.reminders.ledger import CampaignState, Chunk, Claim, Progress, Result, Work
from bot.storage import ledger_chunks, ledger_lookup, ledger_overview, ledger_plans
from bot.storage.connection_thread import ConnectionThread
from bot.storage.keys import Keys
from bot.storage.ledger_engine import open_engine
from bot.storage.ledger_hot import HotPath
from bot.storage.ledger_tables import replica as replicas


class LedgerStore:
    """The port `Ledger` for `topic`. Every method raises ServiceError; all or nothing of it has happened then."""

    def __init__(self, thread: ConnectionThread, keys: Keys, topic: str) -> None:
        self._thread = thread
        self._hot = HotPath(thread.engine.dialect, keys)
        self._topic = topic

    async def past(self) -> Past:
        return await self._thread.run(lambda connection: ledger_plans.past(connection, self._topic))

    async def apply(self, plan: Plan) -> bool:
        """What is written of a campaign survives the loss of power from its beginning on."""
        return await self._thread.run(lambda c: ledger_plans.apply(c, self._topic, plan), durable=True)

    async def adopt(self, content: str, replica: str) -> None:
        await self._thread.run(lambda connection: ledger_plans.adopt(connection, self._topic, content, replica))

    async def adopted(self) -> tuple[str, str] | None:
        return await self._thread.run(lambda connection: ledger_plans.adopted(connection, self._topic))

    async def plan_page(self, now: datetime) -> bool:
        return await self._thread.run(lambda connection: ledger_lookup.plan_page(connection, self._topic, now))

    async def ready(self, limit: int, resting: Collection[str] = ()) -> Sequence[Chunk]:
        return await self._thread.run(lambda connection: ledger_chunks.ready(connection, self._topic, limit, resting))

    async def handed_over(self, chunks: Collection[Chunk]) -> None:
        await self._thread.run(lambda connection: ledger_chunks.handed_over(connection, chunks))

    async def in_hand(self) -> Sequence[Chunk]:
        return await self._thread.run(lambda connection: ledger_chunks.in_hand(connection, self._topic))

    async def begin(self, chunk: Chunk, replica: str) -> Work | None:
        return await self._thread.run(lambda connection: ledger_chunks.begin(connection, chunk, replica))

    async def claim(self, work: Work, rows: Sequence[int], answers: int, rate: float) -> Claim:
        """Survives the loss of power, and with it all that was acknowledged before: four times a second at most."""
        return await self._thread.run(
            lambda connection: self._hot.claim(connection, work, rows, answers, rate), durable=True
        )

    async def acknowledge(self, work: Work, results: Sequence[Result]) -> None:
        await self._thread.run(lambda connection: self._hot.acknowledge(connection, work, results))

    async def trail(self, work: Work) -> None:
        await self._thread.run(lambda connection: ledger_chunks.trail(connection, work))

    async def close_chunk(self, work: Work) -> bool:
        return await self._thread.run(lambda connection: ledger_chunks.close_chunk(connection, work))

    async def release(self, chunk: Chunk, epoch: int | None = None) -> None:
        await self._thread.run(lambda connection: ledger_chunks.release(connection, chunk, epoch))

    async def throttle(self, seconds: float) -> None:
        await self._thread.run(lambda connection: self._hot.throttle(connection, seconds))

    async def beat(self, replica: str) -> Mapping[str, int]:
        def work(connection: Connection) -> Mapping[str, int]:
            mine = update(replicas).where(replicas.c.name == replica)
            if not connection.execute(mine.values(heartbeat=replicas.c.heartbeat + 1)).rowcount:
                connection.execute(insert(replicas).values(name=replica, heartbeat=0))
            return {row.name: row.heartbeat for row in connection.execute(select(replicas))}

        return await self._thread.run(work)

    async def bury(self, replica: str) -> None:
        await self._thread.run(lambda c: c.execute(delete(replicas).where(replicas.c.name == replica)))

    async def finish(self, now: datetime) -> Sequence[str]:
        return await self._thread.run(lambda connection: ledger_overview.finish(connection, self._topic, now))

    async def set_state(self, key: str, state: CampaignState) -> bool:
        return await self._thread.run(lambda c: ledger_overview.set_state(c, self._topic, key, state), durable=True)

    async def progress(self, keys: Collection[str] | None = None) -> Sequence[Progress]:
        return await self._thread.run(lambda connection: ledger_overview.progress(connection, self._topic, keys))

    async def ended_at(self, before: datetime | None = None) -> datetime | None:
        return await self._thread.run(lambda connection: ledger_plans.ended_at(connection, self._topic, before))

    async def prune(self, before: datetime) -> int:
        return await self._thread.run(lambda connection: ledger_overview.prune(connection, self._topic, before))

    async def close(self) -> None:
        await self._thread.close()


def open_ledger(url: str | None, folder: Path, keys: Keys, topic: str) -> LedgerStore:
    """The ledger in the database that `open_storage` opened, and brought up to date, with the same `url` and `folder`.

    Asks nothing of the database yet.
    """
    return LedgerStore(ConnectionThread(open_engine(url, folder), "ledger"), keys, topic)
