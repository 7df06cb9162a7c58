"""Whether the service is well: each thing is looked at when somebody asks, one look at a time, within a limit."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Final

from bot.core.errors import ServiceError

log = logging.getLogger(__name__)

FINE: Final = "ok"
PATIENCE: Final = 3.0  # seconds for a look; deploy/health.py and the balancers wait for four or five
FRESH: Final = 2.0  # seconds that what was seen is told again without another look

Look = Callable[[], Awaitable[str]]


class Check:
    """One thing to look at; `look` gives `ok`, `ok: …` or what is wrong, or raises.

    A look that takes longer than `patience` goes on, and no second one begins beside it: what hangs is asked once.
    """

    def __init__(self, name: str, look: Look, patience: float = PATIENCE, fresh: float = FRESH) -> None:
        self._name = name
        self._look = look
        self._patience = patience
        self._fresh = fresh
        self._looking: asyncio.Task[str] | None = None
        self._seen = FINE
        self._seen_at = -float("inf")
        self.seconds: float | None = None  # that the last look took which came to an end

    async def state(self) -> str:
        """`ok`, `ok: …` or what is wrong, as of at most `fresh` seconds ago; after `patience` at the latest."""
        if self._looking is None and monotonic() - self._seen_at >= self._fresh:
            self._looking = asyncio.create_task(self._see())
        if self._looking is None:
            return self._seen
        done, _ = await asyncio.wait({self._looking}, timeout=self._patience)
        return self._seen if done else f"does not answer within {self._patience:g} seconds"

    async def stop(self) -> None:
        """Ends a look that is under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _see(self) -> str:
        begun, before = monotonic(), self._seen
        try:
            self._seen = await self._look()
        except ServiceError as error:
            self._seen = str(error)
        except Exception as error:  # a check that fails is an answer, not an accident
            self._seen = f"the check failed: {type(error).__name__}"
        finally:
            self._looking = None
        self._seen_at = monotonic()
        self.seconds = self._seen_at - begun
        if before.startswith(FINE) != self._seen.startswith(FINE):
            log.warning("readiness.changed check=%s: %s", self._name, self._seen)
        return self._seen


class Checks:
    """All checks by name, looked at side by side: together they take no longer than the slowest of them may.

    Call `stop` at the end.
    """

    def __init__(self, looks: Mapping[str, Look], patience: float = PATIENCE) -> None:
        self._checks = {name: Check(name, look, patience) for name, look in looks.items()}

    async def states(self) -> dict[str, str]:
        """Each check by name with its state."""
        states = await asyncio.gather(*(check.state() for check in self._checks.values()))
        return dict(zip(self._checks, states, strict=True))

    def seconds(self, name: str) -> float | None:
        """How long the last look of one check took; None before the first has ended."""
        return self._checks[name].seconds

    async def stop(self) -> None:
        """Ends what is under way."""
        await asyncio.gather(*(check.stop() for check in self._checks.values()))
