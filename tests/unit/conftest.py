# ruff: noqa: E501 - an entry of the pack stands in one line
"""A small sound pack about an invented matter, written anew for each test, whole or with faults."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.findings import Finding, errors
from bot.factbase.base import FactBase
from bot.factbase.checks import check_pack
from bot.factbase.loader import load_pack

ZONE = ZoneInfo("America/Chicago")
ARTICLE = """Mayor Ana Ruiz spoke on Monday. “The bridge is old,” she said. “It isn't safe, and we will   mend it.”
The bridge is long, and it was old then. Chief Bo Lee said: "No comment."
"""
FILES = {
    "topic.yaml": """\
id: old-bridge
name: {en: the old bridge, es: el puente viejo}
place: ocd-division/country:us/state:tx/place:rivertown
place_name: {en: Rivertown, es: Rivertown}
zone: America/Chicago
languages: [en, es]
decision: mending
term: girder
places:
  - {id: hall, name: {en: Town Hall, es: el Ayuntamiento}}
summary:
  - sources: [paper]
    text: {en: The bridge is old., es: El puente es viejo.}
""",
    "sources.yaml": """\
- {id: paper, publisher: The Paper, url: https://paper.example/1, published: 2025-10-20, text: paper.txt}
- {id: radio, publisher: Radio Six, published: 2025-11-06, known_from: 2025-11-06T18:00}
""",
    "people.yaml": """\
- id: ruiz
  name: Ana Ruiz
  surname: Ruiz
  aliases: {en: [the mayor], es: [la alcaldesa]}
  roles:
    - {title: {en: mayor, es: alcaldesa}, organisation: council, sources: [paper]}
- id: lee
  name: Bo Lee
  surname: Lee
  roles:
    - {title: {en: police chief, es: jefe de policía}, sources: [paper]}
""",
    "organisations.yaml": """\
- id: council
  name: {en: Town Council, es: Concejo}
  in_sentence: {en: the Town Council, es: el Concejo}
  description:
    - {sources: [paper], text: {en: It decides., es: Decide.}}
""",
    "statements.yaml": """\
- id: ruiz-mend
  by: ruiz
  quote:
    - The bridge is old
    - It isn't safe, and we will mend it.
  translation: {es: El puente es viejo … No es seguro y lo arreglaremos.}
  said_on: 2025-10-20
  about: mending
  stance: in-favor
  sources: [paper]
- id: lee-silent
  by: lee
  quote: No comment.
  translation: {es: Sin comentarios.}
  sources: [paper]
""",
    "events.yaml": """\
- id: crack
  when: 2025-10-19
  text: {en: A crack was found., es: Se halló una grieta.}
  people: [ruiz]
  about: mending
  sources: [paper]
""",
    "terms.yaml": """\
- id: girder
  name: {en: girder, es: viga}
  aliases: {en: [beam], es: [travesaño]}
  definition:
    - {sources: [paper], text: {en: A long beam., es: Una viga larga.}}
""",
    "decisions.yaml": """\
- id: mending
  name: {en: the vote on mending, es: la votación sobre el arreglo}
  question: {en: Mend it?, es: ¿Arreglarlo?}
  positions:
    - {id: in-favor, label: {en: For mending, es: A favor}}
    - {id: opposed, label: {en: Against mending, es: En contra}}
  who_decides:
    - {sources: [paper], text: {en: The council votes., es: Vota el concejo.}}
  reports:
    - {state: expected, when: 2025-11-01/2025-11-07, body: council, sources: [paper]}
    - {state: scheduled, when: 2025-11-06T09:00, body: council, place: hall, sources: [paper], known_from: 2025-11-05T09:00}
    - {state: decided, held: 2025-11-06, outcome: adopted, tally: {votes_for: 8, votes_against: 5, absent: 1, members: 14}, body: council, sources: [radio]}
- id: grant-deadline
  kind: deadline
  name: {en: the last day for grants, es: el último día para subvenciones}
  about: mending
  reports:
    - {state: scheduled, when: 2026-12-01, sources: [paper]}
""",
    "figures.yaml": """\
- id: cost
  name: {en: The cost, es: El costo}
  about: money
  claims:
    - {figure: {en: $5 million, es: 5 millones de dólares}, text: {en: It costs $5 million., es: Cuesta 5 millones de dólares.}, by: ruiz, sources: [paper]}
    - {figure: {en: $6 million, es: 6 millones de dólares}, text: {en: It costs $6 million., es: Cuesta 6 millones de dólares.}, sources: [radio]}
""",
    "howtos.yaml": """\
- id: speak
  name: {en: Speak, es: Hablar}
  link: https://town.example/speak
  steps:
    - {sources: [paper], text: {en: Sign up., es: Regístrese.}}
""",
    "help.yaml": """\
- {id: emergency, name: {en: In danger, es: En peligro}, phone: 911, shown_for: [in_distress, legal_advice]}
""",
}  # fmt: skip

WritePack = Callable[..., Path]


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder with the text that the small pack quotes from."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "paper.txt").write_text(ARTICLE, encoding="utf-8")
    return folder


@pytest.fixture
def write_pack(tmp_path: Path) -> WritePack:
    """Writes the small pack: `files` replaces whole files (None leaves one out), `changes` replaces words in a file,
    `more` adds text at a file's end. Every change has to hit."""

    def write(
        *,
        files: Mapping[str, str | bytes | None] | None = None,
        changes: Mapping[str, tuple[str, str]] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Path:
        folder = tmp_path / "old-bridge"
        folder.mkdir(exist_ok=True)
        texts: dict[str, str | bytes | None] = {**FILES, **(files or {})}
        for name, (old, new) in (changes or {}).items():
            text = texts[name]
            assert isinstance(text, str)
            assert old in text, f"{old!r} is not in {name}"
            texts[name] = text.replace(old, new)
        for name, addition in (more or {}).items():
            texts[name] = f"{texts[name]}{addition}"
        for name, content in texts.items():
            if content is not None:
                raw = content.encode() if isinstance(content, str) else content
                (folder / name).write_bytes(raw)
        return folder

    return write


@pytest.fixture
def findings_of(write_pack: WritePack) -> Callable[..., list[Finding]]:
    """Every finding of the loader and of the checks about the small pack, written with faults as `write_pack` does."""

    def findings(now: str = "2025-12-01T12:00", **faults: object) -> list[Finding]:
        pack, found = load_pack(write_pack(**faults))
        return found + (check_pack(pack, datetime.fromisoformat(now).replace(tzinfo=ZONE)) if pack else [])

    return findings


@pytest.fixture
def base_of(write_pack: WritePack) -> Callable[..., FactBase]:
    """The small pack as a fact base, changed as `write_pack` does; it has to be without errors."""

    def base(**changes: object) -> FactBase:
        pack, found = load_pack(write_pack(**changes))
        assert pack is not None
        found += check_pack(pack, datetime(2025, 12, 1, tzinfo=ZONE))
        assert not errors(found), errors(found)
        return FactBase(pack)

    return base
