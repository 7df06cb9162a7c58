"""`explainer subscribers` in this process, on both databases."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

Invoke = Callable[..., Result]

PLAIN = {
    "channel": "telegram",
    "chat": 7305551234,
    "lang": "es",
    "topic": "dallas-287g",
    "since": "2025-10-24T23:00:00+00:00",
}
CHOSEN = PLAIN | {"chat": -1007305551234, "lang": "en", "off": ["week", "hours"], "paused": True, "thread": 4321}


def lines(*entries: dict[str, Any] | str) -> str:
    return "".join((entry if isinstance(entry, str) else json.dumps(entry)) + "\n" for entry in entries)


@pytest.fixture(params=["sqlite", "postgresql"])
def invoke(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command over an empty database."""
    for name in ("EXPLAINER_CLOCK", "DATABASE_URL", "EXPLAINER_SECRET_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPLAINER_SECRET_KEY", "the secret of these tests")
    monkeypatch.setenv("EXPLAINER_DATA", str(tmp_path / "var"))
    if request.param == "postgresql":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))
    return lambda *words, given=None: CliRunner().invoke(main, ("subscribers", *words), input=given)


def exported(invoke: Invoke, *words: str) -> list[dict[str, Any]]:
    result = invoke("export", *words)
    assert result.exit_code == 0, result.output
    return sorted((json.loads(line) for line in result.stdout.splitlines()), key=lambda entry: -entry["chat"])


def test_what_is_imported_is_exported_and_counted(invoke: Invoke) -> None:
    result = invoke("import", "-", given=lines(PLAIN, CHOSEN))
    assert (result.exit_code, result.stdout) == (0, "2 added, 0 there already, 0 lines at fault\n")
    assert exported(invoke) == [PLAIN, CHOSEN]
    assert invoke("count").stdout == "2\n"


def test_repeated_import_changes_nothing(invoke: Invoke) -> None:
    invoke("import", "-", given=lines(PLAIN, CHOSEN))
    again = invoke("import", "-", given=lines(CHOSEN, PLAIN | {"lang": "en"}, PLAIN))
    assert (again.exit_code, again.stdout) == (0, "0 added, 3 there already, 0 lines at fault\n")
    assert exported(invoke) == [PLAIN, CHOSEN]


def test_chat_that_stands_twice_in_a_file_counts_as_its_first_line_says(invoke: Invoke) -> None:
    result = invoke("import", "-", given=lines(PLAIN, PLAIN | {"lang": "en"}))
    assert result.stdout == "1 added, 1 there already, 0 lines at fault\n"
    assert exported(invoke) == [PLAIN]


def test_each_faulty_line_is_named_and_no_other_is_lost(invoke: Invoke) -> None:
    wrong: list[dict[str, Any] | str] = [
        "nonsense",
        "[]",
        {name: value for name, value in PLAIN.items() if name != "topic"},
        PLAIN | {"name": "somebody"},
        PLAIN | {"chat": "7305559999x"},
        PLAIN | {"chat": True},
        PLAIN | {"chat": 0},
        PLAIN | {"lang": "español"},
        PLAIN | {"off": ["month"]},
        PLAIN | {"since": "2025-10-24T18:00:00"},
        PLAIN | {"paused": "yes"},
        PLAIN | {"thread": -1},
        '{"channel": "telegram", "chat": 7305559999',
    ]
    result = invoke("import", "-", given=lines(PLAIN, "", *wrong, CHOSEN))
    assert result.exit_code == 1
    assert result.stdout == f"2 added, 0 there already, {len(wrong)} lines at fault\n"
    named = [line.partition(": ")[0] for line in result.stderr.splitlines() if line.startswith("line ")]
    assert named == [f"line {number}" for number in range(3, 3 + len(wrong))]
    assert "line 5: topic: is missing: write the topic's id" in result.stderr
    assert "line 6: name: is not known: leave it out" in result.stderr
    assert "line 7: chat: cannot be read: write the chat's id" in result.stderr
    assert "7305559999" not in result.output
    assert exported(invoke) == [PLAIN, CHOSEN]


def test_bytes_that_are_no_text_are_a_faulty_line(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"\xff\xfe\x00\n" + lines(PLAIN).encode())
    result = invoke("import", str(tmp_path / "lines"))
    assert result.exit_code == 1
    assert "line 1: is no JSON object" in result.stderr
    assert exported(invoke) == [PLAIN]


def test_import_in_several_pages_keeps_all(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.subscribers.PAGE", 7)
    monkeypatch.setattr("bot.storage.subscription_list.PAGE", 5)
    result = invoke("import", "-", given=lines(*(PLAIN | {"chat": number} for number in range(1, 31))))
    assert result.stdout.startswith("30 added")
    assert [entry["chat"] for entry in exported(invoke)] == list(range(30, 0, -1))


def test_topics_are_counted_and_exported_apart(invoke: Invoke) -> None:
    invoke("import", "-", given=lines(PLAIN, PLAIN | {"topic": "another"}, CHOSEN))
    assert invoke("count", "--topic", "another").stdout == "1\n"
    assert [entry["topic"] for entry in exported(invoke, "--topic", "another")] == ["another"]


@pytest.mark.parametrize("clock", ["2025-10-24T18:00:00-05:00", "2025-10-24T18:00"])
def test_line_without_an_instant_counts_from_now_by_the_set_clock(
    invoke: Invoke, clock: str, facts_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLAINER_CLOCK", clock)
    monkeypatch.setenv("EXPLAINER_FACTS", str(facts_folder))
    invoke("import", "-", given=lines({name: value for name, value in PLAIN.items() if name != "since"}))
    assert exported(invoke)[0]["since"].startswith("2025-10-24T23:00:")


def test_file_that_is_not_there_is_a_call_at_fault(invoke: Invoke) -> None:
    assert invoke("import", "nowhere.jsonl").exit_code == 2


def test_empty_file_adds_nothing(invoke: Invoke) -> None:
    result = invoke("import", "-", given="\n\n")
    assert (result.exit_code, result.stdout) == (0, "0 added, 0 there already, 0 lines at fault\n")
    assert invoke("count").stdout == "0\n"


@pytest.mark.parametrize("invoke", ["sqlite"], indirect=True)
def test_database_that_fails_on_the_way_is_said_with_how_to_go_on(invoke: Invoke, tmp_path: Path) -> None:
    invoke("count")
    with closing(sqlite3.connect(tmp_path / "var" / "explainer.db")) as file:
        file.execute("CREATE TRIGGER refuse BEFORE INSERT ON subscription BEGIN SELECT RAISE(FAIL, 'no'); END")
    result = invoke("import", "-", given=lines(PLAIN))
    assert result.exit_code == 3
    assert "0 were added before; importing the same again adds the rest" in result.stderr
    assert "7305551234" not in result.output
