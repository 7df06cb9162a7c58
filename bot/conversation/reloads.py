"""Counts what came of reading the content anew, and remembers whether the newest content was refused."""

from collections.abc import Awaitable, Callable, Mapping

from bot.conversation.desk import Reloaded


class Reloads:
    """Reads the content anew as `reload` does."""

    def __init__(self, reload: Callable[[], Awaitable[Reloaded]]) -> None:
        self._reload = reload
        self._served = 0
        self._refused = 0
        self.is_refused = False  # whether the newest content that was read is not served

    async def __call__(self) -> Reloaded:
        """What became of it."""
        outcome = await self._reload()
        self.is_refused = bool(outcome.problems)
        if self.is_refused:
            self._refused += 1
        else:
            self._served += 1
        return outcome

    @property
    def counts(self) -> Mapping[str, int]:
        """How often the content was `served` and `refused`."""
        return {"served": self._served, "refused": self._refused}

    @property
    def state(self) -> str:
        """`ok`, or `ok: …` where newer content was refused."""
        return "ok: as before, the newer content has errors: see the log, or run its check" if self.is_refused else "ok"
