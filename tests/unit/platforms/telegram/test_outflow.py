"""The rate of a bot's messages: those above it wait in their order, and over no time is there more."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.telegram.outflow import Outflow


@pytest.mark.asyncio
async def test_messages_above_the_rate_wait_in_their_order() -> None:
    now = 100.0
    outflow = Outflow(20, lambda: now)
    assert [outflow.try_take() for _ in range(25)] == [True] * 20 + [False] * 5
    went: list[int] = []

    async def send(number: int) -> None:
        await outflow.take()
        went.append(number)

    await asyncio.gather(*(send(number) for number in range(5)))
    assert went == [0, 1, 2, 3, 4]
    assert not outflow.try_take()
    now += 10.0
    assert outflow.try_take()


@given(rate=st.floats(0.5, 1000), pauses=st.lists(st.floats(0, 1), max_size=100))
def test_rate_is_kept_over_any_time(rate: float, pauses: list[float]) -> None:
    now, taken = 100.0, 0
    outflow = Outflow(rate, lambda: now)
    for pause in pauses:
        now += pause
        taken += outflow.try_take()
    assert taken <= rate * (now - 100.0) + max(rate, 1) + 1
