"""How a room tells what it is busy with, so that whoever watches the service sees where time goes."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Spans(Protocol):
    """Takes down pieces of work, one within another. Names and values are words of this program: never of a person,
    never an id, an address or a text."""

    def begin(self, name: str, **values: str) -> AbstractContextManager[None]:
        """A piece of work of this name is done within."""
        ...

    def note(self, **values: str) -> None:
        """Adds values to the innermost piece of work that is under way here."""
        ...


def spanned(
    spans: Spans, name: str, work: Callable[Given, Awaitable[Result]], **values: str
) -> Callable[Given, Awaitable[Result]]:
    """The same work, taken down each time that it is done."""

    @wraps(work)
    async def done(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with spans.begin(name, **values):
            return await work(*args, **kwargs)

    return done
