"""Texts of the pack: what may stand in one, and what every language falls back to."""

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.factbase.text import LONGEST_LINE, Label, Line, Text

LINE = TypeAdapter[str](Line)


def problem_of(line: str) -> tuple[str, str]:
    """The message and the remedy that a wrong line is refused with."""
    with pytest.raises(ValidationError) as caught:
        LINE.validate_python(line)
    error = caught.value.errors()[0]
    return error["msg"], error["ctx"]["remedy"]


@pytest.mark.parametrize(
    "line",
    ["<b>no</b>", "a <br/> b", "<!-- x -->", "Tom &amp; Ann", "&#60;", "{{ topic }}", "{% if %}", "{# note #}", "</p>"],
)
def test_markup_is_refused(line: str) -> None:
    message, remedy = problem_of(line)
    assert message.startswith("markup in a text")
    assert "plain words" in remedy


@pytest.mark.parametrize(
    "line", ["AT&T and 3 < 4 > 2", "50% {of} them", "a; b & c", "¿Qué? “No.” — ‘sí’", "$25 million"]
)
def test_plain_words_with_odd_signs_are_fine(line: str) -> None:
    assert LINE.validate_python(line) == line


@pytest.mark.parametrize(
    "char", ["\x00", "\x07", "\t", "\n", "\u200b", "\u202e", "\ufeff", "\u2028", "\ue000", "\u00ad"]
)
def test_control_and_invisible_characters_are_refused_by_number(char: str) -> None:
    message, remedy = problem_of(f"a{char}b")
    assert f"U+{ord(char):04X}" in message
    assert remedy == "remove it"


def test_an_over_long_line_is_refused_with_both_numbers() -> None:
    assert LINE.validate_python("x" * LONGEST_LINE)
    message, _ = problem_of("x" * (LONGEST_LINE + 1))
    assert str(LONGEST_LINE) in message
    assert str(LONGEST_LINE + 1) in message


@pytest.mark.parametrize("line", ["", "   ", "\u00a0"])
def test_an_empty_line_is_refused(line: str) -> None:
    assert problem_of(line)[0] == "the text is empty"


@pytest.mark.parametrize("model", [Label, Text])
def test_english_has_to_be_there(model: type[Label] | type[Text]) -> None:
    with pytest.raises(ValidationError, match="the English text is missing"):
        model.model_validate({"es": "hola"})


def test_a_missing_language_falls_back_to_english() -> None:
    assert Label.model_validate({"en": "hello"}).get("es") == "hello"
    assert Text.model_validate({"en": ["One.", "Two."], "es": "Uno."}).get("fr") == ("One.", "Two.")


def test_one_sentence_may_stand_without_a_list() -> None:
    assert Text.model_validate({"en": "One."}).get("en") == ("One.",)


@pytest.mark.parametrize("code", ["EN", "english", "e", "en-US", "", "1"])
def test_a_wrong_language_code_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="is not a language code"):
        Label.model_validate({"en": "hello", code: "x"})
