"""What has to be done now and then: planning, handing out chunks, replacing the dead, erasing the old."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.core.clock import Clock, SystemClock
from bot.factbase.base import FactBase
from bot.reminders import planning
from bot.reminders.campaign import Past, Plan
from bot.reminders.engine.content import Content
from bot.reminders.engine.jobs import SLOTS, Jobs
from bot.reminders.engine.night import Night
from bot.reminders.engine.rate import elapsed
from bot.reminders.engine.watch import Watch
from bot.reminders.ledger import Ledger, Recipients

log = logging.getLogger(__name__)

HANDED_OUT: Final = 2 * SLOTS  # chunks in jobs at a time: a more urgent campaign waits a minute for them at most
JOB_HISTORY: Final = timedelta(days=1)  # finished jobs say nothing that the ledger does not


@dataclass(frozen=True, slots=True)
class Care:
    """What upkeep works with. `retention` is how long an ended subscription is kept."""

    ledger: Ledger
    recipients: Recipients
    jobs: Jobs
    clock: Clock
    replica: str
    retention: timedelta


class Upkeep:
    """Each method is one duty and raises ServiceError; who calls it decides how often."""

    def __init__(self, care: Care, base: FactBase) -> None:
        self._care = care
        self.content = Content(care.ledger, care.replica, base)
        self._watch = Watch(care.replica)
        self._night = Night(care.clock, base.zone)
        self._alive = {care.replica}

    async def plan(self, base: FactBase) -> tuple[Past, Plan]:
        """Write down what the facts ask for at this instant; what the ledger knows then, and what was new."""
        ledger, clock = self._care.ledger, self._care.clock
        past = await ledger.past()
        if not await self.content.counts():
            log.warning("delivery.silent: another replica started later, with other dates")
            return past, Plan()
        plan = planning.plan(base, clock, past)
        if plan == Plan():
            return past, plan
        if not await ledger.apply(plan):
            log.info("delivery.planned_elsewhere campaigns=%d", len(plan.create))
            plan = Plan()
        return await ledger.past(), plan

    async def hand_out(self) -> None:
        """Make jobs of the next chunks."""
        chunks = await self._care.ledger.ready(HANDED_OUT, await self.resting())
        if chunks:
            await self._care.jobs.enqueue(chunks)
            await self._care.ledger.handed_over(chunks)

    async def resting(self) -> list[str]:
        """The keys of the campaigns that wait for the morning."""
        if not self._night.is_on:
            return []
        running = (await self._care.ledger.past()).running
        return [key for key, notices in running.items() if self._night.rests(notices)]

    async def show_life(self) -> None:
        """Give a sign of life, and take over from those who give none."""
        heartbeats = await self._care.ledger.beat(self._care.replica)
        self._alive = set(heartbeats)
        for name in self._watch.late(heartbeats, elapsed()):
            jobs = await self._care.jobs.take_over(name)
            await self._care.ledger.bury(name)
            log.warning("delivery.replica_dead jobs=%d", jobs)

    async def hand_out_again(self) -> None:
        """Stand in for replicas that are gone: see whose content counts, and give chunks to new jobs whose jobs ended
        without settling them, for whatever reason."""
        await self.content.watch(self._alive)
        chunks = await self._care.ledger.in_hand()
        lost = await self._care.jobs.without_job(chunks) if chunks else []
        still = set(await self._care.ledger.in_hand()) if lost else set()
        for chunk in lost:
            if chunk in still:  # and not settled between the two questions
                log.warning("delivery.job_lost chunk=%d", chunk.id)
                await self._care.ledger.release(chunk)

    async def erase(self) -> int:
        """Erase subscriptions that ended long ago, the deliveries of as old campaigns, and finished jobs; how many
        subscriptions those were."""
        care, now = self._care, self._care.clock.now()
        ended_at = await care.ledger.ended_at(now - care.retention)
        erased = await care.recipients.erase_ended(ended_at) if ended_at else 0
        while await care.ledger.prune(now - care.retention):
            pass
        while await care.jobs.prune(SystemClock().now() - JOB_HISTORY):  # jobs know no other time
            pass
        return erased
