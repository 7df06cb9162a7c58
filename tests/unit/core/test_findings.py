"""Findings: one line each, in an order, errors apart from warnings."""

from bot.core.errors import ContentError, ServiceError, SettingsError
from bot.core.findings import Finding, Level, errors


def test_a_finding_reads_as_file_line_field_problem_remedy() -> None:
    assert str(Finding("a.yaml", 3, "when", "no day", "correct it")) == "a.yaml:3: when: no day: correct it"
    assert str(Finding("a.yaml", 3, "", "no day", "correct it")) == "a.yaml:3: no day: correct it"
    warning = Finding("a.yaml", 3, "es", "no text", "write it", Level.WARNING)
    assert str(warning) == "a.yaml:3: es: warning: no text: write it"
    assert errors([warning]) == []


def test_findings_sort_by_file_and_then_by_line_as_a_number() -> None:
    places = [("b", 1), ("a", 10), ("a", 9)]
    found = sorted(Finding(file, line, "", "x", "y") for file, line in places)
    assert [(one.file, one.line) for one in found] == [("a", 9), ("a", 10), ("b", 1)]


def test_errors_end_a_command_with_their_own_status() -> None:
    assert [kind.exit_status for kind in (ContentError, SettingsError, ServiceError)] == [1, 2, 3]
