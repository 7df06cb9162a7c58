"""SQL of the ledger: the recipients of campaigns, looked up page by page and put into chunks."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, exists, func, insert, literal, or_, select, update

from bot.reminders.ledger import CampaignState, DeliveryState
from bot.storage.ledger_rows import ChunkState, deciding_choices, has_correction, notices_of
from bot.storage.ledger_tables import campaign, chunk, delivery
from bot.storage.subscription_rows import BIT
from bot.storage.tables import subscription

PAGE: Final = 500  # recipients of a chunk at most: what one job sends in 18 s at Telegram's 28 a second
SCANNED: Final = 5000  # subscriptions looked at for one page at most, so that no transaction takes long


def plan_page(connection: Connection, topic: str, now: datetime) -> bool:
    """One step of the lookup of recipients, of the most urgent campaign that has any left; False: there is none."""
    row = connection.execute(
        select(campaign)
        .where(
            campaign.c.topic == topic,
            campaign.c.state == CampaignState.RUNNING,
            or_(campaign.c.round == 0, and_(campaign.c.round == 1, campaign.c.closes_at <= now)),
        )
        .order_by(campaign.c.useful_until, campaign.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return False
    last = _scanned_to(connection, topic, row.planned_to)
    if last is None:
        over = row.round == 1 or row.closes_at <= row.created_at
        values = {"round": 2 if over else 1, "planned_to": -1}  # keeps no subscription's number longer than it needs
    else:
        values = {"planned_to": _fill(connection, topic, row, last)}
    connection.execute(update(campaign).where(campaign.c.id == row.id).values(values))
    return True


def _scanned_to(connection: Connection, topic: str, after: int) -> int | None:
    page = select(subscription.c.id).where(subscription.c.topic == topic, subscription.c.id > after)
    page_ids = page.order_by(subscription.c.id).limit(SCANNED).subquery()
    return connection.execute(select(func.max(page_ids.c.id))).scalar()


def _fill(connection: Connection, topic: str, row: Any, last: int) -> int:
    """Recipients up to the subscription `last` put into a chunk, as many as fit; the subscription that this came to."""
    number, free = _chunk_with_room(connection, row.id)
    wanted = _recipients(topic, row, last).limit(free)
    columns = ["chunk_id", "subscription_id", "state", "attempt"]
    settled = select(literal(number), *wanted.subquery().c, literal(int(DeliveryState.WAITING)), literal(0))
    put_in = insert(delivery).from_select(columns, settled).returning(delivery.c.subscription_id)
    added = connection.execute(put_in).scalars().all()
    if not added:
        connection.execute(delete(chunk).where(chunk.c.id == number, chunk.c.total == 0))
        return last
    connection.execute(update(chunk).where(chunk.c.id == number).values(total=chunk.c.total + len(added)))
    return last if len(added) < free else max(added)  # the chunk may hold others, of the first round


def _chunk_with_room(connection: Connection, campaign_id: int) -> tuple[int, int]:
    """A chunk that no job has yet and how many it can take; a new one where the last is more than half full."""
    waiting = select(chunk.c.id, chunk.c.total).where(
        chunk.c.campaign_id == campaign_id, chunk.c.state == ChunkState.WAITING
    )
    found = connection.execute(
        waiting.where(chunk.c.state == ChunkState.WAITING, chunk.c.total <= PAGE // 2)
        .order_by(chunk.c.id.desc())
        .limit(1)
        .with_for_update()
    ).first()
    if found is not None:
        return found.id, PAGE - found.total
    empty = {"state": ChunkState.WAITING, "run": 0, "epoch": 0, "total": 0, "sent": 0, "rejected": 0, "skipped": 0}
    new = insert(chunk).values(campaign_id=campaign_id, **empty).returning(chunk.c.id)
    return connection.execute(new).scalar_one(), PAGE


def _recipients(topic: str, row: Any, last: int) -> Any:
    wanted = select(subscription.c.id).where(
        subscription.c.topic == topic,
        subscription.c.id > row.planned_to,
        subscription.c.id <= last,
        ~subscription.c.paused,
        subscription.c.since < max(told.send_at for told in notices_of(row.notices)),
    )
    if choices := deciding_choices(notices_of(row.notices)):
        mask = sum(BIT[choice] for choice in choices)
        wanted = wanted.where(subscription.c.off.bitwise_and(mask) != mask)
    if row.ended_at is not None and not has_correction(notices_of(row.notices)):
        wanted = wanted.where(subscription.c.since >= row.ended_at)
    if row.round == 1:
        theirs = delivery.c.subscription_id == subscription.c.id
        of_this = and_(delivery.c.chunk_id == chunk.c.id, chunk.c.campaign_id == row.id)
        wanted = wanted.where(~exists().where(theirs, of_this))
    return wanted.order_by(subscription.c.id)
