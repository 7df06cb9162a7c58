"""SQL of the ledger: how far campaigns have come, what operators change of them, and what is forgotten of them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, update

from bot.reminders.ledger import CampaignState, Progress
from bot.storage.ledger_rows import OPEN, ChunkState
from bot.storage.ledger_tables import campaign, chunk, delivery


def finish(connection: Connection, topic: str, now: datetime) -> Sequence[str]:
    """Campaigns that have nothing left to do, or whose use is over, become done; their keys."""
    unsettled = exists().where(chunk.c.campaign_id == campaign.c.id, chunk.c.state != ChunkState.DONE)
    over = select(campaign.c.id, campaign.c.key).where(
        campaign.c.topic == topic,
        or_(
            and_(campaign.c.state.in_(OPEN), campaign.c.useful_until <= now),
            and_(campaign.c.state == CampaignState.RUNNING, campaign.c.round == 2, ~unsettled),
        ),
    )
    rows = connection.execute(over.with_for_update(of=campaign)).all()
    numbers = [row.id for row in rows]
    if numbers:
        left = chunk.c.total - chunk.c.sent - chunk.c.rejected
        of_them = update(chunk).where(chunk.c.campaign_id.in_(numbers), chunk.c.state != ChunkState.DONE)
        connection.execute(of_them.values(state=ChunkState.DONE, skipped=left))
        done = {"state": CampaignState.DONE, "round": 2, "planned_to": -1}
        connection.execute(update(campaign).where(campaign.c.id.in_(numbers)).values(done))
    return [row.key for row in rows]


def set_state(connection: Connection, topic: str, key: str, state: CampaignState) -> bool:
    """Whether there is a campaign of that key that is not over."""
    change = update(campaign).where(campaign.c.topic == topic, campaign.c.key == key, campaign.c.state.in_(OPEN))
    return bool(connection.execute(change.values(state=state)).rowcount)


def progress(connection: Connection, topic: str, keys: Collection[str] | None) -> Sequence[Progress]:
    """Campaigns with the sums of their chunks, the newest first."""
    columns = (chunk.c.total, chunk.c.sent, chunk.c.rejected, chunk.c.skipped)
    sums = [func.coalesce(func.sum(counted), 0).label(counted.name) for counted in columns]
    all_of_them = (
        select(campaign.c.key, campaign.c.state, campaign.c.created_at, campaign.c.round, *sums)
        .select_from(campaign.outerjoin(chunk, chunk.c.campaign_id == campaign.c.id))
        .where(campaign.c.topic == topic)
        .group_by(campaign.c.id)
        .order_by(campaign.c.id.desc())
    )
    chosen = all_of_them if keys is None else all_of_them.where(campaign.c.key.in_(keys))
    return [
        Progress(
            row.key, CampaignState(row.state).name.lower(), row.created_at, row.round == 2,
            int(row.total), int(row.sent), int(row.rejected), int(row.skipped),
        )
        for row in connection.execute(chosen)
    ]  # fmt: skip


def prune(connection: Connection, topic: str, before: datetime) -> int:
    """The deliveries of one chunk of a campaign that is over and was made before that, forgotten; how many."""
    old = (
        select(chunk.c.id)
        .join(campaign, campaign.c.id == chunk.c.campaign_id)
        .where(campaign.c.topic == topic, campaign.c.state.not_in(OPEN), campaign.c.created_at < before)
        .where(exists().where(delivery.c.chunk_id == chunk.c.id))
        .limit(1)
    )
    number = connection.execute(old).scalar()
    return connection.execute(delete(delivery).where(delivery.c.chunk_id == number)).rowcount if number else 0
