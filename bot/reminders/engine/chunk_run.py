"""One run of a chunk: reserve and claim, send paced, acknowledge, until every row is settled or it is handed back."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Final

from bot.reminders.engine.acknowledgements import Acknowledgements
from bot.reminders.engine.backlog import Backlog
from bot.reminders.engine.posting import CLAIM_LASTS, Posted, Posting
from bot.reminders.engine.rate import GRANTED, elapsed
from bot.reminders.engine.tally import Answers, Tally
from bot.reminders.ledger import Address, CampaignState, Claim, DeliveryState, Ledger, Result, Work

log = logging.getLogger(__name__)

LATE: Final = 0.03  # seconds that a message may be late; later it loses its turn, for nothing is caught up


@dataclass(frozen=True, slots=True)
class Means:
    """What all chunks of a replica send with. `rate` is what all replicas together may, in messages a second."""

    ledger: Ledger
    posting: Posting
    acknowledgements: Acknowledgements
    answers: Answers
    tally: Tally
    rate: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Claimed rows and since when (in seconds of `rate.elapsed`)."""

    claim: Claim
    claimed_at: float


class ChunkRun:
    """The rows of one chunk, owned in one epoch."""

    def __init__(self, work: Work, means: Means, stopping: asyncio.Event) -> None:
        self._work = work
        self._means = means
        self._stopping = stopping
        self._backlog = Backlog(work.waiting)
        self._under_way: set[asyncio.Task[None]] = set()
        self._most_under_way = max(8, round(means.rate / 2))
        self.state = CampaignState.RUNNING

    def next_at(self) -> float | None:
        """When a row is to be sent next; None when none is left but those under way."""
        return self._backlog.next_at(elapsed())

    @property
    def is_under_way(self) -> bool:
        """Whether messages are sent or written down at this moment."""
        return bool(self._under_way)

    @property
    def rests(self) -> bool:
        """Whether the campaign waits for the morning."""
        return self._means.posting.night.rests(self._work.campaign.notices)

    async def send_ready(self) -> None:
        """Send all rows whose turn it is, at the rate that is granted. Ends early when the campaign does not run any
        more, or on `stopping`. Raises ServiceError, TakenOverError; `settle` afterwards in any case."""
        batch = await self._claim()
        while batch is not None:
            following = await self._send(batch)
            batch = await following if following else await self._claim()

    async def settle(self) -> None:
        """Wait until all that is under way is sent and written down."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _claim(self) -> Batch | None:
        """The next rows, with leave to send them; None when there is nothing to do now."""
        while not self._stopping.is_set() and self.state is CampaignState.RUNNING and not self.rests:
            await self._wait(max(self._means.posting.closed_until, self._means.posting.outage.until) - elapsed())
            if self._means.posting.outage.is_on and self._under_way:  # one probe at a time
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                continue
            rows = self._backlog.take(self._wanted(), elapsed())
            if not rows:
                return None
            claimed_at = elapsed()
            claim = await self._ask(rows)
            if claim.grant.count:
                return Batch(claim, claimed_at)
            await self._wait(claim.grant.first_at - elapsed())
        return None

    def _wanted(self) -> int:
        return 1 if self._means.posting.outage.is_on else max(1, int(self._means.rate * GRANTED))

    async def _ask(self, rows: list[int]) -> Claim:
        means, granted = self._means, 0
        try:
            claim = await means.ledger.claim(self._work, rows, means.answers.take(int(means.rate)), means.rate)
            self.state, granted = claim.state, claim.grant.count
        finally:
            self._backlog.put_back(rows[granted:])
        return claim

    async def _wait(self, seconds: float) -> None:
        """Sleep, but never so long that a pause or a stop is seen late."""
        if seconds > 0:
            await asyncio.sleep(min(seconds, GRANTED))

    async def _send(self, batch: Batch) -> "asyncio.Task[Batch | None] | None":
        """Send the rows at their times; half-way ask for the next ones, which the task gives."""
        rows, grant = deque(batch.claim.rows.items()), batch.claim.grant
        late, following = max(LATE, grant.interval), None
        for number in range(grant.count):
            at = grant.first_at + number * grant.interval
            await asyncio.sleep(max(0.0, at - elapsed()))
            await self._room()
            if elapsed() > at + late or self._means.answers.take_one():
                continue
            if not rows or elapsed() - batch.claimed_at > CLAIM_LASTS:
                break
            self._start(*rows.popleft(), batch.claimed_at)
            if following is None and number >= grant.count // 2:
                following = asyncio.create_task(self._claim())
        try:
            await self._hand_back([row for row, _ in rows])
        except BaseException:
            if following:
                following.cancel()
            raise
        return following

    async def _room(self) -> None:
        """So that a crash repeats little: few on the wire, and fewer that are sent and not written down."""
        await self._means.acknowledgements.room(max(2, round(self._means.rate / 14)))
        if len(self._under_way) >= self._most_under_way:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    def _start(self, row: int, address: Address | None, claimed_at: float) -> None:
        task = asyncio.create_task(self._deliver(row, address, claimed_at))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, row: int, address: Address | None, claimed_at: float) -> None:
        means = self._means
        posted = await means.posting.post(self._work, address, claimed_at)
        pause = self._pause(row, posted)
        state = DeliveryState.FAILED if posted.state is DeliveryState.WAITING and pause is None else posted.state
        await means.acknowledgements.write(self._work, Result(row, state, posted.message, posted.tried))
        if state is DeliveryState.WAITING:
            self._backlog.put_off(row, elapsed() + (pause or 0.0))
            return
        means.tally.settled(state)
        if state is DeliveryState.FAILED:
            log.error("delivery.given_up campaign=%s", self._work.campaign.key)
        if state is DeliveryState.GONE and address is not None:
            await means.posting.end(address)

    def _pause(self, row: int, posted: Posted) -> float | None:
        """Seconds before the next try; None when there were enough."""
        if posted.state is not DeliveryState.WAITING or not posted.tried:
            return posted.pause
        self._means.tally.repeated += 1
        pause = self._backlog.tried(row, unsure=posted.unsure)
        return pause if pause is None else max(pause, posted.pause)

    async def _hand_back(self, rows: list[int]) -> None:
        if not rows:
            return
        results = [Result(row, DeliveryState.WAITING, tried=False) for row in rows]
        try:
            await self._means.ledger.acknowledge(self._work, results)
        finally:
            self._backlog.put_back(rows)
