"""Tries a test on very many inputs in rounds, and says how much memory that took."""

import resource
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

Value = TypeVar("Value")
ROUND = 1_000  # inputs: the library keeps all of a round, some 20 MB a thousand, which would hide what leaks here
QUIET = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


def tried(values: SearchStrategy[Value], test: Callable[[Value], None], examples: int) -> None:
    """Fails as `test` does, with the smallest of `values` that was found for it."""

    def try_one(value: Value) -> None:
        test(value)

    for done in range(0, examples, ROUND):
        settings(QUIET, max_examples=min(ROUND, examples - done))(given(values)(try_one))()


def peak() -> float:
    """The most megabytes that this process has taken."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
