"""The first place where quoted words and an article's part."""

import pytest

from bot.factbase.parting import parting

LONG = "We looked at the bridge on Monday, and we looked at it again on Friday, and it had not changed"


@pytest.mark.parametrize(
    ("quoted", "passage", "told"),
    [
        ("No coment.", '"No comment."', "after “No” the quotation has “coment.”, the article “comment."),
        ("no comment.", "No comment.", "at the beginning the quotation has “no comment.”, the article “No comment.”"),
        (
            "The bridge was old",
            "The bridge is old",
            "after “The bridge” the quotation has “was old”, the article “is old”",
        ),
        ("The old bridge", "The bridge", "after “The” the quotation has “old bridge”, the article “bridge”"),
        ("The bridge is", "The bridge", "after “The” the quotation has “bridge is”, the article “bridge”"),
        ("he bridge", "The bridge", "at the beginning the quotation has “he bridge”, the article “The bridge”"),
        ("The bridge is ol", "The bridge is old,", "after “The bridge is” the quotation has “ol”, the article “old,”"),
        (
            LONG,
            LONG.replace("Friday", "Sunday"),
            "after “…it again on” the quotation has “Friday, and it had …”, the art",
        ),
    ],
)
def test_first_difference_is_told_with_a_few_words_of_each(quoted: str, passage: str, told: str) -> None:
    assert told in parting(quoted, passage)


def test_later_differences_are_not_told() -> None:
    told = parting(LONG.replace("Monday", "Tuesday").replace("Friday", "Sunday"), LONG)
    assert "“Tuesday, and we looked …”" in told
    assert "Sunday" not in told


@pytest.mark.parametrize("passage", ["The bridge is old", '"The bridge is old,"', "said: The bridge is old"])
def test_words_around_the_quotation_are_no_difference(passage: str) -> None:
    assert parting("The bridge is old", passage) == ""
