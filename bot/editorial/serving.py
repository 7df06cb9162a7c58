"""What is served now, and how other content takes its place: as a whole, or not at all."""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Generic, TypeVar

from bot.core.errors import ExplainerError
from bot.core.findings import Finding
from bot.core.memory import hand_back
from bot.editorial.content import FaultyContentError

log = logging.getLogger(__name__)

Edition = TypeVar("Edition")
LOGGED: Final = 20  # findings of a refused content
SWITCHED: Final = 0.0005  # seconds
IN_HAND: Final = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What became of a reload: why nothing has changed, line by line, and nothing where the new content is served;
    `is_learning` says that its questions are not learnt yet."""

    problems: Sequence[str] = ()
    is_learning: bool = False


class Serving(Generic[Edition]):
    """Serves `present`; `renew` makes the next from it, in a thread while the present one is served. It raises
    ExplainerError where there is none to be had. `is_learning` asks an edition whether it still learns."""

    def __init__(
        self, present: Edition, renew: Callable[[Edition], Edition], is_learning: Callable[[Edition], bool]
    ) -> None:
        self.present = present
        self._renew = renew
        self._is_learning = is_learning
        self._parts: list[Callable[[Edition], Callable[[], None]]] = []
        self._alone = asyncio.Lock()
        self._tidying: asyncio.Task[None] | None = None

    def follow(self, prepare: Callable[[Edition], Callable[[], None]]) -> None:
        """From now on every edition is served by this part, too: `prepare` makes of it whatever may fail, and gives the
        step that puts it in the place of the one before."""
        self._parts.append(prepare)

    async def reload(self) -> Reloaded:
        """Reads everything anew and serves it, in one step of the event loop; where it cannot be served, all stays as
        it was. Never raises. One after the other."""
        async with self._alone:
            try:
                with _in_small_steps():
                    renewed = await asyncio.to_thread(self._renew, self.present)
                steps = [prepare(renewed) for prepare in self._parts]
            except FaultyContentError as error:
                return self._refused([str(_shown(finding)) for finding in error.findings])
            except ExplainerError as error:
                return self._refused([str(error)])
            except Exception as error:  # whatever it is, what is served now has to go on
                log.error("content.reload_failed error=%s", type(error).__name__, exc_info=error)
                return Reloaded([f"{type(error).__name__}: {error}"])
            for step in steps:
                step()
            self.present = renewed
            is_learning = self._is_learning(renewed)
            log.info("content.reloaded learning=%s", is_learning)
            self._tidying = asyncio.create_task(_tidy())
            return Reloaded(is_learning=is_learning)

    @staticmethod
    def _refused(problems: Sequence[str]) -> Reloaded:
        for problem in problems[:LOGGED]:
            log.error("content.refused: %s", problem)
        return Reloaded(problems)


def _shown(finding: Finding) -> Finding:
    """With its file as a person in this folder would write it."""
    file, here = Path(finding.file), Path.cwd()
    return replace(finding, file=str(file.relative_to(here))) if file.is_relative_to(here) else finding


@contextmanager
def _in_small_steps() -> Iterator[None]:
    """Lets a busy thread hold up the others for at most SWITCHED at a time, a tenth of Python's own measure."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCHED)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


async def _tidy() -> None:
    """Gives back the memory of what was served before, once answers in hand have ended with it."""
    await asyncio.sleep(IN_HAND)
    await asyncio.to_thread(gc.collect)
    hand_back()
