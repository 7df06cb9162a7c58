"""What was called and how it was answered, and what goes wrong because a test has ordered it."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tests.double.http import Fault


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made and answered; `fault` where the answer had been ordered by the test.

    One that came in the response to a webhook is answered to nobody: the bot never hears of its `status`.
    """

    method: str
    parameters: dict[str, Any]
    status: int
    description: str = ""
    fault: str = ""
    at: float = field(default_factory=monotonic)  # monotonic seconds
    via_webhook: bool = False


class Record:
    """The calls so far, and the faults that are to come."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)

    def called(self, method: str) -> list[Call]:
        """All calls of a method so far, in order."""
        return [call for call in self.calls if call.method == method]

    @property
    def refused(self) -> list[Call]:
        """The calls that break the Bot API's rules."""
        return [call for call in self.calls if call.status in (400, 401, 404, 413) and not call.fault]

    def fail(
        self, method: str, status: int = 502, *, times: int = 1, retry_after: float = 0.0, carried_out: bool = False
    ) -> None:
        """The next calls of a method are answered with this status; 429 with `retry_after` in seconds."""
        self._faults[method] += [Fault("answer", status, retry_after, carried_out)] * times

    def hang(self, method: str, seconds: float = 60.0, *, times: int = 1, carried_out: bool = False) -> None:
        """The next calls of a method get no answer for so long."""
        self._faults[method] += [Fault("hang", 0, seconds, carried_out)] * times

    def drop(self, method: str, *, times: int = 1, carried_out: bool = False) -> None:
        """The connection of the next calls of a method is lost."""
        self._faults[method] += [Fault("drop", carried_out=carried_out)] * times

    def next_fault(self, method: str) -> Fault | None:
        """The fault that the next call of a method meets."""
        return self._faults[method].popleft() if self._faults[method] else None
