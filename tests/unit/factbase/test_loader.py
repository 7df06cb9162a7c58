# ruff: noqa: E501 - the tables have a fault in each line
"""The loader: every finding of every file, at its line, and never only the first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.findings import Finding, Level
from bot.factbase.loader import LISTS, load_pack

Findings = Callable[..., list[Finding]]


def shown(findings: list[Finding]) -> list[str]:
    """Findings without the folder, in order."""
    return [str(finding).rpartition("old-bridge/")[2] for finding in sorted(findings)]


def test_a_sound_pack_has_no_finding_and_keeps_its_order(
    findings_of: Findings, write_pack: Callable[..., Path]
) -> None:
    assert findings_of() == []
    pack, _ = load_pack(write_pack())
    assert pack is not None
    assert [said.id for said in pack.statements] == ["ruiz-mend", "lee-silent"]
    assert [entry.kind for entry in pack.decisions] == ["vote", "deadline"]
    assert pack.places[id(pack.statements[1])] == ("statements", 1)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("statements.yaml", "  about:", "  abuot:", "statements.yaml:8: abuot: 'abuot' is not a field here: did you mean 'about'?"),
        ("statements.yaml", "  by: ruiz\n", "", "statements.yaml:1: the field 'by' is missing: add a line by: …"),
        ("statements.yaml", "  by: lee", "  by:", "statements.yaml:12: by: nothing is written here: write it, or remove the field"),
        ("events.yaml", "2025-10-19", "2025-10-32", "events.yaml:2: when: '2025-10-32' is not a day: October has 31: correct the day"),
        ("events.yaml", "id: crack", "id: Crack One", "events.yaml:1: id: 'Crack One' is not an id: use small letters, digits and hyphens, as in mayors-memo"),
        ("events.yaml", "en: A crack was found., ", "", "events.yaml:3: text: the English text is missing: add a line en: …"),
        ("events.yaml", "A crack was found.", "A <b>crack</b>.", "events.yaml:3: text.en: markup in a text: <b>: write plain words; templates add the markup"),
        ("events.yaml", "sources: [paper]", "sources: []", "events.yaml:6: sources: this is empty: write at least one"),
        ("sources.yaml", "https://paper.example/1", "javascript:alert(1)", "sources.yaml:1: url: 'javascript:alert(1)' is not a web link: write it from https:// on"),
        ("sources.yaml", "https://paper.example/1", "www.paper.example", "sources.yaml:1: url: 'www.paper.example' is not a web link: write it from https:// on"),
        ("sources.yaml", "published: 2025-10-20", "published: 2025-10-20/..", "sources.yaml:1: published: '2025-10-20/..' has no end or no beginning: write both days of the window"),
        ("decisions.yaml", "state: expected", "state: hoped", "decisions.yaml:10: reports.0.state: 'hoped' is not one of the choices: write 'expected', 'scheduled', 'postponed', 'cancelled', 'held' or 'decided'"),
        ("decisions.yaml", "kind: deadline", "kind: dedline", "decisions.yaml:13: not one of the choices: write 'vote', 'meeting', 'deadline'"),
        ("decisions.yaml", "votes_for: 8", "votes_for: eight", "decisions.yaml:12: reports.2.tally.votes_for: Input should be a valid integer"),
        ("help.yaml", "phone: 911", "phone: call 911 now", "help.yaml:1: phone: 'call 911 now' is not a telephone number: write it without spaces, as in 214-670-3738"),
        ("help.yaml", "[in_distress, legal_advice]", "[in_despair]", "help.yaml:1: shown_for.0: 'in_despair' is not one of the choices: write 'in_distress' or 'legal_advice'"),
        ("topic.yaml", "zone: America/Chicago", "zone: America/Dallas", "topic.yaml:5: zone: 'America/Dallas' is not a time zone: write one like America/Chicago"),
        ("topic.yaml", "zone: America/Chicago", "zone: [x]", "topic.yaml:5: zone: ['x'] is not a time zone"),
        ("topic.yaml", "languages: [en, es]", "languages: [en, español]", "topic.yaml:6: languages.1: español is not a language code: write en, es, …"),
    ],
)  # fmt: skip
def test_a_fault_is_found_where_it_stands_and_says_the_remedy(
    findings_of: Findings, file: str, old: str, new: str, expected: str
) -> None:
    found = shown(findings_of(changes={file: (old, new)}))
    assert any(line.startswith(expected) for line in found), found


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "the file is empty"), ("id: x\n", "this is not a list"), ("- just words\n", "not what is expected here"), ("- id: [a\n", "not YAML")],
)  # fmt: skip
@pytest.mark.parametrize("name", [*LISTS, "topic"])
def test_a_file_of_another_shape_is_a_finding_of_that_file(
    findings_of: Findings, name: str, content: str, problem: str
) -> None:
    found = [
        finding for finding in findings_of(files={f"{name}.yaml": content}) if finding.file.endswith(f"/{name}.yaml")
    ]
    assert found
    if name != "topic":
        assert problem in found[0].problem


@pytest.mark.parametrize("name", ["topic", "sources", "decisions"])
def test_a_file_that_no_pack_can_lack_is_missed(findings_of: Findings, name: str) -> None:
    found = findings_of(files={f"{name}.yaml": None})
    assert any(finding.file.endswith(f"{name}.yaml") and "cannot be read" in finding.problem for finding in found)


def test_a_missing_folder_is_one_finding(tmp_path: Path) -> None:
    pack, found = load_pack(tmp_path / "nowhere")
    assert pack is None
    assert [finding.problem for finding in found] == ["there is no such folder"]


def test_a_duplicate_id_names_the_first_line(findings_of: Findings) -> None:
    again = "- id: crack\n  when: 2025-10-18\n  text: {en: Again., es: Otra vez.}\n  sources: [paper]\n"
    assert shown(findings_of(more={"events.yaml": again})) == [
        "events.yaml:7: id: the id 'crack' stands twice: give this one another; the first is in line 1"
    ]


def test_a_file_that_nobody_reads_is_a_warning(findings_of: Findings) -> None:
    (found,) = findings_of(files={"statments.yaml": "- id: a\n"})
    assert found.level is Level.WARNING
    assert "nobody reads this file" in found.problem


def test_an_entry_at_fault_does_not_make_those_who_name_it_wrong(findings_of: Findings) -> None:
    found = findings_of(changes={"people.yaml": ("surname: Ruiz", "surnam: Ruiz")})
    assert {finding.file.rpartition("/")[2] for finding in found} == {"people.yaml"}


def test_a_decision_at_fault_does_not_make_every_stance_wrong(findings_of: Findings) -> None:
    found = findings_of(changes={"decisions.yaml": ("question: {en: Mend it?, es: ¿Arreglarlo?}", "question: {}")})
    assert {finding.file.rpartition("/")[2] for finding in found} == {"decisions.yaml"}


def test_a_topic_at_fault_hides_no_finding_of_another_file(findings_of: Findings) -> None:
    found = shown(
        findings_of(
            changes={
                "topic.yaml": ("zone: America/Chicago", "zone: Nowhere"),
                "events.yaml": ("2025-10-19", "2025-10-99"),
            },
            files={"terms.yaml": "- id: [a\n"},
        )
    )
    assert [line.partition(":")[0] for line in found] == ["events.yaml", "terms.yaml", "topic.yaml"]


FAULTY_STATEMENTS = """\
- id: no-speaker
  quote: Hello.
  sources: [paper]
