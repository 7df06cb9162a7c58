"""Lets an earlier interpreter go on until the one of a new content has learnt."""

from collections.abc import Callable
from typing import Final, Protocol

from bot.core.messages import Turn
from bot.core.ports import Understanding

UNTAUGHT: Final = "examples"
SUCCEEDING: Final = "earlier"


class Learner(Protocol):
    """An interpreter with a `status`, which is `examples` until it has learnt."""

    def understand(self, text: str, context: Turn | None = None) -> Understanding: ...

    def status(self) -> str: ...


class Succession:
    """Understands as `earlier` did until `later` has learnt; what `knows` says that the new content has not, `later`
    makes of it what it can."""

    def __init__(self, earlier: Learner, later: Learner, knows: Callable[[Turn], bool]) -> None:
        # of one that still succeeds another, only what it gives until then counts
        self._earlier: Learner | None = earlier if earlier.status() != UNTAUGHT else None
        self._later = later
        self._knows = knows

    def understand(self, text: str, context: Turn | None = None) -> Understanding:
        """See `bot.core.ports.Interpreter`."""
        earlier = self._serving()
        if earlier is not None:
            understood = earlier.understand(text, context)
            if all(self._knows(turn) for turn in (understood.turn, *understood.candidates)):
                return understood
        return self._later.understand(text, context)

    def status(self) -> str:
        """That of the new one, and `earlier` while the earlier one stands in for it."""
        return self._later.status() if self._serving() is None else SUCCEEDING

    def _serving(self) -> Learner | None:
        """The earlier one, while it is needed; then its memory is given up."""
        if self._later.status() != UNTAUGHT:
            self._earlier = None
        return self._earlier
