"""Phrases: whatever is wrong with the file is found at its line, and what is there is said in the reader's language."""

from pathlib import Path

import pytest

from bot.phrasebook.book import Phrasebook
from bot.phrasebook.phrases import FILE, LONGEST, load_phrases

RESPONSES = Path(__file__).parents[3] / "responses"


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> list[str]:
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        return [f"{found.line}: {found.field}: {found.problem}" for found in load_phrases(tmp_path)[1]]

    return write


def whole(**other: str) -> str:
    texts = dict.fromkeys(LONGEST, "word") | other
    return "".join(f"- {{id: {name}, text: {{en: '{text}'}}}}\n" for name, text in texts.items())


def test_own_phrases_are_complete_in_both_languages():
    phrases, findings = load_phrases(RESPONSES)
    assert findings == []
    assert {name for name, text in phrases.items() if {"en", "es"} <= text.root.keys()} == set(LONGEST)


def test_phrase_is_said_in_the_language_with_its_values():
    book = Phrasebook(RESPONSES, ("en", "es"))
    assert book.phrase("back", "es") == "‹ Atrás"
    assert book.phrase("description", "en", topic="The bridge").startswith("The bridge: ask")


def test_missing_phrase_is_found(written):
    text = "\n".join(line for line in whole().splitlines() if "too_fast" not in line)
    assert written(text) == ["1: : the phrase 'too_fast' is missing"]


def test_phrase_too_long_for_its_place_is_found(written):
    assert written(whole(more="x" * 21)) == ["1: text.en: 21 characters, more than 20"]


def test_unknown_and_doubled_phrases_are_found(written):
    doubled = f"{whole()}- {{id: back, text: {{en: again}}}}\n- {{id: hello, text: {{en: hi}}}}\n"
    count = len(LONGEST)
    problems = written(doubled)
    assert problems[0] == f"{count + 1}: id: the id 'back' stands twice"
    assert problems[1].startswith(f"{count + 2}: id: nobody says the phrase 'hello'")


def test_file_that_is_no_list_is_found(written):
    assert written("more: x") == ["1: : this is not a list"]


def test_phrase_without_english_is_found(written):
    assert any("text" in problem for problem in written(whole().replace("{en: 'word'}", "{es: 'x'}", 1)))