- id: unknown-speaker
  by: nobody
  quote: Hello.
  translation: {es: Hola.}
  sources: [paper]
- id: no-words
  by: ruiz
  sources: [paper]
- id: bad-stance
  by: ruiz
  quote: Hello.
  translation: {es: Hola.}
  stance: sideways
  sources: [paper]
- id: bad-source
  by: ruiz
  quote: Hello.
  translation: {es: Hola.}
  sources: [magazine]
- id: bad-about
  by: ruiz
  quote: Hello.
  translation: {es: Hola.}
  about: nothing
  sources: [paper]
- id: Not An Id
  by: ruiz
  quote: Hello.
  sources: [paper]
- id: too-late
  by: ruiz
  quote: Hello.
  translation: {es: Hola.}
  said_on: 2025-10-25
  sources: [paper]
- id: bad-day
  by: ruiz
  quote: Hello.
  said_on: 2025-09-31
  sources: [paper]
- id: bad-excerpt
  by: ruiz
  quote: Hello.
  translation: {es: Hola.}
  excerpt: Goodbye.
  sources: [paper]
- id: lead-alone
  by: ruiz
  lead: {en: She said, es: Dijo}
  paraphrase: {en: Something., es: Algo.}
  sources: [paper]
- id: no-sources
  by: ruiz
  quote: Hello.
- id: markup
  by: ruiz
  paraphrase: {en: A <i>word</i>., es: Una palabra.}
  sources: [paper]
- id: unknown-key
  by: ruiz
  quot: Hello.
  sources: [paper]
- id: twice
  by: ruiz
  by: lee
  quote: Hello.
  translation: {es: Hola.}
  sources: [paper]
