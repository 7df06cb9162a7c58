"""Tests of the text as it is compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.normalisation import MOST_READ, MOST_WORDS, cleaned, folded, sentences


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("¿CUÁNDO es la votación?", "cuando es la votacion"),
        ("What's the mayor’s 287 (g) plan?", "whats the mayors 287g plan"),
        ("w̷̢̛h̶e̵n do they voooote", "when do they vote"),
        ("\u202evote\u200b when\0now", "vote when now"),
        ("vоtе", "vote"),
        ("🙂🙂", ""),
        ("<b>vote</b>", "b vote b"),
    ],
)
def test_tricks_of_writing_do_not_count(written: str, compared: str) -> None:
    assert folded(written) == compared


def test_russian_words_are_not_taken_for_latin() -> None:
    assert cleaned("когда голосование") == "когда голосование"


def test_long_message_is_read_in_part() -> None:
    assert len(cleaned("vote " * 20_000)) <= MOST_READ
    assert len(folded("vote " * 20_000).split()) == MOST_WORDS


def test_questions_of_a_message_are_told_apart() -> None:
    assert sentences("When is the vote? And who decides.\n¿Cuánto?") == [
        "When is the vote",
        "And who decides",
        "Cuánto",
    ]


@given(st.text(max_size=300))
def test_any_text_folds_to_plain_words(text: str) -> None:
    words = folded(text).split()
    assert all(word.isascii() and word.isalnum() for word in words)
    assert folded(" ".join(words)) == " ".join(words) or any(len(set(word)) < len(word) for word in words)


@pytest.mark.parametrize("words", [100, 390, 5_000])
def test_the_end_of_a_long_message_is_heard(words: int) -> None:
    story = " ".join(f"word{number}" for number in range(words))
    told = folded(f"{story} they are knocking at my door now")
    assert told.startswith("word0 word1 word2")
    assert told.endswith("they are knocking at my door now")
    assert len(told.split()) <= MOST_WORDS


def test_the_two_ends_of_a_long_message_are_not_one_sentence() -> None:
    story = " ".join(["one"] * 100 + ["two"] * 100)
    assert not any("one" in part and "two" in part for part in sentences(cleaned(story)))
