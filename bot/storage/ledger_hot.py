"""SQL of the ledger that runs for every few messages: compiled once, and given to the driver as it is."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ClauseElement, Connection, Dialect, SmallInteger, bindparam, column, select, text, update, values

from bot.reminders.engine.rate import Bucket, elapsed
from bot.reminders.ledger import Address, CampaignState, Claim, DeliveryState, Grant, Result, TakenOverError, Work
from bot.storage.connection_thread import driver_of
from bot.storage.keys import Keys
from bot.storage.ledger_tables import campaign, chunk, delivery, rate_bucket
from bot.storage.prepared import Prepared
from bot.storage.subscription_rows import addresses
from bot.storage.tables import subscription

COUNTED: Final = {  # the count of a chunk that a settled row adds to
    DeliveryState.SENT: "sent",
    DeliveryState.GONE: "rejected",
    DeliveryState.FAILED: "rejected",
    DeliveryState.SKIPPED: "skipped",
}
OWNED = (
    select(chunk.c.epoch, campaign.c.state)
    .join(campaign, campaign.c.id == chunk.c.campaign_id)
    .where(chunk.c.id == bindparam("chunk"))
    .with_for_update(of=chunk)
)
COUNT = (
    update(chunk)
    .where(chunk.c.id == bindparam("chunk"))
    .values({name: chunk.c[name] + bindparam(f"more_{name}") for name in ("sent", "rejected", "skipped")})
)
BUCKET = (
    select(rate_bucket.c.next_at, rate_bucket.c.closed_from, rate_bucket.c.closed_until)
    .where(rate_bucket.c.id == 1)
    .with_for_update()
)
MOVE_BUCKET = (
    update(rate_bucket)
    .where(rate_bucket.c.id == 1)
    .values({name: bindparam(f"to_{name}") for name in ("next_at", "closed_from", "closed_until")})
)
SERVER_TIME = text("SELECT extract(epoch FROM clock_timestamp())")
REACHED = select(subscription).where(subscription.c.id.in_(bindparam("rows", expanding=True)))
Batched = Callable[[int], ClauseElement]  # makes the statement for so many rows


class HotPath:
    """`claim` and `acknowledge` of the port `Ledger`, inside a transaction that is open already."""

    def __init__(self, dialect: Dialect, keys: Keys) -> None:
        self._dialect = dialect
        self._keys = keys
        self._is_file = dialect.name == "sqlite"
        self._prepared: dict[ClauseElement | tuple[Batched, int], Prepared] = {}

    def claim(self, connection: Connection, work: Work, rows: Sequence[int], answers: int, rate: float) -> Claim:
        """Reserve, then claim exactly as many rows as were granted."""
        cursor = _cursor(connection)
        epoch, state = self._owner(cursor, work)
        if epoch != work.epoch:
            raise TakenOverError
        if state is not CampaignState.RUNNING:
            return Claim(state, {}, Grant(0, 0.0, 0.0))
        grant = self._reserve(cursor, len(rows), answers, rate)
        wanted = list(rows[: grant.count])
        if not wanted:
            return Claim(state, {}, grant)
        self._run_batch(cursor, _claim_of, work, {}, [{"row": row} for row in wanted])
        claimed = {found for (found,) in cursor.fetchall()}
        found = addresses(self._keys, list(connection.execute(REACHED, {"rows": list(claimed)}))) if claimed else {}
        in_order: dict[int, Address | None] = {row: found.get(row) for row in wanted if row in claimed}
        return Claim(state, in_order, grant)

    def acknowledge(self, connection: Connection, work: Work, results: Sequence[Result]) -> None:
        """What is settled counts in any epoch; what is handed back only in this one."""
        cursor = _cursor(connection)
        epoch, _ = self._owner(cursor, work)  # locked before its rows, by all in one order
        more: Counter[str] = Counter(more_sent=0, more_rejected=0, more_skipped=0)
        for state in dict.fromkeys(result.state for result in results):
            of_it = [result for result in results if result.state is state]
            if state is not DeliveryState.WAITING:
                more[f"more_{COUNTED[state]}"] += self._settle(cursor, work, state, DeliveryState.WAITING, of_it)
            elif epoch == work.epoch:
                self._settle(cursor, work, state, DeliveryState.CLAIMED, of_it)
        if more.total():
            self._run(cursor, COUNT, {"chunk": work.chunk.id, **more})

    def throttle(self, connection: Connection, seconds: float) -> None:
        """Close the rate for all replicas."""
        cursor = _cursor(connection)
        bucket = self._bucket(cursor)
        self._move(cursor, bucket.throttled(self._now(cursor)[0], seconds))

    def _owner(self, cursor: Any, work: Work) -> tuple[int, CampaignState]:
        self._run(cursor, OWNED, {"chunk": work.chunk.id})
        row = cursor.fetchone()
        return (-1, CampaignState.CANCELLED) if row is None else (row[0], CampaignState(row[1]))

    def _reserve(self, cursor: Any, wanted: int, answers: int, rate: float) -> Grant:
        """Its times are those of this machine's `elapsed`."""
        bucket = self._bucket(cursor)
        now, here = self._now(cursor)
        after, grant = bucket.reserve(now, wanted, answers, rate)
        self._move(cursor, after)
        return Grant(grant.count, grant.first_at - now + here, grant.interval)

    def _bucket(self, cursor: Any) -> Bucket:
        self._run(cursor, BUCKET, {})
        row = cursor.fetchone()
        return Bucket(*row) if row else Bucket()

    def _move(self, cursor: Any, to: Bucket) -> None:
        places = {"next_at": to.next_at, "closed_from": to.closed_from, "closed_until": to.closed_until}
        self._run(cursor, MOVE_BUCKET, {f"to_{name}": value for name, value in places.items()})

    def _now(self, cursor: Any) -> tuple[float, float]:
        """The same instant by the clock that all replicas share and by this machine's, once the row is locked."""
        if self._is_file:  # all who use it are on this machine
            here = elapsed()
            return here, here
        self._run(cursor, SERVER_TIME, {})
        return float(cursor.fetchone()[0]), elapsed()

    def _settle(
        self, cursor: Any, work: Work, to: DeliveryState, least: DeliveryState, results: Sequence[Result]
    ) -> int:
        """How many rows changed, of those that are in the state `least` or beyond, but not settled yet."""
        rows = [{"row": done.subscription, "tried": int(done.tried), "message": done.message} for done in results]
        self._run_batch(cursor, _settle_of, work, {"to": int(to), "least": int(least)}, rows)
        return len(cursor.fetchall())  # of an update that begins with WITH, SQLite's driver tells no count

    def _run_batch(
        self, cursor: Any, batched: Batched, work: Work, common: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """One statement for all `rows`, never executemany: that leaves a transaction open at PostgreSQL in a way that
        no time limit of the server ends, and a replica suspended there would hold what it locked for good. The last
        row is repeated, which changes nothing, so that there are few lengths to prepare."""
        size = 1 << (len(rows) - 1).bit_length()
        rows = [*rows, *[rows[-1]] * (size - len(rows))]
        numbered = {f"{name}_{number}": value for number, row in enumerate(rows) for name, value in row.items()}
        self._run(cursor, (batched, len(rows)), {"chunk": work.chunk.id, **common, **numbered})

    def _run(self, cursor: Any, statement: ClauseElement | tuple[Batched, int], given: Mapping[str, Any]) -> None:
        prepared = self._prepared.get(statement)
        if prepared is None:
            made = statement[0](statement[1]) if isinstance(statement, tuple) else statement
            prepared = self._prepared[statement] = Prepared(made, self._dialect)
        cursor.execute(prepared.sql, prepared.given(given))


def _claim_of(count: int) -> ClauseElement:
    rows: list[Any] = [bindparam(f"row_{number}") for number in range(count)]
    return (
        update(delivery)
        .where(delivery.c.chunk_id == bindparam("chunk"), delivery.c.subscription_id.in_(rows))
        .where(delivery.c.state == DeliveryState.WAITING)
        .values(state=DeliveryState.CLAIMED)
        .returning(delivery.c.subscription_id)
    )


def _settle_of(count: int) -> ClauseElement:
    of_it = {"row": delivery.c.subscription_id.type, "tried": SmallInteger(), "message": delivery.c.message_id.type}
    places = [
        tuple(bindparam(f"{name}_{number}", type_=kind) for name, kind in of_it.items()) for number in range(count)
    ]
    done = values(*(column(name, kind) for name, kind in of_it.items())).data(places).cte("done")
    return (
        update(delivery)
        .where(delivery.c.chunk_id == bindparam("chunk"), delivery.c.subscription_id == done.c.row)
        .where(delivery.c.state.between(bindparam("least"), DeliveryState.CLAIMED))
        .values(state=bindparam("to"), attempt=delivery.c.attempt + done.c.tried, message_id=done.c.message)
        .returning(delivery.c.subscription_id)
    )


def _cursor(connection: Connection) -> Any:
    return driver_of(connection).cursor()
