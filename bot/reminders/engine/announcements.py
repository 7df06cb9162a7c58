"""Tells the operators when a campaign starts, ends or stalls."""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from bot.reminders.campaign import Plan
from bot.reminders.courier import Courier
from bot.reminders.engine.rate import elapsed
from bot.reminders.ledger import Progress

log = logging.getLogger(__name__)

STALLED: Final = 120.0  # seconds without a settled message, though some remain
LOOKED_UP: Final = 10.0  # seconds after which a start is told with the recipients that are known by then


class Announcements:
    """Each event is told by the replica that sees it."""

    def __init__(self, couriers: Mapping[str, Courier]) -> None:
        self._couriers = couriers
        self._made: dict[str, float] = {}
        self._moved: dict[str, tuple[int, float]] = {}
        self._told: set[str] = set()

    def made(self, plan: Plan) -> None:
        """This replica made these campaigns."""
        self._made |= {one.key: elapsed() for one in plan.create if one.is_told}

    async def started(self, progress: Sequence[Progress]) -> None:
        """The campaigns that were made, once it is known how many they go to."""
        now = elapsed()
        ready = [
            one.key
            for one in progress
            if one.key in self._made and (one.planned or (one.total and now - self._made[one.key] > LOOKED_UP))
        ]
        over = [one.key for one in progress if one.state == "cancelled"]
        self._made = {key: at for key, at in self._made.items() if key not in {*ready, *over}}
        await self._tell("started", ready, progress)

    async def ended(self, keys: Collection[str], progress: Sequence[Progress]) -> None:
        """The campaigns that this replica closed."""
        await self._tell("ended", keys, progress)

    async def stalled(self, progress: Sequence[Progress]) -> None:
        """The campaigns that have not moved for STALLED, and when they move again: while the platform is down, its
        operators are reached as little as its readers."""
        now, stalled, resumed = elapsed(), list[str](), list[str]()
        running = {one.key: one for one in progress if one.state == "running" and one.remaining}
        self._moved = {key: moved for key, moved in self._moved.items() if key in running}
        self._told &= self._moved.keys()
        for key, one in running.items():
            settled = one.sent + one.rejected + one.skipped
            if key not in self._moved or self._moved[key][0] != settled:
                self._moved[key] = (settled, now)
                if key in self._told:
                    self._told.remove(key)
                    resumed.append(key)
                    log.warning("delivery.moves_again campaign=%s remaining=%d", key, one.remaining)
            elif now - self._moved[key][1] > STALLED and key not in self._told:
                self._told.add(key)
                stalled.append(key)
                log.error("delivery.stalled campaign=%s remaining=%d", key, one.remaining)
        await self._tell("stalled", stalled, progress)
        await self._tell("resumed", resumed, progress)

    async def _tell(self, event: str, keys: Collection[str], progress: Sequence[Progress]) -> None:
        for one in progress:
            if one.key in keys:
                numbers = {"total": one.total, "sent": one.sent, "rejected": one.rejected, "remaining": one.remaining}
                for courier in self._couriers.values():
                    await courier.tell_admins(event, {"key": one.key, **numbers})
