"""Deliveries: campaigns and their notices, chunks and rows to send, the common rate, the replicas."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables of the ledger."""
    _create_campaigns()
    _create_deliveries()
    _create_agreements()


def _create_campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer, comment="never used again"),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column(
            "notices",
            sa.Text,
            nullable=False,
            comment="JSON: item, kind, version, send_at, useful_until, silent of each",
        ),
        sa.Column("state", sa.SmallInteger, nullable=False, comment="CampaignState"),
        sa.Column("silent", sa.Boolean, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False, comment="is sent to somebody"),
        sa.Column("ending", sa.Boolean, nullable=False, comment="ends the subscriptions made before it"),
        sa.Column("created_at", INSTANT, nullable=False, comment="by the topic's clock"),
        sa.Column("closes_at", INSTANT, nullable=False, comment="whoever subscribes until then is a recipient"),
        sa.Column("useful_until", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, comment="subscriptions made before it only get corrections of this"),
        sa.Column(
            "round",
            sa.SmallInteger,
            nullable=False,
            comment="0: recipients looked up; 1: again at closes_at; 2: known",
        ),
        sa.Column(
            "planned_to", sa.BigInteger, nullable=False, comment="the subscription up to which this round has come"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("topic", "key", name=op.f("uq_campaign_topic_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "notice",
        sa.Column("topic", sa.String(64)),
        sa.Column("key", sa.String(128)),
        sa.Column("campaign_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_notice")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_notice_campaign_id_campaign")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "seen",
        sa.Column("topic", sa.String(64)),
        sa.Column("item", sa.String(64)),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, comment="changes so far"),
        sa.PrimaryKeyConstraint("topic", "item", name=op.f("pk_seen")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "content",
        sa.Column("topic", sa.String(64)),
        sa.Column("digest", sa.String(32), nullable=False, comment="of all dates and what is told of them"),
        sa.Column("replica", sa.String(64), nullable=False, comment="who started with it last"),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_content")),
        sqlite_with_rowid=False,
    )


def _create_deliveries() -> None:
    op.create_table(
        "chunk",
        sa.Column("id", sa.Integer, comment="never used again: jobs are named by it"),
        sa.Column("campaign_id", sa.Integer, nullable=False),
        sa.Column(
            "state",
            sa.SmallInteger,
            nullable=False,
            comment="0: waits; 1: a job has it; 2: only repetitions left; 3: done",
        ),
        sa.Column("run", sa.SmallInteger, nullable=False, comment="how often it was handed back"),
        sa.Column(
            "epoch", sa.Integer, nullable=False, comment="raised by each owner; who has an older one may claim nothing"
        ),
        sa.Column("replica", sa.String(64), comment="the owner"),
        *(sa.Column(name, sa.SmallInteger, nullable=False) for name in ("total", "sent", "rejected", "skipped")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunk")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_chunk_campaign_id_campaign"), ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_chunk_campaign_id_state"), "chunk", ["campaign_id", "state"])
    op.create_table(
        "delivery",
        sa.Column("chunk_id", sa.Integer),
        sa.Column("subscription_id", sa.BigInteger),
        sa.Column("state", sa.SmallInteger, nullable=False, comment="DeliveryState"),
        sa.Column("attempt", sa.SmallInteger, nullable=False, comment="how often it was tried"),
        sa.Column("message_id", sa.BigInteger, comment="the platform's id of the message"),
        sa.PrimaryKeyConstraint("chunk_id", "subscription_id", name=op.f("pk_delivery")),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunk.id"], name=op.f("fk_delivery_chunk_id_chunk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_delivery_subscription_id_subscription"),
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_delivery_subscription_id"), "delivery", ["subscription_id"])


def _create_agreements() -> None:
    bucket = op.create_table(
        "rate_bucket",
        sa.Column("id", sa.SmallInteger, autoincrement=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("next_at", "closed_from", "closed_until")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_bucket")),
    )
    op.bulk_insert(bucket, [{"id": 1, "next_at": 0.0, "closed_from": 0.0, "closed_until": 0.0}])
    op.create_table(
        "replica",
        sa.Column("name", sa.String(64)),
        sa.Column("heartbeat", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_replica")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget what was sent and what was to be."""
    for name in ("replica", "rate_bucket", "delivery", "chunk", "content", "seen", "notice", "campaign"):
        op.drop_table(name)
