"""What this replica counts of its deliveries, for whoever watches it."""

from collections import Counter
from collections.abc import Mapping

from bot.reminders.courier import Courier
from bot.reminders.ledger import DeliveryState


class Tally:
    """Counts since the start, by what became of messages."""

    def __init__(self) -> None:
        self._settled: Counter[DeliveryState] = Counter()
        self.throttled = 0
        self.repeated = 0

    def settled(self, state: DeliveryState) -> None:
        self._settled[state] += 1

    def counts(self) -> dict[str, int]:
        """`sent`, `gone`, `skipped`, `failed`, `throttled` (429s), `repeated` (attempts that failed)."""
        states = (DeliveryState.SENT, DeliveryState.GONE, DeliveryState.SKIPPED, DeliveryState.FAILED)
        counts = {state.name.lower(): self._settled[state] for state in states}
        return counts | {"throttled": self.throttled, "repeated": self.repeated}


class Answers:
    """The messages that answers used, which come out of the same rate."""

    def __init__(self, couriers: Mapping[str, Courier]) -> None:
        self._couriers = couriers
        self._counted = self._sent()

    def take(self, most: int) -> int:
        """How many went out since they were last taken, at most `most`; the rest is forgotten."""
        sent = self._sent()
        count, self._counted = sent - self._counted, sent
        return min(most, count)

    def take_one(self) -> bool:
        """Whether one went out since they were last taken; takes only that one."""
        if self._sent() <= self._counted:
            return False
        self._counted += 1
        return True

    def _sent(self) -> int:
        return sum(courier.answers_sent() for courier in self._couriers.values())
