"""What is written down of campaigns: which notices went out, to whom they still have to go, and how fast they may."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from bot.reminders.campaign import Campaign, Past, Plan
from bot.reminders.subscription import Subscription


class CampaignState(IntEnum):
    """Where a campaign stands; its recipients may still be looked up while it runs."""

    RUNNING = 0
    PAUSED = 1  # by an operator
    DONE = 2
    CANCELLED = 3  # by an operator, or because all of its notices became stale


class DeliveryState(IntEnum):
    """Where one message stands; from SENT on it is settled."""

    WAITING = 0
    CLAIMED = 1  # a replica is about to send it, or died while it was
    SENT = 2
    GONE = 3  # the chat is no more, or blocked the bot
    SKIPPED = 4  # when its turn came nothing of it was wanted or true any more
    FAILED = 5  # given up


class TakenOverError(Exception):
    """Another replica works on this chunk now: whoever is told so sends nothing more of it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """At most 500 recipients of a campaign, sent by one durable job; `run` counts how often they were handed back."""

    id: int
    run: int


@dataclass(frozen=True, slots=True)
class Work:
    """A chunk as its new owner finds it: fenced by `epoch`, its `waiting` rows by subscription id with the number of
    attempts so far. `ended_at`: subscriptions made before that instant only get corrections."""

    chunk: Chunk
    epoch: int
    campaign: Campaign
    ended_at: datetime | None
    waiting: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send `count` messages: one at `first_at` (seconds of `rate.elapsed`), then one every `interval`.

    What is not sent in its time is lost and never caught up. With a `count` of 0, `first_at` is when to ask again.
    """

    count: int
    first_at: float
    interval: float


@dataclass(frozen=True, slots=True)
class Address:
    """Where one subscription is reached, in the clear for the moment of sending."""

    channel: str
    chat: str = field(repr=False)
    subscription: Subscription = field(repr=False)


class Recipients(Protocol):
    """The subscriptions to the topic as the delivery needs them. Every method raises ServiceError."""

    async def remove(self, channel: str, chat: str) -> bool: ...

    async def move(self, channel: str, chat: str, to: str) -> None: ...

    async def erase_ended(self, before: datetime) -> int:
        """Erase those made or renewed before that instant, in short transactions; how many those were."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """The rows that this replica alone may send now, in the order asked for, fewer than granted where subscriptions
    are gone: by subscription id, with None where the address cannot be decrypted. `state` other than RUNNING: nothing
    was claimed, as with a grant of none."""

    state: CampaignState
    rows: Mapping[int, Address | None]
    grant: Grant


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one claimed row. WAITING hands it back, as an attempt where `tried`; `message` is its id."""

    subscription: int
    state: DeliveryState
    message: int | None = None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come; `total` grows until its recipients are `planned`.

    `state` is running, paused, done or cancelled. `rejected` counts chats that are gone and messages given up,
    `skipped` what was not wanted or true any more.
    """

    key: str
    state: str
    created_at: datetime
    planned: bool
    total: int
    sent: int
    rejected: int
    skipped: int

    @property
    def remaining(self) -> int:
        """Messages that are still to be sent."""
        unsettled = self.total - self.sent - self.rejected - self.skipped
        return 0 if self.state in {"done", "cancelled"} else max(0, unsettled)


class Ledger(Protocol):
    """The topic's campaigns. Every method is one transaction (or several short ones) and raises ServiceError."""

    async def past(self) -> Past:
        """What planning has to know."""
        ...

    async def apply(self, plan: Plan) -> bool:
        """Write all of a plan down or, where another replica was faster, nothing: False."""
        ...

    async def adopt(self, content: str, replica: str) -> None:
        """Note that campaigns are planned and worded from `content` (a digest) now, since `replica` started with it."""
        ...

    async def adopted(self) -> tuple[str, str] | None:
        """The content and the replica that were noted last."""
        ...

    async def plan_page(self, now: datetime) -> bool:
        """Look up the next recipients of a campaign and make a chunk of them; False: none is left to look up.

        Recipients are looked for when a campaign is made, and those who came after once more at its `closes_at`.
        """
        ...

    async def ready(self, limit: int, resting: Collection[str] = ()) -> Sequence[Chunk]:
        """Chunks to hand to a job, of the most urgent campaign, so that at most `limit` are in hand altogether; none
        of campaigns whose keys are `resting`."""
        ...

    async def handed_over(self, chunks: Collection[Chunk]) -> None:
        """Note that jobs have these."""
        ...

    async def in_hand(self) -> Sequence[Chunk]:
        """The chunks that jobs have."""
        ...

    async def begin(self, chunk: Chunk, replica: str) -> Work | None:
        """Make `replica` the owner of the chunk; None where nothing of it is to be done in this run."""
        ...

    async def claim(self, work: Work, rows: Sequence[int], answers: int, rate: float) -> Claim:
        """Reserve leave to send, for at most `rate` messages a second of all replicas together, and claim the first
        of `rows` with it. `answers` are messages that went out beside. Raises TakenOverError."""
        ...

    async def acknowledge(self, work: Work, results: Sequence[Result]) -> None:
        """Settle rows, or hand them back. What was really sent counts whoever owns the chunk by now."""
        ...

    async def trail(self, work: Work) -> None:
        """Note that only repetitions are left, so that the next campaign need not wait for this chunk."""
        ...

    async def close_chunk(self, work: Work) -> bool:
        """Settle the chunk if all of its rows are; else False."""
        ...

    async def release(self, chunk: Chunk, epoch: int | None = None) -> None:
        """Hand back a chunk that jobs had in this run (and `epoch`): what is not settled of it goes to another run."""
        ...

    async def throttle(self, seconds: float) -> None:
        """Let no replica send for so long."""
        ...

    async def beat(self, replica: str) -> Mapping[str, int]:
        """Say that `replica` lives; the running numbers of all replicas' signs of life."""
        ...

    async def bury(self, replica: str) -> None:
        """Forget a replica whose chunks were taken over, or which ended."""
        ...

    async def finish(self, now: datetime) -> Sequence[str]:
        """Close campaigns that have nothing left to do, or are of no use any more; the keys of those."""
        ...

    async def set_state(self, key: str, state: CampaignState) -> bool:
        """Pause, resume or cancel a campaign; False where there is none of that key that is not over."""
        ...

    async def progress(self, keys: Collection[str] | None = None) -> Sequence[Progress]:
        """All campaigns (or those), the newest first."""
        ...

    async def ended_at(self, before: datetime | None = None) -> datetime | None:
        """The instant before which subscriptions had to be made for the last ending to concern them; with `before`,
        of endings older than that and than every campaign under way."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget the rows of campaigns that were made before that and are over; that they were sent stays known."""
        ...

    async def close(self) -> None: ...
