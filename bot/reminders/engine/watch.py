"""Sees which replicas live, by their signs of life alone: no clock of another machine is believed."""

from collections.abc import Mapping
from typing import Final

LATE: Final = 3.0  # seconds without a sign of life after which a replica counts as dead
GAP: Final = 1.8  # seconds between two looks that are still one watch; after more, this process was held up itself


class Watch:
    """What replica `name` saw of the others; instants are of `rate.elapsed`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: dict[str, tuple[int, float]] = {}
        self._looked_at = 0.0

    def late(self, heartbeats: Mapping[str, int], now: float) -> list[str]:
        """The others that gave no sign of life for LATE seconds, in which this one looked without a GAP."""
        held_up, self._looked_at = now - self._looked_at > GAP, now
        seen = {}
        for name, number in heartbeats.items():
            before = self._seen.get(name)
            seen[name] = before if before and before[0] == number and not held_up else (number, now)
        self._seen = seen
        return [name for name, (_, since) in seen.items() if name != self._name and now - since >= LATE]
