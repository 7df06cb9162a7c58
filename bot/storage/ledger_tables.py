"""The tables of the ledger: campaigns, who still gets them, and what replicas agree on. No person's id but the
subscription's random one is in them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.storage.tables import Instant, metadata

campaign = Table(
    "campaign",
    metadata,
    Column("id", Integer, primary_key=True, comment="never used again"),
    Column("topic", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("notices", Text, nullable=False, comment="JSON: item, kind, version, send_at, useful_until, silent of each"),
    Column("state", SmallInteger, nullable=False, comment="CampaignState"),
    Column("silent", Boolean, nullable=False),
    Column("told", Boolean, nullable=False, comment="is sent to somebody"),
    Column("ending", Boolean, nullable=False, comment="ends the subscriptions made before it"),
    Column("created_at", Instant, nullable=False, comment="by the topic's clock"),
    Column("closes_at", Instant, nullable=False, comment="whoever subscribes until then is a recipient"),
    Column("useful_until", Instant, nullable=False),
    Column("ended_at", Instant, comment="subscriptions made before it only get corrections of this"),
    Column("round", SmallInteger, nullable=False, comment="0: recipients looked up; 1: again at closes_at; 2: known"),
    Column("planned_to", BigInteger, nullable=False, comment="the subscription up to which this round has come"),
    UniqueConstraint("topic", "key"),
    sqlite_autoincrement=True,
)

# One row a notice that ever was in a campaign, for ever: no notice goes out twice.
notice = Table(
    "notice",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("campaign_id", ForeignKey(campaign.c.id), nullable=False),
    sqlite_with_rowid=False,
)

# What was last told of a decision or deadline.
seen = Table(
    "seen",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("told", Text, nullable=False),
    Column("number", Integer, nullable=False, comment="changes so far"),
    sqlite_with_rowid=False,
)

# One row a topic: the dates that replicas go by. Who started with others, and earlier, is silent.
content = Table(
    "content",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("digest", String(32), nullable=False, comment="of all dates and what is told of them"),
    Column("replica", String(64), nullable=False, comment="who started with it last"),
    sqlite_with_rowid=False,
)

# What one durable job delivers. Counts are kept here, so that nobody has to count a million rows.
chunk = Table(
    "chunk",
    metadata,
    Column("id", Integer, primary_key=True, comment="never used again: jobs are named by it"),
    Column("campaign_id", ForeignKey(campaign.c.id, ondelete="CASCADE"), nullable=False),
    Column(
        "state", SmallInteger, nullable=False, comment="0: waits; 1: a job has it; 2: only repetitions left; 3: done"
    ),
    Column("run", SmallInteger, nullable=False, comment="how often it was handed back"),
    Column("epoch", Integer, nullable=False, comment="raised by each owner; who has an older one may claim nothing"),
    Column("replica", String(64), comment="the owner"),
    Column("total", SmallInteger, nullable=False),
    Column("sent", SmallInteger, nullable=False),
    Column("rejected", SmallInteger, nullable=False),
    Column("skipped", SmallInteger, nullable=False),
    sqlite_autoincrement=True,
)
Index(None, chunk.c.campaign_id, chunk.c.state)

# One row a message. Kept small: there are as many as subscriptions in every campaign.
delivery = Table(
    "delivery",
    metadata,
    Column("chunk_id", ForeignKey(chunk.c.id, ondelete="CASCADE"), primary_key=True),
    Column("subscription_id", BigInteger, ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True),
    Column("state", SmallInteger, nullable=False, comment="DeliveryState"),
    Column("attempt", SmallInteger, nullable=False, comment="how often it was tried"),
    Column("message_id", BigInteger, comment="the platform's id of the message"),
    sqlite_with_rowid=False,
)
Index(None, delivery.c.subscription_id)

# One row: the rate that all replicas share, in seconds of the database's clock (SQLite: of the machine's).
rate_bucket = Table(
    "rate_bucket",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_at", Double, nullable=False),
    Column("closed_from", Double, nullable=False),
    Column("closed_until", Double, nullable=False),
)

# One row a running process that delivers. The others see it live by its number growing, whatever clocks say.
replica = Table(
    "replica",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("heartbeat", Integer, nullable=False),
    sqlite_with_rowid=False,
)