"""
FAULTY_DECISIONS = """\
- id: mending
  name: {en: the vote, es: la votación}
  question: {en: Mend it?, es: ¿Arreglarlo?}
  positions: [{id: in-favor, label: {en: For, es: A favor}}]
  who_decides: [{sources: [paper], text: {en: They do., es: Ellos.}}]
  reports:
    - {state: expected, sources: [paper]}
    - {state: scheduled, when: 2024-11-06T09:00, sources: [paper]}
    - {state: scheduled, when: 2025-11-06T09:00, place: moon, sources: [paper]}
    - {state: scheduled, when: 2025-11-06T09:00, body: senate, sources: [paper]}
    - {state: postponed, sources: [paper]}
    - {state: held, sources: [radio]}
    - {state: decided, held: 2025-11-06, sources: [radio]}
    - {state: decided, held: 2025-11-30, outcome: adopted, sources: [radio]}
    - {state: decided, held: 2025-11-06, outcome: adopted, tally: {votes_for: 1, votes_against: 2, members: 14}, sources: [radio]}
    - {state: decided, held: 2025-11-06, outcome: adopted, known_from: 2025-11-05T08:00, sources: [radio]}
"""  # fmt: skip
EXPECTED_OF_MANY = [
    "decisions.yaml:7: reports.0: expected, but no when",
    "decisions.yaml:8: reports.1.when: 2024-11-06T09:00 had passed when it was reported",
    "decisions.yaml:9: reports.2.place: there is no place 'moon'",
    "decisions.yaml:10: reports.3.body: there is no 'senate'",
    "decisions.yaml:11: reports.4: postponed, but no until",
    "decisions.yaml:12: reports.5: held, but no held",
    "decisions.yaml:13: reports.6: decided, but no outcome",
    "decisions.yaml:14: reports.7.held: 2025-11-30 is after it was known (2025-11-06 18:00)",
    "decisions.yaml:14: reports.7.held: 2025-11-30 is after its source was printed (2025-11-06)",
    "decisions.yaml:15: reports.8.tally: adopted without a majority",
    "decisions.yaml:15: reports.8.tally: the votes add up to 3, not to 14",
    "decisions.yaml:16: reports.9.held: 2025-11-06 is after it was known (2025-11-05 08:00)",
    "decisions.yaml:16: reports.9.known_from: known before any of its sources was published",
    "events.yaml:1: this is not a list",
    "figures.yaml:1: claims: this is empty",
    "help.yaml:2: not YAML",
    "howtos.yaml:1: not UTF-8 text: byte 2",
    "people.yaml:1: roles: this is empty",
    "sources.yaml:3: url: 'ftp://tv.example' is not a web link",
    "statements.yaml:1: the field 'by' is missing",
    "statements.yaml:5: by: there is no 'nobody'",
    "statements.yaml:9: nothing is said",
    "statements.yaml:16: stance: 'sideways' is not a position",
    "statements.yaml:22: sources.0: there is no 'magazine'",
    "statements.yaml:27: about: there is no 'nothing'",
    "statements.yaml:29: id: 'Not An Id' is not an id",
    "statements.yaml:37: said_on: 2025-10-25 is after its source was printed (2025-10-20)",
    "statements.yaml:42: said_on: '2025-09-31' is not a day: September has 30",
    "statements.yaml:48: excerpt: these words are not in the quotation",
    "statements.yaml:52: lead: a lead without a quotation",
    "statements.yaml:55: the field 'sources' is missing",
    "statements.yaml:60: paraphrase.en: markup in a text: <i>",
    "statements.yaml:64: quot: 'quot' is not a field here",
    "statements.yaml:68: by: 'by' stands twice",
    "terms.yaml:3: definition.0.text: the English text is missing",
]


def test_a_pack_with_more_than_thirty_faults_tells_them_all_at_their_lines(findings_of: Findings) -> None:
    found = findings_of(
        files={
            "statements.yaml": FAULTY_STATEMENTS,
            "decisions.yaml": FAULTY_DECISIONS,
            "events.yaml": "crack: yes\n",
            "figures.yaml": "- {id: cost, name: {en: Cost, es: Costo}, about: money, claims: []}\n",
            "help.yaml": "- {id: emergency\n",
            "howtos.yaml": b"- \xfe\n",
            "people.yaml": "- {id: ruiz, name: Ana Ruiz, surname: Ruiz, roles: []}\n",
            "terms.yaml": "- id: girder\n  name: {en: girder, es: viga}\n  definition: [{sources: [paper], text: {es: Viga.}}]\n",
        },
        more={"sources.yaml": "- {id: tv, publisher: TV Six, url: 'ftp://tv.example', published: 2025-11-06}\n"},
    )
    lines = shown(found)
    missing = [expected for expected in EXPECTED_OF_MANY if not any(line.startswith(expected) for line in lines)]
    assert missing == [], "\n".join(lines)
    assert len(EXPECTED_OF_MANY) >= 30
