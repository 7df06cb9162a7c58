"""The delivery of one process, from its start to its stop: the only part of the engine that others know."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bot.core.clock import Clock
from bot.core.errors import ServiceError
from bot.core.spans import Spans, spanned
from bot.factbase.base import FactBase
from bot.reminders.campaign import Plan
from bot.reminders.courier import Courier
from bot.reminders.engine.acknowledgements import Acknowledgements
from bot.reminders.engine.announcements import Announcements
from bot.reminders.engine.chunk_run import Means
from bot.reminders.engine.jobs import Jobs
from bot.reminders.engine.night import Night
from bot.reminders.engine.posting import Posting
from bot.reminders.engine.sender import Sender
from bot.reminders.engine.tally import Answers, Tally
from bot.reminders.engine.upkeep import Care, Upkeep
from bot.reminders.engine.wording import Compose, Wording
from bot.reminders.ledger import Ledger, Progress, Recipients

log = logging.getLogger(__name__)

PLANNED: Final = 10.0  # seconds between two looks at what is due; a changed content is looked at once
BUSY: Final = 0.5  # seconds between two looks for chunks while campaigns run: a resumed one goes on within a second
IDLE: Final = 2.0  # seconds between two while none does
LOOKED_UP: Final = 5.0  # seconds between two looks for campaigns whose recipients are not known; a new one has its own
REPORTED: Final = 2.0  # seconds between two looks at how far campaigns have come
LIFE: Final = 1.0  # seconds between two signs of life; Watch.LATE is three of them
CHECKED: Final = 10.0  # seconds between two looks for chunks without a job
ERASED: Final = 3600.0  # seconds between two erasures
PAGES: Final = 0.01  # seconds between two pages of recipients: readers' writes come between them
STOP: Final = 15.0  # seconds for what is under way when the process has to end; a send takes ten at most


@dataclass(frozen=True, slots=True)
class Setup:
    """What a delivery needs. `couriers` by channel; `rate` in messages a second of all replicas together, answers
    included; `replica` names this process among those on the same database: on SQLite always the same name, so that a
    restart goes on at once; `database_url` leads to the ledger's database, where the jobs are kept too; `retention`
    is how long an ended subscription stays; `rehearsal` lets a set clock deliver and erase; `spans` takes down
    the chunks."""

    ledger: Ledger
    recipients: Recipients
    couriers: Mapping[str, Courier]
    clock: Clock
    rate: float
    replica: str
    database_url: str
    retention: timedelta
    rehearsal: bool = False
    spans: Spans | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What is done again and again, with a pause in seconds between, or none when `early` is set."""

    work: Callable[[], Awaitable[object]]
    pause: Callable[[], float]
    early: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self) -> None:
        """Until cancelled, whatever becomes of it."""
        while True:
            self.early.clear()
            try:
                await self.work()
            except ServiceError as error:
                log.warning("delivery.database: %s", error)
            except Exception as error:  # one duty that fails must not end the others
                log.error("delivery.duty_failed error=%s", type(error).__name__, exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.early.wait(), self.pause())


