"""Message catalogues: gettext translations read straight from the translators' .po files."""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations

from bot.core.findings import Finding, Level

SOURCE_LANGUAGE = "en"  # what the templates themselves are written in


def catalogue_path(folder: Path, lang: str) -> Path:
    """Where the catalogue of a language stands in the content folder."""
    return folder / "locale" / lang / "LC_MESSAGES" / "messages.po"


def load_translations(folder: Path, lang: str) -> tuple[NullTranslations, list[Finding]]:
    """The translations into `lang`, and findings about the catalogue. A missing catalogue leaves English words."""
    if lang == SOURCE_LANGUAGE:
        return NullTranslations(), []
    path = catalogue_path(folder, lang)
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=lang, abort_invalid=True)
    except (OSError, PoFileError, ValueError) as error:
        remedy = "make it with `make messages` and translate it"
        return NullTranslations(), [Finding(str(path), 1, "", f"the catalogue cannot be read ({error})", remedy)]
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled), _check(path, catalogue)


def _check(path: Path, catalogue: Catalog) -> list[Finding]:
    found = []
    for message in catalogue:
        if not message.id:
            continue
        line, shown = message.lineno or 1, str(message.id)[:60]
        if message.fuzzy or not (all(message.string) if isinstance(message.string, tuple | list) else message.string):
            found.append(Finding(str(path), line, "", f"not translated: {shown!r}", "write msgstr", Level.WARNING))
        found += [
            Finding(str(path), line, "", f"{error} in the translation of {shown!r}", "keep every %(name)s")
            for error in message.check(catalogue)
        ]
    return found
