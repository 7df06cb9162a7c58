"""Sees that of replicas with different dates those speak that started last: else each would undo the other's news."""

import json
import logging
from collections.abc import Collection
from dataclasses import asdict
from hashlib import blake2b
from typing import Final

from bot.factbase.base import FactBase
from bot.reminders.engine.rate import elapsed
from bot.reminders.ledger import Ledger
from bot.reminders.schedule import dated_items
from bot.reminders.told import told_of

log = logging.getLogger(__name__)

PATIENCE: Final = 600.0  # seconds without any replica of the newer content, after which the older one speaks again
DIGEST: Final = 12  # bytes


def digest_of(base: FactBase) -> str:
    """Names all that may be told of the topic's dates, and since when it is known."""
    told = {
        item.id: [[asdict(told_of(report)), base.since(report).isoformat()] for report in item.reports]
        for item in dated_items(base)
    }
    return blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=DIGEST).hexdigest()


class Content:
    """Which content counts, and whether it is that of this replica."""

    def __init__(self, ledger: Ledger, replica: str, base: FactBase) -> None:
        self._ledger = ledger
        self._replica = replica
        self._digest = digest_of(base)
        self._silent_since: float | None = None

    async def adopt(self, base: FactBase | None = None) -> None:
        """From now on this replica's content counts: it starts, or has just read another `base`."""
        self._digest = digest_of(base) if base else self._digest
        await self._ledger.adopt(self._digest, self._replica)

    async def counts(self) -> bool:
        """Whether this replica may plan and send."""
        adopted = await self._ledger.adopted()
        return adopted is not None and adopted[0] == self._digest

    async def watch(self, alive: Collection[str]) -> None:
        """Stand in for a replica of the same content that is gone; for one of another only after PATIENCE."""
        adopted = await self._ledger.adopted()
        if adopted is None or adopted[1] in alive:
            self._silent_since = None
            return
        now = elapsed()
        self._silent_since = now if self._silent_since is None else self._silent_since
        if adopted[0] == self._digest or now - self._silent_since > PATIENCE:
            if adopted[0] != self._digest:
                log.error("delivery.older_content: no replica of the newer one has lived for ten minutes")
            await self.adopt()
