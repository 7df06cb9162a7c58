"""Other content takes the place of what is served as a whole, or not at all."""

import asyncio
import sys
import threading
from collections.abc import Callable
from functools import partial

import pytest

from bot.core.errors import SettingsError
from bot.core.findings import Finding
from bot.editorial.content import FaultyContentError
from bot.editorial.serving import Reloaded, Serving

pytestmark = pytest.mark.asyncio


def serving_of(renew: Callable[[int], int]) -> tuple[Serving[int], list[int], list[int]]:
    """Serves numbers, in two parts."""
    serving, first, second = Serving(1, renew, lambda number: number > 2), list[int](), list[int]()
    serving.follow(lambda number: partial(first.append, number))
    serving.follow(lambda number: partial(second.append, 10 // (3 - number)))
    return serving, first, second


async def test_every_part_serves_the_new_content() -> None:
    serving, first, second = serving_of(lambda number: number + 1)
    assert await serving.reload() == Reloaded()
    assert (serving.present, first, second) == (2, [2], [10])


async def test_content_with_errors_changes_nothing_and_is_told() -> None:
    def refuse(_: int) -> int:
        raise FaultyContentError([Finding("facts/a.yaml", 3, "when", "no day", "write one")])

    serving, first, _ = serving_of(refuse)
    assert await serving.reload() == Reloaded(["facts/a.yaml:3: when: no day: write one"])
    assert (serving.present, first) == (1, [])


async def test_missing_folder_is_told_in_its_one_sentence() -> None:
    def refuse(_: int) -> int:
        raise SettingsError("EXPLAINER_FACTS: there is no pack")

    assert await serving_of(refuse)[0].reload() == Reloaded(["EXPLAINER_FACTS: there is no pack"])


async def test_part_that_cannot_serve_it_keeps_all_others_from_serving_it() -> None:
    serving, first, second = serving_of(lambda number: number + 2)
    assert (await serving.reload()).problems == ["ZeroDivisionError: integer division or modulo by zero"]
    assert (serving.present, first, second) == (1, [], [])


async def test_loop_goes_on_while_new_content_is_read_and_two_readings_follow_one_another() -> None:
    begun, gate, under_way = threading.Event(), threading.Event(), list[int]()

    def renew(number: int) -> int:
        under_way.append(number)
        begun.set()
        gate.wait(30)
        return 2

    interval = sys.getswitchinterval()
    serving, first, _ = serving_of(renew)
    reloads = [asyncio.create_task(serving.reload()) for _ in range(2)]
    await asyncio.to_thread(begun.wait, 30)
    assert (under_way, first) == ([1], [])
    gate.set()
    await asyncio.gather(*reloads)
    assert (under_way, first) == ([1, 2], [2, 2])
    assert sys.getswitchinterval() == pytest.approx(interval)
