"""Content is served only without errors, and every finding of facts, words and questions is told at once."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.clock import RehearsalClock, SystemClock
from bot.core.errors import SettingsError
from bot.core.findings import errors
from bot.core.messages import Turn
from bot.editorial.content import Loaded, clock_of, load_content

NOW = datetime(2025, 12, 1, 12, tzinfo=ZoneInfo("America/Chicago"))
Load = Callable[..., Loaded]


@pytest.fixture
def load(write_pack: Callable[..., Path], articles: Path, responses_folder: Path) -> Load:
    def loaded(words: Path = responses_folder, proven: bool = True, **changes: object) -> Loaded:
        return load_content(write_pack(**changes), words, lambda _: NOW, articles if proven else None)

    return loaded


def test_sound_content_is_served(load: Load) -> None:
    loaded = load()
    assert loaded.content is not None
    assert errors(loaded.findings) == []
    assert loaded.zone.key == "America/Chicago"
    assert {command.name for command in loaded.content.commands()} >= {"vote", "who", "help"}
    main_term = next(command for command in loaded.content.commands() if command.name == "girder")
    assert main_term.turn == Turn("what_is", "term:girder")
    assert main_term.descriptions["en"] == "What is girder?"
    assert loaded.content.knowledge.kinds["what_is"] == ("term", "org", "person")


def test_an_unproven_quotation_keeps_a_pack_from_being_served(load: Load) -> None:
    loaded = load(proven=False)
    assert loaded.content is None
    assert [finding.problem for finding in errors(loaded.findings)] == ["no proof of the quotations"]


def test_an_intent_that_the_pack_cannot_answer_is_an_error(load: Load) -> None:
    loaded = load(files={"figures.yaml": None})
    (finding,) = errors(loaded.findings)
    assert finding.problem == "the intent how_much_money needs an entry in figures.yaml"


def test_faults_of_facts_and_of_words_are_told_together(load: Load, responses_folder: Path, tmp_path: Path) -> None:
    words = Path(shutil.copytree(responses_folder, tmp_path / "responses"))
    (words / "opinion.html.j2").unlink()
    for changes in (
        {"events.yaml": ("2025-10-19", "2025-10-99")},
        {"topic.yaml": ("zone: America/Chicago", "zone: Mars")},
    ):
        loaded = load(words, changes=changes)
        assert loaded.content is None
        files = {Path(finding.file).name for finding in errors(loaded.findings)}
        assert {"intents.yaml", *changes} <= files


def test_the_clock_is_the_real_one_unless_it_is_set() -> None:
    zone = ZoneInfo("America/Chicago")
    assert isinstance(clock_of(None, zone), SystemClock)
    assert isinstance(clock_of("", zone), SystemClock)
    clock = clock_of("2025-11-06T08:00", zone)
    assert isinstance(clock, RehearsalClock)
    assert clock.start.isoformat() == "2025-11-06T08:00:00-06:00"


@pytest.mark.parametrize(
    "written", ["now", "2025-11-06", "2025-11-31T09:00", "2026-03-08T02:30", "2025-11-02T01:30", "9999-12-31T23:59"]
)
def test_a_wrong_clock_is_one_sentence_that_names_the_variable(written: str) -> None:
    with pytest.raises(SettingsError, match=r"^EXPLAINER_CLOCK: .*\.$"):
        clock_of(written, ZoneInfo("America/Chicago"))


def test_command_of_the_editors_cannot_be_one_of_the_readers(
    load: Load, responses_folder: Path, tmp_path: Path
) -> None:
    words = Path(shutil.copytree(responses_folder, tmp_path / "responses"))
    presets = words / "intents.yaml"
    presets.write_text(presets.read_text("utf-8").replace("command: vote", "command: stats"), "utf-8")
    (finding,) = errors(load(words).findings)
    assert str(finding) == f"{presets}:1: /stats is a command of the editors: choose another word"


def test_intents_at_fault_are_told_before_what_names_them(load: Load, responses_folder: Path, tmp_path: Path) -> None:
    words = Path(shutil.copytree(responses_folder, tmp_path / "words"))
    (words / "intents.yaml").write_text("- {id: 'broken\n", "utf-8")
    loaded = load(words)
    assert loaded.content is None
    assert [Path(found.file).name for found in errors(loaded.findings)] == ["intents.yaml"]
