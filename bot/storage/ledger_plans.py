"""SQL of the ledger: what was planned before, and a new plan written down."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.reminders.campaign import Campaign, Past, Plan, Seen
from bot.reminders.ledger import CampaignState
from bot.reminders.notice import ENDING
from bot.storage.database import inserting
from bot.storage.ledger_rows import OPEN, notices_of, values_of
from bot.storage.ledger_tables import campaign, content, notice, seen


def past(connection: Connection, topic: str) -> Past:
    """What planning has to know."""
    rows = connection.execute(select(seen).where(seen.c.topic == topic))
    known = {row.item: Seen(row.item, row.told, row.number) for row in rows}
    spent = connection.execute(select(notice.c.key).where(notice.c.topic == topic)).scalars()
    running = connection.execute(
        select(campaign.c.key, campaign.c.notices).where(campaign.c.topic == topic, campaign.c.state.in_(OPEN))
    )
    told = select(func.max(campaign.c.created_at)).where(campaign.c.topic == topic, campaign.c.told)
    last_at = connection.execute(told).scalar()
    return Past(known, frozenset(spent), {row.key: notices_of(row.notices) for row in running}, last_at)


def apply(connection: Connection, topic: str, plan: Plan) -> bool:
    """All of a plan, or nothing where another replica was faster."""
    try:
        for item in plan.seen:
            _see(connection, topic, item)
        if plan.cancel:
            connection.execute(
                update(campaign)
                .where(campaign.c.topic == topic, campaign.c.key.in_(plan.cancel), campaign.c.state.in_(OPEN))
                .values(state=CampaignState.CANCELLED)
            )
        for new in plan.create:
            _create(connection, topic, new)
    except IntegrityError:
        connection.rollback()
        return False
    return True


def _see(connection: Connection, topic: str, item: Seen) -> None:
    told = {"told": item.told, "number": item.number}
    known = update(seen).where(seen.c.topic == topic, seen.c.item == item.item).values(told)
    if not connection.execute(known).rowcount:
        connection.execute(insert(seen).values(topic=topic, item=item.item, **told))


def _create(connection: Connection, topic: str, new: Campaign) -> None:
    row = values_of(new, topic, ended_at(connection, topic))
    (number,) = connection.execute(insert(campaign).values(row).returning(campaign.c.id)).one()
    notices = [{"topic": topic, "key": told.key, "campaign_id": number} for told in new.notices]
    connection.execute(insert(notice).values(notices))  # in one statement, as with all that locks: see `HotPath`


def adopt(connection: Connection, topic: str, digest: str, replica: str) -> None:
    """In place of what was adopted before. One statement, since replicas that start together adopt together."""
    values = {"digest": digest, "replica": replica}
    new = inserting(content, connection.dialect.name).values(topic=topic, **values)
    connection.execute(new.on_conflict_do_update(index_elements=[content.c.topic], set_=values))


def adopted(connection: Connection, topic: str) -> tuple[str, str] | None:
    """The digest and the replica."""
    row = connection.execute(select(content.c.digest, content.c.replica).where(content.c.topic == topic)).first()
    return (row.digest, row.replica) if row else None


def ended_at(connection: Connection, topic: str, before: datetime | None = None) -> datetime | None:
    """The instant before which subscriptions had to be made for the last ending to concern them. A cancelled campaign
    ends nobody, told or not: it was taken back. One that was paused until it was of no use ends all. With `before`, of
    campaigns made before that instant, and before every one that is under way: whoever ended by then is needed by
    none of them."""
    ends = select(campaign.c.notices).where(
        campaign.c.topic == topic, campaign.c.ending, campaign.c.state != CampaignState.CANCELLED
    )
    if before is not None:
        open_ones = select(func.min(campaign.c.created_at)).where(campaign.c.topic == topic, campaign.c.state.in_(OPEN))
        first_open = connection.execute(open_ones).scalar()
        ends = ends.where(campaign.c.created_at < min(before, first_open or before))
    written = connection.execute(ends).scalars()
    return max((one.send_at for text in written for one in notices_of(text) if one.kind in ENDING), default=None)
