"""What one rendering may spend: steps and letters, counted and not timed, so that all machines agree on it."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sized, ValuesView
from itertools import islice
from threading import local
from typing import Any, Final

from jinja2 import TemplateRuntimeError, Undefined

MOST_STEPS: Final = 100_000  # turns of loops, calls (CALL each), parts of values: 11 times what the longest card takes
MOST_LETTERS: Final = 2_000_000  # written or looked through, put together again included: 18 times the longest card's
MOST_TURNS: Final = 1_000  # of one `range`
DEEPEST: Final = 40  # macros, blocks and templates inside one another
CALL: Final = 5
WORD: Final = 64  # bits of a number that are one step
CONTAINERS: Final = (list, tuple, set, frozenset, KeysView, ValuesView, ItemsView, Mapping)
SHOWN: Final = (str, int, float, Undefined)  # an Undefined says itself what it lacks


class OutOfFuelError(TemplateRuntimeError):
    """A template asks for more than any answer needs."""


class Meter(local):
    """What the rendering in this thread has left."""

    def __init__(self) -> None:
        self.fill()

    def fill(self) -> None:
        """Begins a rendering."""
        self._steps, self._letters, self._depth = MOST_STEPS, MOST_LETTERS, 0

    @property
    def spent(self) -> tuple[int, int]:
        """Steps and letters since it was filled."""
        return MOST_STEPS - self._steps, MOST_LETTERS - self._letters

    def step(self, number: int = 1) -> None:
        """Raises OutOfFuelError where no such number of steps is left."""
        self._steps -= number
        if self._steps < 0:
            raise OutOfFuelError(f"it takes more than {MOST_STEPS} steps")

    def write(self, letters: int) -> None:
        """Raises OutOfFuelError where no such number of letters is left."""
        self._letters -= letters
        if self._letters < 0:
            raise OutOfFuelError(f"it writes more than {MOST_LETTERS} letters")

    def enter(self) -> None:
        """Goes one deeper; `leave` comes back. Raises OutOfFuelError."""
        self._depth += 1
        self.step(CALL)
        if self._depth > DEEPEST:
            raise OutOfFuelError(f"macros and templates are nested more than {DEEPEST} deep")

    def leave(self) -> None:
        """The end of what was entered."""
        self._depth -= 1

    def weigh(self, value: Any) -> Any:
        """The value itself, paid for with all that is inside it: comparing or copying it takes as long. An iterator is
        handed on as one that pays for each part as it comes."""
        if isinstance(value, str):
            self.write(len(value))
            return value
        self.step()
        if isinstance(value, CONTAINERS):
            for part in value:
                self.weigh(part)
                if isinstance(value, Mapping):
                    self.weigh(value[part])
        elif isinstance(value, range):
            self.step(len(value))
        elif isinstance(value, int):
            self.step(value.bit_length() // WORD)
        elif isinstance(value, Iterator):
            return self._weighed(value)
        return value

    def _weighed(self, values: Iterator[Any]) -> Iterator[Any]:
        for value in values:
            yield self.weigh(value)

    def handed(self, value: Any) -> Any:
        """An argument of a function, which may go through it in any way: weighed, and never long. Raises
        OutOfFuelError."""
        weighed = self.weigh(value)
        if isinstance(weighed, Iterator):
            weighed = list(islice(weighed, MOST_TURNS + 1))
        if isinstance(weighed, CONTAINERS) and len(weighed) > MOST_TURNS:
            raise OutOfFuelError(f"a function is handed more than {MOST_TURNS} values at once")
        return weighed

    def turns(self, values: Iterable[Any]) -> Iterable[Any]:
        """What a loop goes through: paid for at once where it has a length, else one by one."""
        if isinstance(values, Sized):
            self.step(len(values))
            return values
        return self._one_by_one(values)

    def _one_by_one(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self.step()
            yield value

    def joined(self, parts: Iterable[str]) -> str:
        """The parts as one text."""
        return "".join(self._written(parts))

    def _written(self, parts: Iterable[str]) -> Iterator[str]:
        for part in parts:
            self.write(len(part))
            yield part


def shown(value: Any) -> Any:
    """What may stand in a text: words and numbers. Raises TemplateRuntimeError for anything else, which would show how
    the program is made."""
    if isinstance(value, SHOWN):
        return value
    raise TemplateRuntimeError(f"a value of the kind {type(value).__name__!r} cannot be shown")
