"""Lines of the pictures: they fit their room, and lose no word."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from bot.core.errors import ContentError
from bot.phrasebook.lettering import Lettering, Weight, plain

FONTS = Path(__file__).resolve().parents[3] / "responses" / "cards" / "fonts"
LETTERS = Lettering({path.name: path.read_bytes() for path in FONTS.glob("*.ttf")}, "fonts")
SPANISH = "ÁÉÍÓÚÜÑáéíóúüñ¿¡“”‘’«»—–…0123456789$%()º"


@settings(deadline=None)
@given(st.text(alphabet="abc ñÁ.,W", max_size=80), st.integers(120, 900), st.sampled_from(["regular", "bold"]))
def test_every_line_fits_and_no_letter_is_lost(text: str, room: int, weight: Weight) -> None:
    lines = LETTERS.wrap(text, 42, room, weight)
    assert all(LETTERS.width(line, 42, weight) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


def test_lines_break_between_words_where_they_can() -> None:
    text = "The committees voted unanimously to postpone the question indefinitely."
    lines = LETTERS.wrap(text, 42, 500)
    assert len(lines) > 2
    assert " ".join(lines) == text


def test_a_longer_word_than_the_line_is_broken_inside() -> None:
    lines = LETTERS.wrap("a " + "m" * 40, 42, 300)
    assert lines[0] == "a"
    assert "".join(lines[1:]) == "m" * 40


def test_no_words_are_one_empty_line() -> None:
    assert LETTERS.wrap("", 42, 300) == [""]


def test_bold_letters_are_wider_and_size_is_in_proportion() -> None:
    text = "Thursday, November 6"
    assert LETTERS.width(text, 40, "bold") > LETTERS.width(text, 40)
    assert LETTERS.width(text, 80) == pytest.approx(2 * LETTERS.width(text, 40))


def test_pairs_of_letters_are_drawn_as_close_as_the_renderer_does() -> None:
    assert LETTERS.width("AV", 100) < LETTERS.width("A", 100) + LETTERS.width("V", 100)


def test_rendered_words_lose_their_tags_and_entities_and_blocks_stay_apart() -> None:
    assert plain(Markup("<p><b>A &amp; B</b>.</p><p>C<i>d</i></p>")) == "A & B. Cd"
    assert plain("a <b>\n c") == "a <b> c"


def test_the_fonts_have_the_letters_of_both_languages() -> None:
    assert LETTERS.lacks(SPANISH) == ""
    assert LETTERS.lacks("ñ 中 x中") == "中"


def test_the_fonts_come_with_their_licence_and_are_small() -> None:
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text("utf-8")
    assert sum(map(len, LETTERS.files)) < 150_000
    assert LETTERS.family == "Atkinson Hyperlegible"


def test_a_missing_weight_is_said() -> None:
    with pytest.raises(ContentError, match=r"cards/fonts:1: there is no font \*-Regular\.ttf"):
        Lettering({"A-Bold.ttf": LETTERS.files[1]}, "cards/fonts")


def test_line_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="a line of 1e\\+09 pixels, more than 10000"):
        LETTERS.wrap("x " * 1_000, 40, 10**9)
