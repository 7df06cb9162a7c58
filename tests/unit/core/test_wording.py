"""Numbers with their nouns, and values as they were given."""

import pytest

from bot.core.wording import LONGEST, counted, shown


@pytest.mark.parametrize(("number", "said"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors"), (21, "21 errors")])
def test_one_of_a_kind_is_singular(number: int, said: str) -> None:
    assert counted(number, "error") == said


def test_plural_may_be_given() -> None:
    assert [counted(number, "process", "processes") for number in (1, 3)] == ["1 process", "3 processes"]


def test_value_is_shown_on_one_line_and_not_at_length() -> None:
    assert shown("many") == "'many'"
    assert shown("two\nlines") == "'two\\nlines'"
    assert shown("x" * 500) == f"'{'x' * LONGEST}…'"
