"""What whoever watches the service is told of its traffic with Telegram: figures by the names of their metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from bot.core.clock import SystemClock
from bot.platforms.telegram.application import Built
from bot.platforms.telegram.traffic import Counts, UpdateCounts, together
from bot.platforms.telegram.updates import Updates
from bot.platforms.telegram.webhook import Webhook


@dataclass(frozen=True, slots=True)
class TelegramWatch:
    """Looks at the parts of one platform; `webhook` is None where it polls."""

    built: Built
    updates: Updates
    webhook: Webhook | None
    received: UpdateCounts

    def figures(self) -> dict[str, Counts]:
        """By metric, its samples by the values of their labels. What is not known is left out."""
        counts = (self.built.connections.calls.counts, self.built.polling.connections.calls.counts)
        known: Mapping[str, float | None] = {
            "explainer_telegram_contact_timestamp_seconds": self._contact(),
            "explainer_telegram_waiting_updates": self.updates.waiting,
            "explainer_telegram_post_failed_timestamp_seconds": self.updates.failed_on,
        }
        posts = self.webhook.posts.items() if self.webhook else ()
        figures: dict[str, Counts] = {
            "explainer_updates": self.received.counts,
            "explainer_updates_failed": {(): self.received.failed},
            "explainer_telegram_calls": together(*counts),
            "explainer_webhook_posts": {(str(status),): count for status, count in posts},
        }
        return figures | {name: {(): value} for name, value in known.items() if value is not None}

    def _contact(self) -> float | None:
        """When Telegram last answered or posted, in seconds since 1970 of the machine's own clock."""
        seen = (self.updates.seen_at, self.webhook.taken_at if self.webhook else None)
        latest = max((instant for instant in seen if instant is not None), default=None)
        return None if latest is None else SystemClock().now().timestamp() - (monotonic() - latest)
