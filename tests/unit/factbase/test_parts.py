"""The walk through an entry: every model inside it, with the way to it in the file."""

from collections.abc import Callable

from bot.factbase.base import FactBase
from bot.factbase.models import Passage, Report, Segment
from bot.factbase.parts import parts_of
from bot.factbase.text import Text


def test_every_part_of_an_entry_is_met_once_with_its_way(base_of: Callable[..., FactBase]) -> None:
    parts = list(parts_of(base_of().decision, (0,)))
    ways = {steps: type(part) for part, steps in parts}
    assert len(ways) == len(parts)
    assert parts[0][1] == (0,)
    assert ways[(0, "reports", 2)] is Report
    assert ways[(0, "who_decides", 0)] is Passage
    assert ways[(0, "who_decides", 0, "text")] is Text


def test_segments_of_a_quotation_are_parts_and_words_of_a_text_are_not(base_of: Callable[..., FactBase]) -> None:
    said = base_of().pack.statements[0]
    assert [steps for part, steps in parts_of(said) if isinstance(part, Segment)] == [("quote", 0), ("quote", 1)]
    assert all(len(steps) < 3 for _, steps in parts_of(said))
