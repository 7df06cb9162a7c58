"""How much memory this process takes; and hands back to the machine what is free within it."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path


def hand_back() -> None:
    """To be called after what took much memory for a moment: glibc would keep it. Others hand it back by themselves."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def resident() -> int | None:
    """Bytes of this process that are in memory now; None where the machine does not tell (only Linux does, proc(5))."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
