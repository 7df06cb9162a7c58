"""Message catalogues: what is not translated is a warning, what cannot be read or filled in is an error."""

import os
from pathlib import Path

import pytest

from bot.core.findings import Level
from bot.phrasebook.book import Phrasebook
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


@pytest.mark.parametrize(
    "head",
    [
        "Plural-Forms: nplurals=999999999; plural=(n != 1);",
        "Plural-Forms: nplurals=2; plural=__import__('os').system('id');",
        "Plural-Forms: nplurals=2; plural=" + "(" * 500 + "n" + ")" * 500 + ";",
        "Plural-Forms: nplurals=2; plural=n**n**n;",
        "Plural-Forms: nplurals=2; plural=" + "n*" * 5000 + "n;",
        "Content-Type: text/plain; charset=zlib_codec",
        "Content-Type: text/plain; charset=utf-7",
        "POT-Creation-Date: 99999999999-99-99 99:99+9999",
    ],
)
def test_a_header_that_asks_for_much_is_a_finding(tmp_path: Path, head: str) -> None:
    path = catalogue_path(tmp_path, "es")
    path.parent.mkdir(parents=True)
    one = 'msgid "one"\nmsgid_plural "%(num)s"\nmsgstr[0] "uno"\nmsgstr[1] "%(num)s"\n'
    path.write_text(f'msgid ""\nmsgstr ""\n"{head}\\n"\n\n{one}', encoding="utf-8")
    translations, found = load_translations(tmp_path, "es")
    assert [finding.level for finding in found] == [Level.ERROR]
    assert translations.ngettext("one", "many", 1) == "one"


@pytest.mark.parametrize("words", ["%(name)999999999s", "100%", "%d", "%%%"])
def test_a_lone_percent_sign_in_a_translation_is_a_finding(tmp_path: Path, words: str) -> None:
    _, found = load(tmp_path, f'msgid "Of %(name)s"\nmsgstr "{words}"\n')
    assert (Level.ERROR, "a lone % in the translation of 'Of %(name)s'") in found


def test_a_catalogue_that_is_no_file_is_a_finding(tmp_path: Path) -> None:
    path = catalogue_path(tmp_path, "es")
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert "no plain file" in load_translations(tmp_path, "es")[1][0].problem


def test_a_language_that_nobody_knows_is_a_finding(tmp_path: Path) -> None:
    assert "there is no language 'zzz'" in [finding.problem for finding in Phrasebook(tmp_path, ["zzz"]).findings]
