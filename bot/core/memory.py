"""Hands memory that is free within the process back to the machine."""

import ctypes
from contextlib import suppress


def hand_back() -> None:
    """To be called after what took much memory for a moment: glibc would keep it. Others hand it back by themselves."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
