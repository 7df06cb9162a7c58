"""SQL of the ledger: a chunk from hand to hand, fenced by its epoch, and what becomes of its rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, func, select, update

from bot.reminders.ledger import (
    Address,
    CampaignState,
    Chunk,
    Claim,
    DeliveryState,
    Grant,
    Result,
    TakenOverError,
    Work,
)
from bot.storage import ledger_rate
from bot.storage.keys import Keys
from bot.storage.ledger_rows import ChunkState, campaign_of
from bot.storage.ledger_tables import campaign, chunk, delivery
from bot.storage.subscription_rows import addresses
from bot.storage.tables import subscription

HELD: Final = (ChunkState.IN_HAND, ChunkState.TRAILING)
UNSETTLED: Final = DeliveryState.CLAIMED  # the last state in which a row may still be sent
COUNTED: Final = {  # the count of a chunk that a settled row adds to
    DeliveryState.SENT: chunk.c.sent,
    DeliveryState.GONE: chunk.c.rejected,
    DeliveryState.FAILED: chunk.c.rejected,
    DeliveryState.SKIPPED: chunk.c.skipped,
}
OWNED = (
    select(chunk.c.epoch, campaign.c.state)
    .join(campaign, campaign.c.id == chunk.c.campaign_id)
    .where(chunk.c.id == bindparam("chunk"))
    .with_for_update(of=chunk)
)
OF_CHUNK = delivery.c.chunk_id == bindparam("chunk")
CLAIM = (
    update(delivery)
    .where(OF_CHUNK, delivery.c.subscription_id.in_(bindparam("rows", expanding=True)))
    .where(delivery.c.state == DeliveryState.WAITING)
    .values(state=DeliveryState.CLAIMED)
    .returning(delivery.c.subscription_id)
)
REACHED = select(subscription).where(subscription.c.id.in_(bindparam("rows", expanding=True)))
ONE = delivery.c.subscription_id == bindparam("row")
SETTLE = (
    update(delivery)
    .where(OF_CHUNK, ONE, delivery.c.state <= UNSETTLED)
    .values(state=bindparam("to"), attempt=delivery.c.attempt + bindparam("tried"), message_id=bindparam("message"))
)
HAND_BACK = (
    update(delivery)
    .where(OF_CHUNK, ONE, delivery.c.state == DeliveryState.CLAIMED)
    .values(state=DeliveryState.WAITING, attempt=delivery.c.attempt + bindparam("tried"))
)


def ready(connection: Connection, topic: str, limit: int) -> Sequence[Chunk]:
    """Chunks to hand over, of the most urgent campaign that does not merely repeat what failed."""
    ours = campaign.c.topic == topic, campaign.c.state == CampaignState.RUNNING
    held = select(func.count()).select_from(chunk).join(campaign, campaign.c.id == chunk.c.campaign_id)
    free = limit - connection.execute(held.where(*ours, chunk.c.state == ChunkState.IN_HAND)).scalar_one()
    begun = exists().where(
        chunk.c.campaign_id == campaign.c.id, chunk.c.state.in_((ChunkState.WAITING, ChunkState.IN_HAND))
    )
    urgent = select(campaign.c.id).where(*ours, begun | (campaign.c.round == 0))
    current = connection.execute(urgent.order_by(campaign.c.useful_until, campaign.c.id).limit(1)).scalar()
    if current is None or free <= 0:
        return ()
    of_it = select(chunk.c.id, chunk.c.run).where(
        chunk.c.campaign_id == current, chunk.c.state == ChunkState.WAITING, chunk.c.total > 0
    )
    return [Chunk(row.id, row.run) for row in connection.execute(of_it.order_by(chunk.c.id).limit(free))]


def handed_over(connection: Connection, chunks: Collection[Chunk]) -> None:
    """Those that are still in the same run are in hand."""
    for given in chunks:
        in_run = update(chunk).where(chunk.c.id == given.id, chunk.c.run == given.run)
        connection.execute(in_run.where(chunk.c.state == ChunkState.WAITING).values(state=ChunkState.IN_HAND))


def in_hand(connection: Connection, topic: str) -> Sequence[Chunk]:
    """The chunks of running campaigns that jobs have."""
    held = select(chunk.c.id, chunk.c.run).join(campaign, campaign.c.id == chunk.c.campaign_id)
    ours = held.where(campaign.c.topic == topic, campaign.c.state == CampaignState.RUNNING, chunk.c.state.in_(HELD))
    return [Chunk(row.id, row.run) for row in connection.execute(ours)]


def begin(connection: Connection, given: Chunk, replica: str) -> Work | None:
    """Raise the epoch, take back what an earlier owner claimed and did not settle, and read what is left."""
    row = connection.execute(
        update(chunk)
        .where(chunk.c.id == given.id, chunk.c.run == given.run, chunk.c.state != ChunkState.DONE)
        .values(epoch=chunk.c.epoch + 1, replica=replica)
        .returning(chunk.c.epoch, chunk.c.campaign_id)
    ).first()
    if row is None:
        return None
    mine = delivery.c.chunk_id == given.id
    claimed = update(delivery).where(mine, delivery.c.state == DeliveryState.CLAIMED)
    connection.execute(claimed.values(state=DeliveryState.WAITING))
    left = select(delivery.c.subscription_id, delivery.c.attempt).where(mine, delivery.c.state == DeliveryState.WAITING)
    waiting = {found.subscription_id: found.attempt for found in connection.execute(left)}
    of_it = connection.execute(select(campaign).where(campaign.c.id == row.campaign_id)).one()
    return Work(given, row.epoch, campaign_of(of_it), of_it.ended_at, waiting)


def claim(connection: Connection, keys: Keys, work: Work, rows: Sequence[int], answers: int, rate: float) -> Claim:
    """See `Ledger.claim`."""
    state = _owned(connection, work)
    if state is not CampaignState.RUNNING:
        return Claim(state, {}, Grant(0, 0.0, 0.0))
    grant = ledger_rate.reserve(connection, len(rows), answers, rate)
    if not grant.count:
        return Claim(state, {}, grant)
    wanted = rows[: grant.count]
    ids = connection.execute(CLAIM, {"chunk": work.chunk.id, "rows": wanted}).scalars().all()
    found = addresses(keys, list(connection.execute(REACHED, {"rows": ids}))) if ids else {}
    return Claim(state, _in_order(wanted, set(ids), found), grant)


def _in_order(
    wanted: Sequence[int], claimed: Collection[int], found: Mapping[int, Address]
) -> dict[int, Address | None]:
    return {row: found.get(row) for row in wanted if row in claimed}


def _owned(connection: Connection, work: Work) -> CampaignState:
    row = connection.execute(OWNED, {"chunk": work.chunk.id}).first()
    if row is None or row.epoch != work.epoch:
        raise TakenOverError
    return CampaignState(row.state)


def acknowledge(connection: Connection, work: Work, results: Sequence[Result]) -> None:
    """See `Ledger.acknowledge`."""
    row = connection.execute(OWNED, {"chunk": work.chunk.id}).first()
    if row is None:
        return
    counts: dict[Any, Any] = {}
    for state, parameters in _by_state(work, results):
        if state is not DeliveryState.WAITING:
            settled = connection.execute(SETTLE, parameters).rowcount
            counts[COUNTED[state]] = counts.get(COUNTED[state], COUNTED[state]) + settled
        elif row.epoch == work.epoch:
            connection.execute(HAND_BACK, parameters)
    if counts:
        connection.execute(update(chunk).where(chunk.c.id == work.chunk.id).values(counts))


def _by_state(work: Work, results: Sequence[Result]) -> Iterator[tuple[DeliveryState, list[dict[str, Any]]]]:
    for state in DeliveryState:
        of_it = [result for result in results if result.state is state]
        if of_it:
            yield (
                state,
                [
                    {"chunk": work.chunk.id, "row": result.subscription, "tried": int(result.tried)}
                    | ({} if state is DeliveryState.WAITING else {"to": int(state), "message": result.message})
                    for result in of_it
                ],
            )


def trail(connection: Connection, work: Work) -> None:
    """Only repetitions are left of it."""
    mine = update(chunk).where(chunk.c.id == work.chunk.id, chunk.c.epoch == work.epoch)
    connection.execute(mine.where(chunk.c.state == ChunkState.IN_HAND).values(state=ChunkState.TRAILING))


def close_chunk(connection: Connection, work: Work) -> bool:
    """Done, if every row is settled; rows of subscriptions that were erased meanwhile do not count any more."""
    _owned(connection, work)
    left = select(delivery.c.subscription_id).where(delivery.c.chunk_id == work.chunk.id, delivery.c.state <= UNSETTLED)
    if connection.execute(left.limit(1)).first():
        return False
    settled = chunk.c.sent + chunk.c.rejected + chunk.c.skipped
    done = update(chunk).where(chunk.c.id == work.chunk.id)
    connection.execute(done.values(state=ChunkState.DONE, replica=None, total=settled))
    return True


def release(connection: Connection, given: Chunk) -> None:
    """The next run gets it; what was claimed in this one is taken back there."""
    held = update(chunk).where(chunk.c.id == given.id, chunk.c.run == given.run, chunk.c.state != ChunkState.DONE)
    connection.execute(
        held.values(state=ChunkState.WAITING, run=chunk.c.run + 1, epoch=chunk.c.epoch + 1, replica=None)
    )
