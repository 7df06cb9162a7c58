"""Tests of the patterns that editors write."""

import pytest

from bot.understanding.patterns import MOST_WAYS_OF_ALL, PatternError, PatternIndex, Together, compile_pattern

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


@pytest.mark.parametrize(
    "pattern",
    [
        "... " * 400,
        "[a] " * 200 + "b",
        "(a|a*) " * 200 + "b",
        "(a|a b|b|b a) " * 100,
        "{who} {who} zz",
        "<many> " * 200,
    ],
)
def test_a_pattern_that_would_be_tried_without_end_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern, {"many": ["a " * length for length in range(1, 30)]})


def test_alternatives_that_begin_otherwise_are_no_further_ways() -> None:
    words = "|".join(f"word{number}x" for number in range(100))
    assert compile_pattern(f"({words}) ({words}) end", {}).ways == 1
    assert compile_pattern("(go* | going home) [now] ... end", {}).ways == 2 * 2 * 5


def test_patterns_are_too_many_together_before_they_hold_up_an_answer() -> None:
    pattern, together = compile_pattern("... ... ... ... ... end", {}), Together()
    for _ in range(MOST_WAYS_OF_ALL // pattern.ways):
        together.add(pattern)
    with pytest.raises(PatternError, match="with those before it"):
        together.add(pattern)
