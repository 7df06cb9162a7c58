"""A campaign: the notices that go out as one message; and what is exchanged with the ledger to plan campaigns."""

from base64 import b32encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

from bot.reminders.notice import CHOICES_OF, Kind, Notice
from bot.reminders.subscription import Subscription

DIGEST = 5  # bytes: eight letters and digits of base 32


@dataclass(frozen=True, slots=True)
class Campaign:
    """One message to all subscribers whom any of its notices concerns.

    It is made at `send_at`, the instant at which it was planned, and goes out from then on; each of its notices only
    until its own `useful_until`, the campaign until the last of them. `silent`: without a sound. `key` is short, of
    letters, digits, `-` and `_`, the same for the same notices; no notice is ever in a second campaign.
    """

    key: str
    notices: tuple[Notice, ...]
    send_at: datetime
    useful_until: datetime
    silent: bool = False

    @property
    def closes_at(self) -> datetime:
        """A notice may go out up to two hours before its own `send_at`, together with others; whoever subscribes
        until then is to get it still: recipients are looked for at `send_at`, and once more at this instant if it is
        later."""
        return max(notice.send_at for notice in self.notices)

    @property
    def is_told(self) -> bool:
        """False where there is nobody to tell (OVER): it only ends the subscriptions made before it."""
        return any(notice.kind is not Kind.OVER for notice in self.notices)

    def notices_for(self, subscription: Subscription, *, ended: bool) -> tuple[Notice, ...]:
        """Those that concern a subscription; none: it is no recipient. `ended`: a campaign before this one had told
        it an ending, so that only corrections reach it."""
        return () if subscription.paused else tuple(
            notice for notice in self.notices
            if notice.kind is not Kind.OVER
            and (notice.kind is Kind.CORRECTION or not ended)
            and subscription.since < notice.send_at
            and subscription.wants(CHOICES_OF.get(notice.kind, ()))
        )  # fmt: skip


def campaign_of(notices: Iterable[Notice], send_at: datetime, *, silent: bool = False) -> Campaign:
    """The campaign of at least one notice, made at `send_at`; its notices are all silent or none is."""
    ordered = sorted(notices, key=lambda notice: (notice.send_at, notice.key))
    told = tuple(replace(notice, silent=silent) for notice in ordered)
    digest = blake2b("\n".join(sorted(notice.key for notice in told)).encode(), digest_size=DIGEST).digest()
    key = f"{told[0].kind}-{b32encode(digest).decode().lower()}"
    return Campaign(key, told, send_at, max(notice.useful_until for notice in told), silent)


@dataclass(frozen=True, slots=True)
class Seen:
    """What planning last saw of a decision or deadline: `told` is its own text, to be kept as it is; `number` counts
    the changes seen so far."""

    item: str
    told: str
    number: int


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger knows: what was last seen by item, the keys of all notices that ever were in a campaign, the
    notices of campaigns not done or cancelled by the campaign's key, and when the newest campaign with `is_told` was
    made, by the topic's clock (its `send_at`)."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    spent: Collection[str] = frozenset()
    running: Mapping[str, tuple[Notice, ...]] = field(default_factory=dict)
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write down, all of it in one transaction or nothing: campaigns that start now, the keys of campaigns to
    cancel, what was seen of items. A notice key that is taken already means that another replica was faster."""

    create: tuple[Campaign, ...] = ()
    cancel: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
