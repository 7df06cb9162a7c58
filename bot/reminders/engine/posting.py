"""Sends one message of a chunk, and says what became of it in the ledger's words."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.core.clock import Clock
from bot.core.errors import ExplainerError, ServiceError
from bot.reminders.courier import (
    ChatGoneError,
    ChatMovedError,
    Courier,
    RefusedError,
    SendError,
    ThrottledError,
    UnsureError,
)
from bot.reminders.engine.chat_limits import ChatLimits
from bot.reminders.engine.night import Night
from bot.reminders.engine.outage import Outage
from bot.reminders.engine.rate import elapsed
from bot.reminders.engine.wording import Wording
from bot.reminders.ledger import Address, DeliveryState, Ledger, Recipients, Work
from bot.reminders.notice import Notice

log = logging.getLogger(__name__)

CLAIM_LASTS: Final = 1.5  # seconds; less than any other replica waits before it takes a silent one's work over


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one message: settled in `state` or, with WAITING, not before `pause` seconds; that counts as an
    attempt where `tried`. `unsure`: it may have arrived all the same."""

    state: DeliveryState
    message: int | None = None
    pause: float = 0.0
    tried: bool = False
    unsure: bool = False


class Posting:
    """What all chunks of a replica share when they send."""

    def __init__(
        self,
        ledger: Ledger,
        recipients: Recipients,
        couriers: Mapping[str, Courier],
        wording: Wording,
        clock: Clock,
        night: Night,
    ) -> None:
        self._ledger = ledger
        self._recipients = recipients
        self._couriers = couriers
        self._wording = wording
        self._clock = clock
        self.night = night
        self._chats = ChatLimits()
        self.outage = Outage()
        self.closed_until = 0.0  # by a throttle, for this replica at once

    async def post(self, work: Work, address: Address | None, claimed_at: float) -> Posted:
        """Send to one chat what it is to know now. Raises nothing but CancelledError."""
        if address is None:
            log.error("delivery.unreadable_address campaign=%s: EXPLAINER_SECRET_KEY lacks its key", work.campaign.key)
            return Posted(DeliveryState.FAILED)
        try:
            return await self._post(work, address, claimed_at)
        except SendError as error:
            return await self._after(error, work, address)
        except ServiceError as error:
            log.error("delivery.not_possible campaign=%s: %s", work.campaign.key, error)
            self.outage.failed(elapsed())
            return Posted(DeliveryState.WAITING, pause=5.0)
        except ExplainerError as error:  # content that cannot be rendered: the other messages may be sound
            log.error("delivery.not_rendered campaign=%s: %s", work.campaign.key, error)
            return Posted(DeliveryState.WAITING, pause=5.0, tried=True)
        except Exception as error:  # whatever one message raises must not stop the others
            log.error("delivery.failed campaign=%s error=%s", work.campaign.key, type(error).__name__, exc_info=error)
            return Posted(DeliveryState.WAITING, pause=5.0, tried=True)

    async def _post(self, work: Work, address: Address, claimed_at: float) -> Posted:
        told, courier = self._told(work, address), self._couriers.get(address.channel)
        prepared = (
            self._wording.prepared(told, address.subscription.lang, address.channel) if told and courier else None
        )
        if courier is None or prepared is None:
            return Posted(DeliveryState.SKIPPED)
        now = elapsed()
        if now - claimed_at > CLAIM_LASTS or now < max(self.closed_until, self.outage.until):
            return Posted(DeliveryState.WAITING)
        if wait := self._chats.wait(f"{address.channel}:{address.chat}", now):
            return Posted(DeliveryState.WAITING, pause=wait)
        silent = work.campaign.silent or self.night.is_on
        message = await courier.send(address.chat, address.subscription.thread, prepared, silent)
        self.outage.succeeded()
        return Posted(DeliveryState.SENT, message, tried=True)

    def _told(self, work: Work, address: Address) -> tuple[Notice, ...]:
        subscription, now = address.subscription, self._clock.now()
        ended = work.ended_at is not None and subscription.since < work.ended_at
        told = work.campaign.notices_for(subscription, ended=ended)
        return tuple(notice for notice in told if now < notice.useful_until)

    async def _after(self, error: SendError, work: Work, address: Address) -> Posted:
        match error:
            case ChatGoneError():
                self.outage.succeeded()
                return Posted(DeliveryState.GONE)
            case ChatMovedError(to=to):
                self.outage.succeeded()
                await self._move(address, to)
                return Posted(DeliveryState.WAITING, tried=True)
            case ThrottledError(seconds=seconds):
                self.outage.succeeded()
                await self._throttle(seconds)
                return Posted(DeliveryState.WAITING, pause=seconds)
            case RefusedError():
                log.error("delivery.refused campaign=%s: %s", work.campaign.key, error)
                return Posted(DeliveryState.FAILED, tried=True)
            case UnsureError():  # counts in an outage too: each further try may be one more copy
                self.outage.failed(elapsed())
                return Posted(DeliveryState.WAITING, tried=True, unsure=True)
            case _:
                self.outage.failed(elapsed())
                return Posted(DeliveryState.WAITING, tried=not self.outage.is_on)

    async def end(self, address: Address) -> None:
        """The chat is no more: so is its subscription."""
        try:
            await self._recipients.remove(address.channel, address.chat)
        except ServiceError as error:  # the next campaign finds out again
            log.warning("delivery.subscription_not_ended: %s", error)

    async def _move(self, address: Address, to: str) -> None:
        try:
            await self._recipients.move(address.channel, address.chat, to)
        except ServiceError as error:
            log.warning("delivery.subscription_not_moved: %s", error)

    async def _throttle(self, seconds: float) -> None:
        self.closed_until = max(self.closed_until, elapsed() + seconds)
        try:
            await self._ledger.throttle(seconds)
        except ServiceError as error:
            log.warning("delivery.throttle_not_shared: %s", error)
