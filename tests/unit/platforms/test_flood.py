"""Flood control: a crowd passes, one without end gets a word and then silence, nothing grows."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms import flood
from bot.platforms.flood import KEPT, SILENCE, SWEPT, FloodControl, Verdict


def test_burst_is_taken_then_one_word_and_silence() -> None:
    control = FloodControl(burst=3, every=2.0)
    verdicts = [control.judge("ana", 100.0) for _ in range(6)]
    assert verdicts == [Verdict.TAKE] * 3 + [Verdict.WARN, Verdict.DROP, Verdict.DROP]


def test_silence_ends_and_a_burst_is_taken_again() -> None:
    control = FloodControl(burst=3, every=2.0)
    for _ in range(5):
        control.judge("ana", 100.0)
    assert control.judge("ana", 100.0 + SILENCE - 0.1) is Verdict.DROP
    after = 100.0 + SILENCE
    assert [control.judge("ana", after) for _ in range(4)] == [Verdict.TAKE] * 3 + [Verdict.WARN]


def test_one_who_asks_at_a_calm_pace_is_always_taken() -> None:
    control = FloodControl(burst=3, every=2.0)
    assert {control.judge("ana", 100.0 + 2.0 * n) for n in range(200)} == {Verdict.TAKE}


def test_others_are_taken_while_one_is_silenced() -> None:
    control = FloodControl(burst=3, every=2.0)
    for _ in range(50):
        control.judge("ana", 100.0)
    assert control.judge("ben", 100.0) is Verdict.TAKE


def test_those_who_went_are_forgotten() -> None:
    control = FloodControl(burst=3, every=2.0)
    for number in range(5_000):
        control.judge(number, 100.0 + number)
    assert len(control._accounts) <= SWEPT + 3


def test_one_who_is_silenced_is_not_forgotten_before() -> None:
    control = FloodControl(burst=1, every=2.0)
    for _ in range(2):
        control.judge("ana", 100.0)
    control.forget(100.0 + SILENCE - 0.1)
    assert control.judge("ana", 100.0 + SILENCE - 0.1) is Verdict.DROP
    control.forget(100.0 + SILENCE)
    assert not control._accounts


def test_no_more_are_kept_than_there_is_room_for() -> None:
    control = FloodControl(burst=3, every=2.0)
    for number in range(KEPT + 500):
        control.judge(number, 100.0)
    assert len(control._accounts) == KEPT


@pytest.mark.asyncio
async def test_those_who_went_are_forgotten_though_nobody_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "SWEPT", 0.05)
    control = FloodControl(burst=3, every=0.1)
    now = 1000.0  # of another clock than the loop's
    for _ in range(2):
        control.judge("ana", now)
    async with asyncio.timeout(20):
        while control._accounts:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    control.judge("ben", now + 100)
    assert list(control._accounts) == ["ben"]


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_no_more_is_taken_than_the_burst_and_the_pace(pauses: list[float]) -> None:
    control, now, taken = FloodControl(burst=4, every=2.0), 100.0, 0
    for pause in pauses:
        now += pause
        taken += control.judge("ana", now) is Verdict.TAKE
    silences = (now - 100.0) // SILENCE + 1  # each of which makes up for a burst
    assert taken <= 4 * (1 + silences) + (now - 100.0) / 2.0 + 1


@given(st.lists(st.floats(0, 5), min_size=1, max_size=100))
def test_wait_is_how_long_it_takes_until_one_more_is_taken(pauses: list[float]) -> None:
    control, now = FloodControl(burst=2, every=2.0, silence=0), 100.0
    for pause in pauses:
        now += pause
        wait = control.wait("ana", now)
        assert wait <= 2.0 + 1e-9  # of a clock of some hundred seconds, in floats
        if wait > 1e-6:
            assert control.judge("ana", now + wait - 1e-6) is Verdict.WARN
        now += wait
        assert control.judge("ana", now + 1e-6) is Verdict.TAKE


def test_wait_of_one_who_is_silenced_is_the_rest_of_the_silence() -> None:
    control = FloodControl(burst=1, every=2.0)
    assert control.wait("ana", 100.0) == 0.0
    control.judge("ana", 100.0)
    control.judge("ana", 100.0)
    assert control.wait("ana", 110.0) == SILENCE - 10.0
