"""The double's flood control: what is let through in a second and a minute, and when the next fits."""

from collections.abc import Callable

import pytest

from tests.double.limits import FloodControl, Limits
from tests.double.table import RefusedError


def _control(limits: Limits) -> tuple[FloodControl, Callable[[float], None]]:
    """A flood control on a clock that the test sets."""
    times = [0.0]

    def set_clock(seconds: float) -> None:
        times[0] = seconds

    return FloodControl(limits, lambda: times[0]), set_clock


def _refused(control: FloodControl, chat: int) -> int:
    with pytest.raises(RefusedError, match="Too Many Requests") as caught:
        control.admit(chat)
    assert caught.value.status == 429
    assert caught.value.parameters
    return caught.value.parameters["retry_after"]


def test_chat_takes_one_message_a_second_and_others_are_not_touched() -> None:
    control, set_clock = _control(Limits())
    control.admit(1)
    control.admit(2)
    set_clock(0.9)
    assert _refused(control, 1) == 1
    set_clock(1.0)
    control.admit(1)
    assert control.refused == 1


def test_all_chats_together_take_thirty_in_any_second() -> None:
    control, set_clock = _control(Limits())
    for chat in range(1, 31):
        set_clock(chat / 100)
        control.admit(chat)
    assert _refused(control, 99) == 1
    set_clock(1.02)
    control.admit(99)


def test_group_takes_twenty_in_any_minute() -> None:
    control, set_clock = _control(Limits())
    for second in range(20):
        set_clock(second)
        control.admit(-5)
    set_clock(20)
    assert _refused(control, -5) == 40
    set_clock(60)
    control.admit(-5)
