"""Message catalogues: gettext translations read straight from the translators' .po files."""

import re
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from bot.core.findings import Finding, Level
from bot.factbase.files import explained, read_file
from bot.factbase.yaml_tree import MOST_FINDINGS
from bot.phrasebook.sandbox import WRONG_PLACE

SOURCE_LANGUAGE = "en"  # what the templates themselves are written in
MOST_BYTES: Final = 1_000_000
MOST_FORMS: Final = 6  # of a plural; Arabic has as many (Unicode CLDR, plural rules)
FORMS: Final = re.compile(rb"nplurals\s*=\s*(\d+)")
CHARSET: Final = re.compile(rb"charset\s*=\s*([\w-]+)")


def catalogue_path(folder: Path, lang: str) -> Path:
    """Where the catalogue of a language stands in the content folder."""
    return folder / "locale" / lang / "LC_MESSAGES" / "messages.po"


def load_translations(folder: Path, lang: str) -> tuple[NullTranslations, list[Finding]]:
    """The translations into `lang`, and findings about the catalogue. A missing catalogue leaves English words."""
    if lang == SOURCE_LANGUAGE:
        return NullTranslations(), []
    path = catalogue_path(folder, lang)
    try:
        catalogue = read_po(BytesIO(_read(path, folder)), locale=lang, abort_invalid=True)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        return Translations(compiled), _check(path, catalogue)
    except Exception as error:  # parsers of headers, plural forms and languages raise whatever comes
        problem = explained(error)[0] if isinstance(error, OSError) else f"{type(error).__name__}: {error}"[:200]
        remedy = "make it with `make messages` and translate it"
        return NullTranslations(), [Finding(str(path), 1, "", f"the catalogue cannot be read ({problem})", remedy)]


def unknown_language(folder: Path, lang: str) -> list[Finding]:
    """A finding where nobody knows how dates are written in a language."""
    try:
        Locale.parse(lang)
    except (ValueError, UnknownLocaleError):
        return [Finding(str(catalogue_path(folder, lang)), 1, "", f"there is no language {lang!r}", "write en, es, …")]
    return []


def _read(path: Path, folder: Path) -> bytes:
    """The bytes of a catalogue, without a header that makes much of little. Raises OSError, ValueError."""
    raw = read_file(path, folder, MOST_BYTES)
    if any(len(number) > 1 or int(number) > MOST_FORMS for number in FORMS.findall(raw)):
        raise ValueError(f"more than {MOST_FORMS} forms of a plural")
    if any(charset.lower() not in {b"utf-8", b"utf8"} for charset in CHARSET.findall(raw)):
        raise ValueError("not saved as UTF-8")
    raw.decode("utf-8")
    return raw


def _check(path: Path, catalogue: Catalog) -> list[Finding]:
    found: list[Finding] = []
    for message in catalogue:
        if len(found) >= MOST_FINDINGS:
            break
        if not message.id:
            continue
        line, shown = message.lineno or 1, str(message.id)[:60]
        if message.fuzzy or not (all(message.string) if isinstance(message.string, tuple | list) else message.string):
            found.append(Finding(str(path), line, "", f"not translated: {shown!r}", "write msgstr", Level.WARNING))
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if any(WRONG_PLACE.search(form or "") for form in forms):
            found.append(Finding(str(path), line, "", f"a lone % in the translation of {shown!r}", "write %% for it"))
        found += [
            Finding(str(path), line, "", f"{error} in the translation of {shown!r}", "keep every %(name)s")
            for error in message.check(catalogue)
        ]
    return found
