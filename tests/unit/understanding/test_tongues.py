"""Tests that the language of a message is told only where it can be."""

import pytest

from bot.understanding.normalisation import folded
from bot.understanding.tongues import Languages
from bot.understanding.usage import Speech
from tests.unit.understanding.packs import dallas

RULES = dallas().gates.rules
LANGUAGES = Languages.of(Speech.of(dallas().questions), RULES.tongues, RULES.of_any_language)


@pytest.mark.parametrize(
    "text", ["ok", "ICE", "pizza", "no", "287(g)", "hi", "thanks", "help", "comeaux", "lol ok", ""]
)
def test_short_text_that_all_may_write_tells_no_language(text: str) -> None:
    assert LANGUAGES.of_message(folded(text).split()) is None


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("gracias", "es"),
        ("alcalde", "es"),
        ("si", "es"),
        ("cuándo", "es"),
        ("who decides", "en"),
        ("when", "en"),
        ("ICE gracias", "es"),
    ],
)
def test_unmistakable_word_tells_the_language(text: str, lang: str) -> None:
    assert LANGUAGES.of_message(folded(text).split()) == lang


@pytest.mark.parametrize(
    ("text", "lang"), [("ok and when is it", "en"), ("ok y cuándo es", "es"), ("no se que hacer", "es")]
)
def test_longer_text_goes_by_most_of_its_words(text: str, lang: str) -> None:
    assert LANGUAGES.of_message(folded(text).split()) == lang
