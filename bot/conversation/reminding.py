"""What a chat does about its reminders, one turn at a time: looks, starts, chooses, pauses, stops."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from bot.core.clock import FixedClock
from bot.core.errors import ServiceError
from bot.core.messages import Reader, Turn
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.reminders.notice import CHOICES_OF
from bot.reminders.quiet_hours import morning_after
from bot.reminders.schedule import upcoming
from bot.reminders.subscription import CHOICES, Subscription, Subscriptions
from bot.reminders.told import is_open

log = logging.getLogger(__name__)

REMIND, STOP = "remind_me", "stop_reminders"
REMINDERS = frozenset({REMIND, STOP})

State = Literal[
    "elsewhere",  # the platform cannot write of its own accord
    "previewed",  # an editor looks at another instant, and changes nothing
    "nothing",  # nothing is to come
    "refused",  # not an administrator of the group
    "unavailable",  # the database does not answer
    "offered",  # not subscribed
    "subscribed",
    "paused",
    "ended",  # the outcome was told; renewing is possible until it is erased
    "stopped",  # erased just now
    "none",  # nothing to stop
]


@dataclass(frozen=True, slots=True)
class Reminder:
    """How a chat's reminders stand after a turn, for the template and the buttons. `changed` by this turn; `next_at` is
    when the first notice still to come is due, in the topic's zone; `erased_on` is the day on which an ended one
    is erased."""

    state: State
    changed: bool = False
    subscription: Subscription | None = None
    next_at: datetime | None = None
    erased_on: date | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The options to offer below the answer, by id."""
        if self.state == "offered":
            return ("start",)
        if self.state == "paused":
            return ("resume",)
        if self.state == "ended":
            return ("renew",)
        if self.state == "subscribed" and self.subscription:
            off = self.subscription.off
            return (*(f"{choice}-{'on' if choice in off else 'off'}" for choice in CHOICES), "pause")
        return ()


ELSEWHERE: Final = Reminder("elsewhere")
PREVIEWED: Final = Reminder("previewed")


class Reminding:
    """Reads and changes subscriptions to the topic.

    `ended_at` gives the instant at which the subscriptions made before it ended (None: none did), `retention` how long
    they are kept after it; `erase` takes a channel and a chat and erases all that is kept of it, language and turn too.
    """

    def __init__(
        self,
        base: FactBase,
        subscriptions: Subscriptions,
        ended_at: Callable[[], Awaitable[datetime | None]],
        retention: timedelta,
        erase: Callable[[str, str], Awaitable[None]] | None = None,
    ) -> None:
        self._base = base
        self._subscriptions = subscriptions
        self._ended_at = ended_at
        self.retention = retention
        self._erase = erase

    async def act(self, turn: Turn, reader: Reader, lang: str, facts: Snapshot) -> Reminder:
        """Does what a turn of `remind_me` or `stop_reminders` asks. Never raises for a database that is away."""
        try:
            return await self._act(turn, reader, lang, facts)
        except ServiceError as error:
            log.warning("reminding.unavailable: %s", error)
            return Reminder("unavailable")

    async def forget(self, reader: Reader) -> Reminder:
        """Erases all that is kept of the chat, so that it is told of that, or that it has not happened yet."""
        try:
            if self._erase:
                await self._erase(reader.channel, reader.chat)
        except ServiceError as error:
            log.warning("reminding.unavailable: %s", error)
            return Reminder("unavailable")
        return ELSEWHERE

    async def _act(self, turn: Turn, reader: Reader, lang: str, facts: Snapshot) -> Reminder:
        kept = await self._subscriptions.get(reader.channel, reader.chat)
        option = (turn.entity or "").removeprefix("option:")
        if (option or (turn.intent == STOP and kept)) and not await reader.may_subscribe():
            return Reminder("refused")
        if turn.intent == STOP:
            return Reminder("stopped" if await self._subscriptions.remove(reader.channel, reader.chat) else "none")
        ended_at = await self._ended_at()
        ended = kept is not None and ended_at is not None and kept.since < ended_at
        wanted = self._chosen(option, kept, ended, Subscription(lang, facts.instant, thread=reader.thread), facts)
        if wanted is not None and wanted != kept:
            await self._subscriptions.put(reader.channel, reader.chat, wanted)
            return self._state(wanted, False, None, facts, changed=True)
        return self._state(kept, ended, ended_at, facts, changed=False)

    @staticmethod
    def _chosen(
        option: str, kept: Subscription | None, ended: bool, fresh: Subscription, facts: Snapshot
    ) -> Subscription | None:
        """The subscription that an option makes of the one that is kept; None where it changes nothing."""
        if option in {"start", "renew"}:
            if not is_anything_to_come(facts):
                return None
            renewed = fresh if kept is None or ended else replace(kept, paused=False)
            return renewed if kept is None else replace(renewed, off=kept.off)
        if kept is None or ended:
            return None
        if option in {"pause", "resume"}:
            return replace(kept, paused=option == "pause")
        choice, _, switch = option.partition("-")
        if choice not in CHOICES:
            return None
        return replace(kept, off=kept.off - {choice} if switch == "on" else kept.off | {choice})

    def _state(
        self, kept: Subscription | None, ended: bool, ended_at: datetime | None, facts: Snapshot, *, changed: bool
    ) -> Reminder:
        if kept is None:
            return Reminder("offered" if is_anything_to_come(facts) else "nothing")
        if ended and ended_at:
            told_at = morning_after(ended_at, self._base.zone)  # they are kept from then on; word of it waits at night
            erased_on = (told_at + self.retention).astimezone(facts.now.tzinfo).date()
            return Reminder("ended", changed, kept, None, erased_on)
        return Reminder("paused" if kept.paused else "subscribed", changed, kept, self._next(kept, facts))

    def _next(self, kept: Subscription, facts: Snapshot) -> datetime | None:
        notices = upcoming(self._base, FixedClock(facts.instant))
        wanted = (notice.send_at for notice in notices if kept.wants(CHOICES_OF.get(notice.kind, ())))
        first = min(wanted, default=None)
        return first.astimezone(facts.now.tzinfo) if first else None


def is_anything_to_come(facts: Snapshot) -> bool:
    """Whether there is something to be told of: a date ahead, or an outcome that nobody has reported yet."""
    return any(is_open(view.report, facts.instant) for view in facts.votes) or any(
        view.is_ahead for view in facts.deadlines
    )
