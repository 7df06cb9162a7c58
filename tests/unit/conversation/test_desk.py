"""The editors' desk: what each command tells, in both languages, and to whom."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.conversation.desk import COMMANDS, MOST_CAMPAIGNS, MOST_FINDINGS, Desk, Office, Operation
from bot.conversation.preview import Previews
from bot.conversation.tally import Tally
from bot.core.clock import FixedClock
from bot.core.errors import ServiceError
from bot.core.messages import Reply
from bot.factbase.base import FactBase
from bot.phrasebook.book import Phrasebook
from bot.platforms.plaintext import to_text
from bot.reminders.ledger import Progress

NOON = datetime(2025, 11, 5, 18, tzinfo=UTC)
ADMIN, OTHER = 4711, 4712
OPERATION = Operation(NOON, "ready", "0123456789", 150_000_000, True)


@dataclass
class Reloaded:
    """What became of a reload."""

    problems: Sequence[str] = ()
    is_learning: bool = False


@dataclass
class Behind:
    """What stands behind the desk, for a test to change."""

    subscribers: int | None = 3
    campaigns: list[Progress] | None = field(default_factory=list)
    reloaded: Reloaded = field(default_factory=Reloaded)
    tally: Tally = field(default_factory=Tally)
    previews: Previews = field(default_factory=Previews)
    operation: Operation = OPERATION
    next_version: str = OPERATION.version

    async def count(self) -> int:
        if self.subscribers is None:
            raise ServiceError("the database does not answer")
        return self.subscribers

    async def progress(self) -> Sequence[Progress]:
        if self.campaigns is None:
            raise ServiceError("the database does not answer")
        return self.campaigns

    async def reload(self) -> Reloaded:
        self.operation = replace(self.operation, version=self.next_version)
        return self.reloaded

    def office(self) -> Office:
        return Office(
            (ADMIN,), self.tally, self.previews, self.count, self.progress, lambda: self.operation, self.reload
        )


Ask = Callable[..., str | None]


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def desk(base_of: Callable[..., FactBase], responses_folder: Path, behind: Behind) -> Desk:
    return Desk(base_of(), Phrasebook(responses_folder, ["en", "es"]), FixedClock(NOON), behind.office())


@pytest.fixture
def ask(desk: Desk) -> Ask:
    """What the desk tells as text; None where it has no such command."""

    def asked(name: str, rest: str = "", *, person: int = ADMIN, lang: str = "en") -> str | None:
        reply = asyncio.run(desk(name, rest, person, lang))
        return to_text(reply.html) if reply else None

    return asked


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_for_administrators_alone_and_described(desk: Desk, ask: Ask, name: str, lang: str) -> None:
    assert ask(name, lang=lang)
    assert ask(name, person=OTHER, lang=lang) is None
    assert all(command.descriptions[lang] for command in desk.commands)


def test_other_commands_do_not_exist_here(ask: Ask) -> None:
    assert ask("vote") is None


def test_figures_are_counts_alone(ask: Ask, behind: Behind) -> None:
    for intent, outcome in (
        ("what_is", "answer"),
        ("not_covered", "refuse"),
        ("opinion", "refuse"),
        ("sources", "confirm"),
    ):
        behind.tally.note(Reply(intent, None, outcome, 1.0, "es", NOON, "secret"), 0.004)  # type: ignore[arg-type]
    told = ask("stats") or ""
    for words in (
        "4 answers since Nov 5, 2025, 12:00 p.m.", "Not understood: 1. Asked back: 1. Refused for other reasons: 1.",
        "es 4", "95 of 100 were made within 5 ms", "Subscribers: 3", "Newest source: Oct 21, 2025, 15 days ago",
        "Content: 0123456789", "Understanding: ready", "Memory: 150 MB", "1 × Who is right? (refused)",
    ):  # fmt: skip
        assert words in told
    assert "secret" not in told
    assert "1 × ¿Quién tiene razón? (rechazada)" in (ask("stats", lang="es") or "")


def test_an_intent_that_has_no_label_any_more_is_counted_by_its_id(ask: Ask, behind: Behind) -> None:
    behind.tally.note(Reply("gone_since", None, "answer", 1.0, "en", NOON, ""), 0.004)
    assert "1 × gone_since" in (ask("stats") or "")


def test_what_nobody_can_tell_is_said_or_left_out(ask: Ask, behind: Behind) -> None:
    behind.subscribers, behind.campaigns = None, None
    behind.operation = replace(behind.operation, memory=None)
    told = ask("stats") or ""
    assert told.startswith("0 answers")
    assert "Subscribers: the database does not answer" in told
    assert not [word for word in ("None", "Memory", "within") if word in told]
    assert (ask("campaigns") or "").startswith("The database does not answer.")


def test_campaigns_are_told_newest_first_and_no_more_than_fit(ask: Ask, behind: Behind) -> None:
    behind.campaigns = [Progress(f"vote-{n}", "running", NOON, True, 9, 4, 1, 1) for n in range(MOST_CAMPAIGNS + 2)]
    told = ask("campaigns") or ""
    assert "vote-0: running. Total 9, sent 4, rejected 1, remaining 3." in told
    assert f"vote-{MOST_CAMPAIGNS}" not in told
    assert "And 2 older ones" in told


def test_preview_begins_is_told_and_ends(ask: Ask, behind: Behind) -> None:
    assert "write: /preview 2025-11-06T12:00" in (ask("preview") or "")
    assert "Oct 24, 2025, 6:00 p.m. in Rivertown" in (ask("preview", " 2025-10-24T18:00 ") or "")
    preview = behind.previews.of(str(ADMIN))
    assert preview is not None
    assert preview.at.isoformat() == "2025-10-24T18:00:00-05:00"
    assert "Oct 24, 2025" in (ask("preview") or "")
    assert ask("preview", "OFF") == "Back to the present."
    assert behind.previews.of(str(ADMIN)) is None
    assert (ask("preview", "off") or "").startswith("This is the present.")


def test_preview_of_a_day_is_of_its_noon(ask: Ask, behind: Behind) -> None:
    assert "Oct 24, 2025, 12:00 p.m. in Rivertown" in (ask("preview", "2025-10-24") or "")
    preview = behind.previews.of(str(ADMIN))
    assert preview is not None
    assert preview.at.isoformat() == "2025-10-24T12:00:00-05:00"


@pytest.mark.parametrize("lang", ["en", "es"])
def test_there_is_no_preview_where_another_replica_may_answer_next(ask: Ask, behind: Behind, lang: str) -> None:
    behind.operation = replace(behind.operation, is_alone=False)
    for rest in ("", "2025-10-24", "off", "tomorrow"):
        assert "EXPLAINER_CLOCK" in (ask("preview", rest, lang=lang) or "")
    assert behind.previews.of(str(ADMIN)) is None


@pytest.mark.parametrize(
    "written", ["tomorrow", "2025-11-31", "2025-11-31T09:00", "9999-99-99T99:99", "<b>", "0001-01-01T00:00"]
)
def test_wrong_instant_is_told_with_an_example_and_changes_nothing(ask: Ask, behind: Behind, written: str) -> None:
    behind.previews.begin(str(ADMIN), NOON)
    told = ask("preview", written) or ""
    assert told.startswith("That is not an instant")
    assert told.endswith("/preview 2025-11-06T12:00")
    preview = behind.previews.of(str(ADMIN))
    assert preview is not None
    assert preview.at == NOON


def test_line_above_an_answer_says_its_instant(desk: Desk) -> None:
    assert to_text(desk.line(NOON, "en")) == "Preview (Nov 5, 2025, 12:00 p.m.): nothing of this is kept."
    assert to_text(desk.line(NOON, "es")).startswith("Vista previa (5 de noviembre de 2025")


def test_refused_content_is_told_with_its_first_findings(ask: Ask, behind: Behind) -> None:
    behind.reloaded = Reloaded([f"facts/<a>.yaml:{number}: {'wrong ' * 200}" for number in range(MOST_FINDINGS + 3)])
    told = ask("reload") or ""
    assert told.startswith("Nothing has changed")
    assert "facts/<a>.yaml:0: wrong" in told
    assert f"yaml:{MOST_FINDINGS}:" not in told
    assert "And 3 more" in told
    assert len(told) < 2 * 4096


def test_served_content_is_told_with_its_name_and_what_is_left_to_do(ask: Ask, behind: Behind) -> None:
    assert ask("reload") == "Nothing has changed: content 0123456789 is served, as before."
    behind.next_version = "abcdef0123"
    assert ask("reload") == "New content is served: abcdef0123."
    assert (ask("reload", lang="es") or "").startswith("Nada ha cambiado: se sirve el contenido abcdef0123")
    behind.reloaded = Reloaded(is_learning=True)
    behind.operation = replace(behind.operation, is_alone=False)
    told = ask("reload") or ""
    assert "Its questions are new to me." in told
    assert "by SIGHUP or a restart" in told
