"""What a chat subscribed to, and where such subscriptions are kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

CHOICES: Final = ("week", "day", "hours")  # what can be switched off: 7 days, 1 day and 2 hours before


@dataclass(frozen=True, slots=True)
class Subscription:
    """One chat's wish to be told of the topic's dates.

    `since` is when it was made or last renewed; `off` are the CHOICES switched off; a paused one stays and is told
    nothing. `thread` is the forum topic of a group that it was made in.
    """

    lang: str
    since: datetime
    off: frozenset[str] = frozenset()
    paused: bool = False
    thread: int | None = None

    def wants(self, choices: Collection[str]) -> bool:
        """Whether a notice under any of these choices is wanted; one under none always is."""
        return not choices or any(choice not in self.off for choice in choices)


class Subscriptions(Protocol):
    """Where subscriptions to the topic are kept. `channel` names the platform, `chat` is the platform's own id.

    Every method raises ServiceError where the database does not answer; nothing has changed then.
    """

    async def get(self, channel: str, chat: str) -> Subscription | None: ...

    async def put(self, channel: str, chat: str, subscription: Subscription) -> None:
        """Keep it, in place of the one before."""
        ...

    async def remove(self, channel: str, chat: str) -> bool:
        """Erase it, and what the ledger of deliveries holds of it; False where there was none."""
        ...

    async def move(self, channel: str, chat: str, to: str) -> None:
        """Follow a group whose id changed; where the new id has one already, that stays."""
        ...
