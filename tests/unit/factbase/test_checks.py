# ruff: noqa: E501 - the tables have a fault in each line
"""What is wrong with a pack as a whole: each check with a fault; the sound small pack has none."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.core.findings import Finding, Level
from bot.factbase.checks import CHECKS, Check, check_pack
from bot.factbase.loader import load_pack

Findings = Callable[..., list[Finding]]
SECOND_VOTE = "- {id: crack-talk, kind: meeting, name: {en: the talk, es: la charla}, reports: [%s]}\n"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_pack_passes_every_check(check: Callable, write_pack: Callable) -> None:
    pack, _ = load_pack(write_pack())
    assert pack is not None
    assert list(check(Check(pack, datetime(2025, 12, 1, tzinfo=ZoneInfo("America/Chicago"))))) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "problem"),
    [
        ("events.yaml", "people: [ruiz]", "people: [ruiz, riuz]", "events.yaml:4: people.1", "there is no 'riuz'"),
        ("people.yaml", "organisation: council", "organisation: senate", "people.yaml:6: roles.0.organisation", "there is no 'senate'"),
        ("topic.yaml", "term: girder", "term: beam", "topic.yaml:8: term", "there is no 'beam'"),
        ("topic.yaml", "term: girder", "term: girder\nspoken_of: [nobody]", "topic.yaml:9: spoken_of.0", "there is no 'nobody'"),
        ("topic.yaml", "decision: mending", "decision: painting", "topic.yaml:7: decision", "there is no 'painting'"),
        ("topic.yaml", "decision: mending", "decision: grant-deadline", "topic.yaml:7: decision", "is not voted on"),
        ("topic.yaml", "languages: [en, es]", "languages: [es]", "topic.yaml:6: languages", "English is missing"),
        ("statements.yaml", "stance: in-favor", "stance: maybe", "statements.yaml:9: stance", "'maybe' is not a position"),
        ("decisions.yaml", "place: hall", "place: moon", "decisions.yaml:11: reports.1.place", "there is no place 'moon'"),
        ("events.yaml", "when: 2025-10-19", "when: 2025-10-25", "events.yaml:2: when", "is after it was known (2025-10-21 00:00)"),
        ("events.yaml", "when: 2025-10-19", "when: 2025-10-25", "events.yaml:2: when", "is after its source was printed"),
        ("events.yaml", "sources: [paper]", "sources: [paper]\n  known_from: 2025-10-18", "events.yaml:2: when", "is after it was known"),
        ("events.yaml", "sources: [paper]", "sources: [paper]\n  known_from: 2025-10-01", "events.yaml:7: known_from", "known before any of its sources"),
        ("decisions.yaml", "absent: 1", "absent: 2", "decisions.yaml:12: reports.2.tally", "the votes add up to 15, not to 14"),
        ("decisions.yaml", "votes_for: 8, votes_against: 5", "votes_for: 5, votes_against: 8", "decisions.yaml:12: reports.2.tally", "adopted without a majority"),
        ("decisions.yaml", "when: 2025-11-06T09:00", "when: 2024-11-06T09:00", "decisions.yaml:11: reports.1.when", "had passed when it was reported"),
        ("sources.yaml", "publisher: Radio Six, ", "", "sources.yaml:2", "nobody can tell whose it is"),
        ("sources.yaml", "text: paper.txt", "text: ../paper.txt", "sources.yaml:1: text", "is not a file's name"),
        ("sources.yaml", "text: paper.txt", "known_from: 2025-10-01", "sources.yaml:1: known_from", "known before it was published"),
    ],
)  # fmt: skip
def test_a_fault_is_an_error_at_its_line(
    findings_of: Findings, file: str, old: str, new: str, where: str, problem: str
) -> None:
    found = findings_of(changes={file: (old, new)})
    assert any(where in str(finding) and problem in finding.problem for finding in found), [str(one) for one in found]
    assert all(finding.level is Level.ERROR for finding in found if problem in finding.problem)


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "problem"),
    [
        ("events.yaml", ", es: Se halló una grieta.", "", "events.yaml:3: text", "no text in 'es'"),
        ("events.yaml", "es: Se halló", "fr: Une fissure., es: Se halló", "events.yaml:3: text.fr", "no language 'fr'"),
        ("statements.yaml", "  translation: {es: Sin comentarios.}\n", "", "statements.yaml:11", "no translation of the quotation into 'es'"),
        ("people.yaml", "the mayor", "Beam", "terms.yaml:3: aliases.en.0", "'beam' is also an alias of 'ruiz'"),
        ("topic.yaml", "term: girder", "term: girder\nreview_by: 2025-11-30", "topic.yaml:9: review_by", "2025-11-30 has passed"),
        ("statements.yaml", "by: lee", "by: ruiz", "people.yaml:7", "nothing mentions 'lee'"),
    ],
)  # fmt: skip
def test_what_is_only_untidy_is_a_warning(
    findings_of: Findings, file: str, old: str, new: str, where: str, problem: str
) -> None:
    found = findings_of(changes={file: (old, new)})
    assert [finding.level for finding in found] == [Level.WARNING], [str(one) for one in found]
    assert where in str(found[0])
    assert problem in found[0].problem


def test_a_review_that_is_due_today_is_not_yet_passed(findings_of: Findings) -> None:
    changed = {"topic.yaml": ("term: girder", "term: girder\nreview_by: 2025-11-30")}
    assert findings_of(now="2025-11-30T23:59", changes=changed) == []


def test_a_source_and_a_body_that_nothing_mentions_are_warned_of(findings_of: Findings) -> None:
    source = "- {id: tv, publisher: TV Six, published: 2025-11-06}\n"
    body = "- {id: choir, name: {en: Choir, es: Coro}, description: [{sources: [paper], text: {en: It sings., es: Canta.}}]}\n"
    found = findings_of(more={"sources.yaml": source, "organisations.yaml": body})
    assert [(finding.level, finding.problem) for finding in sorted(found)] == [
        (Level.WARNING, "nothing mentions 'choir'"),
        (Level.WARNING, "nothing mentions 'tv'"),
    ]


def test_a_person_and_a_body_cannot_share_an_id(findings_of: Findings) -> None:
    body = "- {id: ruiz, name: {en: Ruiz, es: Ruiz}, description: [{sources: [paper], text: {en: A firm., es: Una empresa.}}]}\n"
    assert "'ruiz' is a person too" in [finding.problem for finding in findings_of(more={"organisations.yaml": body})]


def test_a_passage_cannot_end_before_it_begins(findings_of: Findings) -> None:
    bounds = "valid_from: 2026-02-01, valid_until: 2026-01-01, text: {en: It decides."
    (found,) = findings_of(changes={"organisations.yaml": ("text: {en: It decides.", bounds)})
    assert (found.field, found.problem) == ("description.0.valid_until", "it ends before it begins")


@pytest.mark.parametrize(
    ("report", "problem"),
    [
        ("{state: scheduled, sources: [paper]}", "scheduled, but no when"),
        ("{state: postponed, sources: [paper]}", "postponed, but no until"),
        ("{state: postponed, until: 2025-10-01, sources: [paper]}", "2025-10-01 had passed when it was reported"),
        ("{state: held, sources: [paper]}", "held, but no held"),
        ("{state: decided, outcome: rejected, sources: [paper]}", "decided, but no held"),
        ("{state: decided, held: 2025-10-19, sources: [paper]}", "decided, but no outcome"),
        ("{state: held, held: 2025-10-22, sources: [paper]}", "2025-10-22 is after it was known (2025-10-21 00:00)"),
    ],
)
def test_a_report_has_what_its_state_needs(findings_of: Findings, report: str, problem: str) -> None:
    assert problem in [finding.problem for finding in findings_of(more={"decisions.yaml": SECOND_VOTE % report})]


@pytest.mark.parametrize(
    "report",
    [
        "{state: cancelled, sources: [paper]}",
        "{state: postponed, until: indefinitely, sources: [paper]}",
        "{state: postponed, until: 2025-12, sources: [paper]}",
        "{state: held, held: 2025-10-20, sources: [paper]}",
        "{state: decided, held: 2025-10-19, outcome: rejected, tally: unanimous, sources: [paper]}",
    ],
)
def test_every_state_can_be_written_without_a_finding(findings_of: Findings, report: str) -> None:
    assert findings_of(more={"decisions.yaml": SECOND_VOTE % report}) == []


def test_findings_come_in_the_order_of_files_and_lines(write_pack: Callable) -> None:
    pack, _ = load_pack(write_pack(changes={"statements.yaml": ("sources: [paper]", "sources: [papre]")}))
    assert pack is not None
    found = check_pack(pack, datetime(2025, 12, 1, tzinfo=ZoneInfo("America/Chicago")))
    assert [(one.file.rpartition("/")[2], one.line) for one in found] == [
        ("statements.yaml", 10),
        ("statements.yaml", 15),
    ]