class Delivery:
    """Everything that is due goes out between `start` and `stop`; both are called on the loop of the couriers."""

    def __init__(self, setup: Setup, base: FactBase, compose: Compose) -> None:
        self._setup = setup
        self._base = base
        self._wording = Wording(compose, base, setup.clock, setup.couriers)
        self._acknowledgements = Acknowledgements(setup.ledger)
        self._tally = Tally()
        night = Night(setup.clock, base.zone)
        posting = Posting(setup.ledger, setup.recipients, setup.couriers, self._wording, setup.clock, night)
        means = Means(setup.ledger, posting, self._acknowledgements, Answers(setup.couriers), self._tally, setup.rate)
        self._sender = Sender(means, setup.replica, self._refresh)
        deliver = spanned(setup.spans, "chunk", self._sender.deliver) if setup.spans else self._sender.deliver
        jobs = self._jobs = Jobs(setup.database_url, setup.replica, deliver)
        self._upkeep = Upkeep(
            Care(setup.ledger, setup.recipients, jobs, setup.clock, setup.replica, setup.retention), base
        )
        self._announcements = Announcements(setup.couriers)
        self._progress: Sequence[Progress] = ()
        self._resting: Sequence[str] = ()
        self._is_reloaded = False
        self._changed = asyncio.Event()  # the content
        self._made = asyncio.Event()  # a campaign
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_allowed(self) -> bool:
        """False with a set clock, unless this is a rehearsal: then nothing is delivered and nothing erased."""
        return self._setup.rehearsal or not self._setup.clock.is_set

    async def look(self) -> None:
        """Write down how the dates stand now, and what is due. To be called before readers can subscribe: who does
        then is told of every change from here on. Raises ServiceError."""
        if self.is_allowed:
            await self._adopt()
            await self._plan_now()

    async def start(self) -> None:
        """Go on with what was begun, and deliver what becomes due. Raises ServiceError where that cannot begin."""
        if not self.is_allowed:
            log.warning("delivery.off: EXPLAINER_CLOCK is set, and EXPLAINER_REHEARSAL is not 1")
            return
        await self._adopt()
        self._wording.learn(await self._setup.ledger.past())
        await self._jobs.start()
        duties = [
            Duty(self._plan, lambda: PLANNED, self._changed),
            Duty(self._look_up, lambda: LOOKED_UP, self._made),
            Duty(self._upkeep.hand_out, lambda: BUSY if self._is_busy else IDLE),
            Duty(self._upkeep.show_life, lambda: LIFE),
            Duty(self._upkeep.hand_out_again, lambda: CHECKED),
            Duty(self._report, lambda: REPORTED),
            Duty(self._upkeep.erase, lambda: ERASED),
        ]
        self._tasks = [asyncio.create_task(duty.keep()) for duty in duties]

    async def stop(self) -> None:
        """Send what is claimed, hand back the rest, so that nothing is lost and nothing sent twice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._tasks:
            return
        self._tasks = []
        if not await self._sender.stop(STOP):
            log.error("delivery.stopped_unfinished: what was under way may be sent again")
        await self._jobs.stop()
        await self._acknowledgements.stop()
        with suppress(ServiceError):
            await self._setup.ledger.bury(self._setup.replica)

    def reload(self, base: FactBase, compose: Compose) -> None:
        """Other content from now on: what it changes is looked at at once."""
        self._base, self._is_reloaded = base, True
        self._wording.reload(compose, base)
        self._changed.set()

    async def progress(self) -> Sequence[Progress]:
        """All campaigns, the newest first. Raises ServiceError."""
        return await self._setup.ledger.progress()

    def metrics(self) -> dict[str, float]:
        """`due` messages of all running campaigns, `lag` in seconds of the oldest of them, and of this process
        `sent`, `rejected`, `skipped`, `throttled` and `repeated`, since its start."""
        running = [one for one in self._progress if one.state == "running" and one.remaining]
        now = self._setup.clock.now()
        lags = [(now - one.created_at).total_seconds() for one in running]
        counts = self._tally.counts()
        rejected = counts.pop("gone") + counts.pop("failed")
        due = sum(one.remaining for one in running)
        return {**counts, "rejected": rejected, "due": due, "lag": max(0.0, *lags) if lags else 0.0}

    @property
    def _is_busy(self) -> bool:
        return any(one.state in {"running", "paused"} for one in self._progress)

    async def _plan(self) -> None:
        if self._is_reloaded:
            await self._adopt()
            self._is_reloaded = False
        await self._plan_now()

    async def _plan_now(self) -> None:
        past, plan = await self._upkeep.plan(self._base)
        self._wording.learn(past)
        if plan != Plan():
            log.info("delivery.planned campaigns=%d cancelled=%d", len(plan.create), len(plan.cancel))
            self._announcements.made(plan)
            self._made.set()
        self._progress = await self._setup.ledger.progress()

    async def _adopt(self) -> None:
        """This content counts now, and this replica lives."""
        await self._setup.ledger.beat(self._setup.replica)
        await self._upkeep.content.adopt(self._base)

    async def _refresh(self) -> bool:
        """Learn what the ledger knows; whether this replica may speak."""
        self._wording.learn(await self._setup.ledger.past())
        return await self._upkeep.content.counts()

    async def _look_up(self) -> None:
        is_left = True
        while is_left:
            is_left = await self._setup.ledger.plan_page(self._setup.clock.now())
            await asyncio.sleep(PAGES)

    async def _report(self) -> None:
        try:
            await self._report_progress()
        except ServiceError:  # a database that does not answer is a stall too
            await self._report_stalls()
            raise
        await self._report_stalls()

    async def _report_progress(self) -> None:
        ended = await self._setup.ledger.finish(self._setup.clock.now())
        if ended or self._is_busy:
            self._progress = await self._setup.ledger.progress()
        for key in ended:
            log.info("delivery.ended campaign=%s", key)
        await self._announcements.started(self._progress)
        await self._announcements.ended(ended, self._progress)
        self._resting = await self._upkeep.resting()

    async def _report_stalls(self) -> None:
        await self._announcements.stalled([one for one in self._progress if one.key not in self._resting])
