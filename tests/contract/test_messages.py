"""The catalogues hold what the templates say: nothing is missing, left over, untranslated or guessed."""

import subprocess
import sysconfig
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po


def extract(repository: Path, folder: Path, to: Path) -> Catalog:
    """The messages of every template of a folder, as `make messages` takes them."""
    pybabel = Path(sysconfig.get_path("scripts")) / "pybabel"
    mapping = repository / "pyproject.toml"
    call: list[str | Path] = [pybabel, "--quiet", "extract", "--mapping-file", mapping, "--output-file", to, folder]
    subprocess.run(call, cwd=repository, check=True)
    return read_po(to.read_bytes().splitlines(keepends=True))


def names(catalogue: Catalog) -> set[tuple[object, ...]]:
    """Every message by its context and words; plural forms of English together."""
    return {(message.context, *forms(message.id)) for message in catalogue if message.id}


def forms(words: object) -> tuple[object, ...]:
    return tuple(words) if isinstance(words, list | tuple) else (words,)


def is_done(message: Message) -> bool:
    """Whether a translator has written every form of a message."""
    return not message.fuzzy and all(forms(message.string))


@pytest.mark.parametrize("language", ["es"])
def test_catalogue_translates_every_message_of_the_templates(
    repository: Path, responses_folder: Path, tmp_path: Path, language: str
) -> None:
    wanted = names(extract(repository, responses_folder, tmp_path / "messages.pot"))
    path = responses_folder / "locale" / language / "LC_MESSAGES" / "messages.po"
    catalogue = read_po(path.read_bytes().splitlines(keepends=True), locale=language, abort_invalid=True)
    assert wanted
    assert not wanted ^ names(catalogue)
    assert not [message.id for message in catalogue if message.id and not is_done(message)]


def test_messages_are_taken_as_the_phrasebook_reads_them(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "responses"
    folder.mkdir()
    template = (
        "{% trans %}\n  Up to\n  100%{% endtrans %}{% trans n=2 %}{{ n }} day{% pluralize %}{{ n }} days{% endtrans %}"
    )
    (folder / "one.html.j2").write_text(template + '{{ pgettext("month", "May") }}', "utf-8")
    found = names(extract(repository, folder, tmp_path / "messages.pot"))
    assert found == {(None, "Up to 100%%"), (None, "%(n)s day", "%(n)s days"), ("month", "May")}


def test_guessed_and_half_translated_messages_are_noticed() -> None:
    assert is_done(Message("day", "día"))
    assert is_done(Message(("day", "days"), ("día", "días")))
    assert not is_done(Message("day", "día", flags=["fuzzy"]))
    assert not is_done(Message(("day", "days"), ("día", "")))
