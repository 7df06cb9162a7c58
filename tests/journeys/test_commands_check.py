"""The command `explainer check` as a process, and that a pack with errors is not served."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Check = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def packs(facts_folder: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the Dallas pack, to be spoilt."""
    shutil.copytree(facts_folder / "dallas-287g", tmp_path / "facts" / "dallas-287g")
    return tmp_path / "facts"


@pytest.fixture
def explainer(packs: Path, tmp_path: Path, data: Path) -> Check:
    """Runs a command of `explainer` beside the copied pack."""

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        settings = {"PATH": os.environ["PATH"], "EXPLAINER_FACTS": str(packs), "EXPLAINER_DATA": str(data)}
        return subprocess.run(
            [Path(sys.executable).with_name("explainer"), *words],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def spoil(packs: Path, name: str, old: str, new: str) -> int:
    """Replaces the first `old` in a file of the pack; its line."""
    path = packs / "dallas-287g" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_pack_has_no_error_and_a_review_that_is_due_only_warns(explainer: Check) -> None:
    done = explainer("check", "--at", "2027-06-01T12:00")
    assert done.returncode == 0, done.stdout
    assert "facts/dallas-287g: 0 errors" in done.stdout
    assert "not checked" in done.stdout
    assert "warning: 2026-12-02 has passed" in done.stdout


def test_the_articles_prove_every_quotation_and_the_lock_comes_out_the_same(
    explainer: Check, packs: Path, shared: Path, pack_folder: Path
) -> None:
    (packs / "dallas-287g" / "quotes.lock").unlink()
    assert explainer("check").returncode == 1
    done = explainer("check", "--articles", str(shared / "articles"))
    assert done.returncode == 0, done.stdout
    assert "stand letter for letter" in done.stdout
    written = (packs / "dallas-287g" / "quotes.lock").read_bytes()
    assert written == (pack_folder / "quotes.lock").read_bytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("callous political stunt", "callous politcal stunt"),
        ("Ice makes our communities", "ICE makes our communities"),
        ("fugitives, drug traffickers and more", "fugitives and drug traffickers and more"),
    ],
)
def test_one_changed_letter_fails_at_its_line(explainer: Check, packs: Path, shared: Path, old: str, new: str) -> None:
    line = spoil(packs, "statements.yaml", old, new)
    lock = (packs / "dallas-287g" / "quotes.lock").read_bytes()
    alone, proven = explainer("check"), explainer("check", "--articles", str(shared / "articles"))
    for done in (alone, proven):
        assert done.returncode == 1
        assert re.search(rf"facts/dallas-287g/statements.yaml:{line}: [\w.]*quote", done.stdout)
        assert "Traceback" not in done.stderr
    assert "the nearest passage is “" in proven.stdout
    assert old.split(",", maxsplit=1)[0].rsplit(maxsplit=1)[-1] in proven.stdout
    assert (packs / "dallas-287g" / "quotes.lock").read_bytes() == lock


def test_findings_come_as_json_too(explainer: Check, packs: Path) -> None:
    line = spoil(packs, "events.yaml", "when: 2025-10-14", "when: 2025-10-41")
    done = explainer("check", "dallas-287g", "--as", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["pack"] == "dallas-287g"
    errors = [one for one in report["findings"] if one["level"] == "error"]
    assert [(one["file"], one["line"], one["field"]) for one in errors] == [
        ("facts/dallas-287g/events.yaml", line, "when")
    ]
    assert set(errors[0]) == {"file", "line", "field", "problem", "remedy", "level"}


def test_errors_in_several_files_are_all_told(explainer: Check, packs: Path) -> None:
    places = [
        ("events.yaml", spoil(packs, "events.yaml", "sources: [krld]", "sources: [krdl]")),
        ("help.yaml", spoil(packs, "help.yaml", "phone: 911", "phone: nine one one")),
        ("people.yaml", spoil(packs, "people.yaml", "surname: Resendez", "surnmae: Resendez")),
        ("questions/es.yaml", spoil(packs, "questions/es.yaml", "when_is_the_vote:", "when_is_teh_vote:")),
        ("topic.yaml", spoil(packs, "topic.yaml", "term: 287g", "term: 287h")),
    ]
    done = explainer("check")
    assert done.returncode == 1
    for name, line in places:
        assert f"facts/dallas-287g/{name}:" in done.stdout, name
        if name != "people.yaml":
            assert f"facts/dallas-287g/{name}:{line}: " in done.stdout, (name, line, done.stdout)


def test_a_pack_with_errors_is_refused_with_its_findings(explainer: Check, packs: Path) -> None:
    line = spoil(packs, "decisions.yaml", "when: 2025-11-06T09:00", "when: 2025-11-31T09:00")
    for words in (["run"], ["ask", "hi"]):
        done = explainer(*words)
        assert done.returncode == 1
        assert f"decisions.yaml:{line}: reports.1.when: '2025-11-31T09:00' is not a day: November has 30" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["check", "--articles", "/nonexistent"], 2),
        (["check", "--as", "xml"], 2),
        (["check", "--at", "soon"], 2),
        (["check", "--at", "0001-01-01T00:00Z"], 2),
        (["check", "no-such-pack"], 1),
    ],
)
def test_a_wrong_call_says_so(explainer: Check, words: list[str], status: int) -> None:
    done = explainer(*words)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert done.stderr or done.stdout
