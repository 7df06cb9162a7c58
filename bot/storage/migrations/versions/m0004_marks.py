"""Marks: which of the operator's secrets a reader's row is under, so that none outlives its key.

Campaigns whose recipients are known give up the number of the subscription that they came to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add `mark` to `reader`; rows without one are marked at the next start. Empty `planned_to` where it is over."""
    op.add_column(
        "reader", sa.Column("mark", sa.LargeBinary(4), comment="which of the operator's secrets the key is of")
    )
    op.execute("UPDATE campaign SET planned_to = -1 WHERE round = 2")


def downgrade() -> None:
    """Forget which."""
    op.drop_column("reader", "mark")
