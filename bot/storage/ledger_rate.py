"""SQL of the ledger: the one rate of all replicas, by the clock that all of them share."""

from collections.abc import Callable

from sqlalchemy import Connection, insert, select, text, update

from bot.reminders.engine.rate import Bucket, elapsed
from bot.reminders.ledger import Grant
from bot.storage.ledger_tables import rate_bucket

SERVER_TIME = text("SELECT extract(epoch FROM clock_timestamp())")
READ = select(rate_bucket.c.next_at, rate_bucket.c.closed_from, rate_bucket.c.closed_until).with_for_update()


def reserve(connection: Connection, wanted: int, answers: int, rate: float) -> Grant:
    """Leave to send up to `wanted` messages; its times are those of this machine's `elapsed`."""
    now, here, grant = 0.0, 0.0, Grant(0, 0.0, 0.0)

    def taken(bucket: Bucket) -> Bucket:
        nonlocal now, here, grant
        now, here = _now(connection)
        after, grant = bucket.reserve(now, wanted, answers, rate)
        return after

    _change(connection, taken)
    return Grant(grant.count, grant.first_at - now + here, grant.interval)


def throttle(connection: Connection, seconds: float) -> None:
    """Close the rate for all replicas."""
    _change(connection, lambda bucket: bucket.throttled(_now(connection)[0], seconds))


def _change(connection: Connection, change: Callable[[Bucket], Bucket]) -> None:
    row = connection.execute(READ).first()
    after = change(Bucket(*row) if row else Bucket())
    values = {"next_at": after.next_at, "closed_from": after.closed_from, "closed_until": after.closed_until}
    connection.execute((update(rate_bucket) if row else insert(rate_bucket)).values(id=1, **values))


def _now(connection: Connection) -> tuple[float, float]:
    """The same instant by the common clock and by this machine's, asked for once the row is locked."""
    if connection.dialect.name == "sqlite":  # all who use the file are on this machine
        here = elapsed()
        return here, here
    return float(connection.execute(SERVER_TIME).scalar_one()), elapsed()
