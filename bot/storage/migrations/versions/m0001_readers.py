"""Readers: the chosen language, the last turn, and the fingerprint of the key that encrypts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create `reader` and `key_check`."""
    op.create_table(
        "reader",
        sa.Column("key", sa.LargeBinary(32), comment="keyed hash of the platform and its id of the chat"),
        sa.Column("language", sa.String(35), comment="the language that the reader chose"),
        sa.Column("turn", sa.LargeBinary, comment="the last intent and entity, encrypted and bound to the key"),
        sa.Column("turn_at", sa.DateTime(timezone=True), comment="when the last turn was; it lives ten minutes"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, comment="when this row was last written"),
        sa.CheckConstraint("(turn IS NULL) = (turn_at IS NULL)", name=op.f("ck_reader_turn_has_its_instant")),
        sa.CheckConstraint("language IS NOT NULL OR turn IS NOT NULL", name=op.f("ck_reader_holds_something")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reader")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_reader_turn_at"),
        "reader",
        ["turn_at"],
        sqlite_where=sa.text("turn_at IS NOT NULL"),
    )
    op.create_table(
        "key_check",
        sa.Column("fingerprint", sa.LargeBinary(16)),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_key_check")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget all readers."""
    op.drop_table("key_check")
    op.drop_table("reader")
