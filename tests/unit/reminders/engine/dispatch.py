"""A campaign that is due, its ledger, who sends it, and a courier that does what the test says."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.core.messages import Reply
from bot.reminders.courier import SendError
from bot.reminders.engine.sender import Sender
from bot.reminders.engine.tally import Tally
from bot.reminders.engine.wording import Wording
from bot.reminders.ledger import Progress
from bot.reminders.subscription import Subscription
from bot.storage import Storage
from bot.storage.ledger import LedgerStore

SECRET = "the secret of these tests"
TOPIC = "old-bridge"
DUE = datetime(2026, 11, 24, 14, 0, 1, tzinfo=UTC)
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # 9:30 p.m. in the topic's zone
LAST_NIGHT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)  # 2 a.m.; the week's notice is of use until 6 a.m.


@dataclass
class Moved:
    """A clock that stands where the test puts it."""

    instant: datetime
    is_set: bool = True

    def now(self) -> datetime:
        return self.instant


@dataclass
class Post:
    """A courier that keeps what it sent; `faults` are raised by chat, one at each try."""

    sent: list[tuple[str, int | None, str, bool]] = field(default_factory=list)
    faults: dict[str, list[SendError]] = field(default_factory=dict)
    answers: int = 0
    latency: float = 0.0
    prepared: int = 0

    def prepare(self, reply: Reply) -> str:
        self.prepared += 1
        return reply.html

    async def send(self, chat: str, thread: int | None, prepared: object, silent: bool) -> int:
        await asyncio.sleep(self.latency)
        if self.faults.get(chat):
            raise self.faults[chat].pop(0)
        self.sent.append((chat, thread, str(prepared), silent))
        return len(self.sent)

    def answers_sent(self) -> int:
        return self.answers

    async def tell_admins(self, event: str, numbers: Mapping[str, str | int]) -> None:
        raise AssertionError(event, numbers)

    @property
    def chats(self) -> list[str]:
        return [chat for chat, *_ in self.sent]


@dataclass
class Room:
    """A campaign that is due, its ledger, and who sends it."""

    storage: Storage
    ledger: LedgerStore
    sender: Sender
    post: Post
    wording: Wording
    tally: Tally

    async def deliver(self) -> None:
        """All chunks that are to be handed out, each taken to its end."""
        while chunks := await self.ledger.ready(8):
            await self.ledger.handed_over(chunks)
            await asyncio.gather(*(self.sender.deliver(chunk) for chunk in chunks))

    async def progress(self) -> Progress:
        (only,) = await self.ledger.progress()
        return only


def compose(notices: Any, lang: str, now: datetime) -> Reply:
    told = " ".join(notice.kind for notice in notices)
    return Reply("notice", None, "answer", 1.0, lang, DUE, f"<p>{lang}: {told}</p>")


def reader(**changes: Any) -> Subscription:
    return Subscription(**({"lang": "en", "since": SINCE} | changes))
