"""Tests of the patterns that editors write."""

import pytest

from bot.understanding.patterns import PatternError, PatternIndex, compile_pattern

LISTS = {"agents": ("ice", "la migra")}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("ice ... door", "ice is at my door"),
        ("<agents> (is | esta) [right] (here | aqui)", "la migra esta aqui"),
        ("<agents> (is | esta) [right] (here | aqui)", "ice is right here"),
        ("deport*", "will i be deported"),
        ("^ help $", "help"),
        ("who (said | told me)", "who told me that"),
    ],
)
def test_pattern_finds_what_it_describes(pattern: str, message: str) -> None:
    assert PatternIndex([compile_pattern(pattern, LISTS)]).find(message.split())


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("ice ... door", "ice cream is sold next to my door"),
        ("^ help $", "help me"),
        ("deport*", "the report is out"),
        ("ice", "dice"),
        ("<agents> here", "ice"),
    ],
)
def test_pattern_passes_over_the_rest(pattern: str, message: str) -> None:
    assert PatternIndex([compile_pattern(pattern, LISTS)]).find(message.split()) is None


def test_looked_up_words_are_given_back() -> None:
    found = PatternIndex([compile_pattern("^ what did {who} say", {})]).find(["what", "did", "taylor", "swift", "say"])
    assert found is not None
    assert found[1]["who"].split() == ["taylor", "swift"]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(a | b", "is not closed"),
        ("a )", "without its beginning"),
        ("<nobody> here", "no list"),
        ("a*b", "not a word"),
        (" ", "empty"),
    ],
)
def test_unreadable_pattern_says_what_is_wrong(pattern: str, problem: str) -> None:
    with pytest.raises(PatternError, match=problem):
        compile_pattern(pattern, LISTS)


def test_earlier_pattern_wins() -> None:
    index = PatternIndex([compile_pattern("second word", {}), compile_pattern("word", {})])
    found = index.find(["a", "second", "word"])
    assert found is not None
    assert found[0].text == "second word"
