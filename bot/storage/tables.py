"""The tables: everything that is stored of a person is a column of this module."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An instant, stored in UTC; comes back with its zone on databases that keep none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row a reader who chose a language or asked within ten minutes. Without row ids, so that not even
# the order in which readers came is kept.
reader = Table(
    "reader",
    metadata,
    Column("key", LargeBinary(32), primary_key=True, comment="keyed hash of the platform and its id of the chat"),
    Column("language", String(35), comment="the language that the reader chose"),
    Column("turn", LargeBinary, comment="the last intent and entity, encrypted and bound to the key"),
    Column("turn_at", Instant, comment="when the last turn was; it lives ten minutes"),
    Column("changed_at", Instant, nullable=False, comment="when this row was last written"),
    Column("mark", LargeBinary(4), comment="which of the operator's secrets the key is of"),
    CheckConstraint("(turn IS NULL) = (turn_at IS NULL)", name="turn_has_its_instant"),
    CheckConstraint("language IS NOT NULL OR turn IS NOT NULL", name="holds_something"),
    sqlite_with_rowid=False,
)
Index(None, reader.c.turn_at, sqlite_where=reader.c.turn_at.is_not(None))

# One row: the fingerprint of the secret that encrypts, so that a wrong one is refused at start.
key_check = Table(
    "key_check",
    metadata,
    Column("fingerprint", LargeBinary(16), primary_key=True),
    sqlite_with_rowid=False,
)

# The fingerprints of secrets that encrypted before, kept while a subscription may still be under one of them.
retired_key = Table(
    "retired_key",
    metadata,
    Column("fingerprint", LargeBinary(16), primary_key=True),
    sqlite_with_rowid=False,
)

# One row a chat and topic. Its id is drawn at random: the order in which chats subscribed is not kept.
SubscriptionId = BigInteger().with_variant(Integer, "sqlite")  # which there is the row's own number
subscription = Table(
    "subscription",
    metadata,
    Column("id", SubscriptionId, primary_key=True, autoincrement=False, comment="drawn at random, 62 bits"),
    Column("key", LargeBinary(32), nullable=False, comment="keyed hash of the platform and its id of the chat"),
    Column("topic", String(64), nullable=False, comment="the topic that the chat subscribed to"),
    Column("channel", String(20), nullable=False, comment="the platform"),
    Column(
        "sealed", LargeBinary, nullable=False, comment="the ids of the chat and its thread, encrypted, bound to the key"
    ),
    Column("language", String(35), nullable=False, comment="the language that reminders are written in"),
    Column("since", Instant, nullable=False, comment="when the chat subscribed or last renewed"),
    Column("off", SmallInteger, nullable=False, comment="the reminders switched off: 1 week, 2 day, 4 hours before"),
    Column("paused", Boolean, nullable=False, comment="whether the chat wants to hear nothing for now"),
    UniqueConstraint("key", "topic"),
)
Index(None, subscription.c.topic, subscription.c.id)
