"""`explainer db` in this process: what it prints, what it ends with."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command over an empty data folder."""
    for name in ("EXPLAINER_CLOCK", "DATABASE_URL", "EXPLAINER_SECRET_KEY", "EXPLAINER_SECRET_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPLAINER_DATA", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words)


def test_upgrade_makes_the_database_once(invoke: Invoke) -> None:
    first, second = invoke("db", "upgrade"), invoke("db", "upgrade")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "it was none" in first.output
    assert "already" in second.output


def test_check_ends_with_0_where_all_is_well_and_with_1_where_not(invoke: Invoke, tmp_path: Path) -> None:
    invoke("db", "upgrade")
    assert invoke("db", "check").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "var" / "explainer.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0001'")
    behind = invoke("db", "check")
    assert behind.exit_code == 1
    assert "schema 0001" in behind.output
    assert "explainer db upgrade" in behind.output
    with closing(sqlite3.connect(tmp_path / "var" / "explainer.db")) as file, file:
        file.execute("INSERT INTO delivery (chunk_id, subscription_id, state, attempt) VALUES (1, 1, 0, 0)")
    damaged = invoke("db", "check")
    assert damaged.exit_code == 1
    assert "damaged: a row of delivery belongs to none of subscription" in damaged.output


def test_check_without_a_database_is_a_call_at_fault(invoke: Invoke) -> None:
    result = invoke("db", "check")
    assert result.exit_code == 2
    assert "no database at" in result.output


def test_backup_is_one_file_that_is_never_overwritten(invoke: Invoke, tmp_path: Path) -> None:
    invoke("db", "upgrade")
    first, second, unnamed = (
        invoke("db", "backup", "copy.db"),
        invoke("db", "backup", "copy.db"),
        invoke("db", "backup"),
    )
    assert (first.exit_code, second.exit_code, unnamed.exit_code) == (0, 2, 0)
    assert "already" in second.output
    [named_by_time] = tmp_path.glob("explainer-*Z.db")
    assert {path.name for path in tmp_path.iterdir()} == {"var", "copy.db", named_by_time.name}


def test_backup_of_postgresql_is_refused_with_the_remedy(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush@db/explainer")
    result = invoke("db", "backup", "copy.db")
    assert result.exit_code == 2
    assert "pg_dump" in result.output
    assert "hush" not in result.output


def test_server_that_is_out_of_reach_ends_with_3(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush@127.0.0.1:1/explainer")
    result = invoke("db", "check")
    assert result.exit_code == 3
    assert result.output.count("\n") == 1
    assert "hush" not in result.output
    assert "127.0.0.1" not in result.output
