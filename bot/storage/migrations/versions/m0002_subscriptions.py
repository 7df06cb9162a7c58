"""Subscriptions, and the keys that they may still be under."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create `subscription` and `retired_key`."""
    op.create_table(
        "retired_key",
        sa.Column("fingerprint", sa.LargeBinary(16)),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_retired_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            autoincrement=False,
            comment="drawn at random, 62 bits",
        ),
        sa.Column(
            "key", sa.LargeBinary(32), nullable=False, comment="keyed hash of the platform and its id of the chat"
        ),
        sa.Column("topic", sa.String(64), nullable=False, comment="the topic that the chat subscribed to"),
        sa.Column("channel", sa.String(20), nullable=False, comment="the platform"),
        sa.Column(
            "sealed",
            sa.LargeBinary,
            nullable=False,
            comment="the ids of the chat and its thread, encrypted, bound to the key",
        ),
        sa.Column("language", sa.String(35), nullable=False, comment="the language that reminders are written in"),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the chat subscribed or last renewed",
        ),
        sa.Column(
            "off",
            sa.SmallInteger,
            nullable=False,
            comment="the reminders switched off: 1 week, 2 day, 4 hours before",
        ),
        sa.Column("paused", sa.Boolean, nullable=False, comment="whether the chat wants to hear nothing for now"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("key", "topic", name=op.f("uq_subscription_key_topic")),
    )
    op.create_index(op.f("ix_subscription_topic_id"), "subscription", ["topic", "id"])


def downgrade() -> None:
    """Forget all subscriptions."""
    op.drop_table("subscription")
    op.drop_table("retired_key")
