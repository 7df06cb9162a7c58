"""How the commands count and repeat what they were given: in the right number, on one line, never at length."""

from typing import Final

LONGEST: Final = 40  # characters of a value that are repeated


def counted(number: int, one: str, many: str = "") -> str:
    """`1 error`, `2 errors`; `many` where an s is not enough."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def shown(given: object) -> str:
    """A value as it was given, in quotation marks and on one line; its beginning where it is long."""
    written = str(given)
    return repr(written if len(written) <= LONGEST else f"{written[:LONGEST]}…")
