"""Message catalogues: what is not translated is a warning, what cannot be read or filled in is an error."""

from pathlib import Path

import pytest

from bot.core.findings import Level
from bot.phrasebook.catalogue import catalogue_path, load_translations

HEAD = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def load(tmp_path: Path, body: str) -> tuple[object, list[tuple[Level, str]]]:
    path = catalogue_path(tmp_path, "es")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + body, encoding="utf-8")
    translations, found = load_translations(tmp_path, "es")
    return translations, [(finding.level, finding.problem) for finding in found]


def test_a_translation_is_given(tmp_path: Path) -> None:
    translations, found = load(tmp_path, 'msgid "Answer"\nmsgstr "Respuesta"\n')
    assert found == []
    assert translations.ugettext("Answer") == "Respuesta"  # type: ignore[attr-defined]


def test_english_needs_no_catalogue(tmp_path: Path) -> None:
    assert load_translations(tmp_path, "en")[1] == []


@pytest.mark.parametrize(
    "body",
    [
        'msgid "Answer"\nmsgstr ""\n',
        '#, fuzzy\nmsgid "Answer"\nmsgstr "Respuesta"\n',
        'msgid "%(num)s day"\nmsgid_plural "%(num)s days"\nmsgstr[0] "%(num)s día"\nmsgstr[1] ""\n',
    ],
)
def test_what_is_not_translated_is_a_warning(tmp_path: Path, body: str) -> None:
    _, ((level, problem),) = load(tmp_path, body)
    assert level is Level.WARNING
    assert problem.startswith("not translated")


def test_a_lost_name_in_a_translation_is_an_error(tmp_path: Path) -> None:
    _, found = load(tmp_path, '#, python-format\nmsgid "As of %(day)s"\nmsgstr "Al %(dia)s"\n')
    assert [level for level, _ in found] == [Level.ERROR]


@pytest.mark.parametrize("body", ['msgid "a\n', "what is this\n"])
def test_a_broken_catalogue_is_an_error_and_english_stays(tmp_path: Path, body: str) -> None:
    translations, found = load(tmp_path, body)
    assert [level for level, _ in found] == [Level.ERROR]
    assert translations.gettext("Answer") == "Answer"  # type: ignore[attr-defined]


def test_a_missing_catalogue_is_an_error(tmp_path: Path) -> None:
    (found,) = load_translations(tmp_path, "es")[1]
    assert found.level is Level.ERROR
    assert "make messages" in found.remedy
