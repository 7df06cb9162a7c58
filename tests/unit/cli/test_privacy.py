"""`explainer privacy` in this process: every column is told once it holds something, or the command fails."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

Invoke = Callable[..., Result]


@pytest.fixture
def responses(tmp_path: Path, responses_folder: Path) -> Path:
    """A folder with the list of what is kept, for a test to change."""
    shutil.copy(responses_folder / "kept.yaml", tmp_path)
    return tmp_path


@pytest.fixture
def invoke(responses: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setenv("EXPLAINER_RESPONSES", str(responses))
    monkeypatch.setenv("EXPLAINER_RETENTION_DAYS", "45")
    return lambda *words: CliRunner().invoke(main, ["privacy", *words])


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "kept.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_each_item_is_told_with_its_time_and_its_columns(invoke: Invoke) -> None:
    told = invoke()
    assert told.exit_code == 0
    assert "Until you stop them, or 45 days after they end." in told.output
    assert "  reader.turn_at: when the last turn was; it lives ten minutes" in told.output
    assert "  delivery.message_id: the platform's id of the message" in told.output
    assert "{" not in told.output


def test_it_is_told_in_the_other_language_too(invoke: Invoke) -> None:
    told = invoke("--lang", "es")
    assert told.exit_code == 0
    assert "Hasta que los detengas, o 45 días después de que terminen." in told.output


def test_language_that_it_is_not_written_in_is_refused(invoke: Invoke) -> None:
    refused = invoke("--lang", "fr")
    assert refused.exit_code == 2
    assert "write one of en, es" in refused.output


def test_column_that_is_not_told_fails(invoke: Invoke, responses: Path) -> None:
    change(responses, "    - subscription.sealed\n", "")
    failed = invoke()
    assert failed.exit_code == 1
    assert "kept.yaml does not tell of subscription.sealed" in failed.output


def test_column_that_is_not_there_fails(invoke: Invoke, responses: Path) -> None:
    change(responses, "subscription.sealed", "subscription.name")
    failed = invoke()
    assert failed.exit_code == 1
    assert "kept.yaml names columns that no table has: subscription.name" in failed.output


def test_list_that_cannot_be_read_is_named_with_its_line(invoke: Invoke, responses: Path) -> None:
    change(responses, "- id: last-question", "- id: Last Question")
    failed = invoke()
    assert failed.exit_code == 1
    assert "kept.yaml:7: id" in failed.output


def test_missing_list_fails(invoke: Invoke, responses: Path) -> None:
    (responses / "kept.yaml").unlink()
    assert invoke().exit_code == 1
