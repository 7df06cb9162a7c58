"""SQL of the ledger: a chunk from hand to hand, fenced by its epoch, and what becomes of its rows."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, exists, func, select, update

from bot.reminders.ledger import (
    CampaignState,
    Chunk,
    DeliveryState,
    TakenOverError,
    Work,
)
from bot.storage.ledger_rows import ChunkState, campaign_of
from bot.storage.ledger_tables import campaign, chunk, delivery

HELD: Final = (ChunkState.IN_HAND, ChunkState.TRAILING)


def ready(connection: Connection, topic: str, limit: int, resting: Collection[str]) -> Sequence[Chunk]:
    """Chunks to hand over, of the most urgent campaign that is not resting and does not merely repeat what failed."""
    ours = campaign.c.topic == topic, campaign.c.state == CampaignState.RUNNING
    held = select(func.count()).select_from(chunk).join(campaign, campaign.c.id == chunk.c.campaign_id)
    free = limit - connection.execute(held.where(*ours, chunk.c.state == ChunkState.IN_HAND)).scalar_one()
    begun = exists().where(
        chunk.c.campaign_id == campaign.c.id, chunk.c.state.in_((ChunkState.WAITING, ChunkState.IN_HAND))
    )
    urgent = select(campaign.c.id).where(*ours, begun | (campaign.c.round == 0), campaign.c.key.not_in(resting))
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


def _check_owner(connection: Connection, work: Work) -> None:
    owner = select(chunk.c.epoch).where(chunk.c.id == work.chunk.id).with_for_update()
    if connection.execute(owner).scalar() != work.epoch:
        raise TakenOverError


def trail(connection: Connection, work: Work) -> None:
    """Only repetitions are left of it."""
    mine = update(chunk).where(chunk.c.id == work.chunk.id, chunk.c.epoch == work.epoch)
    connection.execute(mine.where(chunk.c.state == ChunkState.IN_HAND).values(state=ChunkState.TRAILING))


def close_chunk(connection: Connection, work: Work) -> bool:
    """Done, if every row is settled; rows of subscriptions that were erased meanwhile do not count any more."""
    _check_owner(connection, work)
    left = select(delivery.c.subscription_id).where(
        delivery.c.chunk_id == work.chunk.id, delivery.c.state <= DeliveryState.CLAIMED
    )
    if connection.execute(left.limit(1)).first():
        return False
    settled = chunk.c.sent + chunk.c.rejected + chunk.c.skipped
    done = update(chunk).where(chunk.c.id == work.chunk.id)
    connection.execute(done.values(state=ChunkState.DONE, replica=None, total=settled))
    return True


def release(connection: Connection, given: Chunk, epoch: int | None) -> None:
    """The next run gets it, unless it has another owner by now; what was claimed in this one is taken back there."""
    held = update(chunk).where(chunk.c.id == given.id, chunk.c.run == given.run, chunk.c.state != ChunkState.DONE)
    held = held if epoch is None else held.where(chunk.c.epoch == epoch)
    connection.execute(
        held.values(state=ChunkState.WAITING, run=chunk.c.run + 1, epoch=chunk.c.epoch + 1, replica=None)
    )
