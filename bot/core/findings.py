"""What is wrong with content, where it stands, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """An error keeps a pack from being served; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend. `file` is relative to the folder that was checked, `line` counts from 1,
    `field` is the path inside the entry (`reports.0.when`) or empty for the file as a whole."""

    file: str
    line: int
    field: str
    problem: str
    remedy: str
    level: Level = Level.ERROR

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " + (f"{self.field}: " if self.field else "")
        note = "" if self.level is Level.ERROR else "warning: "
        return f"{where}{note}{self.problem}: {self.remedy}"


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that keep a pack from being served."""
    return [finding for finding in findings if finding.level is Level.ERROR]
