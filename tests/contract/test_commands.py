"""`make run` sets up what it needs once, again where that changed, and says in one sentence what it lacks."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

# Stands in for an interpreter and for the one in the virtual environment that it makes; notes what it is asked to do.
INTERPRETER = """#!/bin/sh
case "$*" in
  *version_info*) exit ${OLD:-0} ;;
  *ensurepip*) exit ${WITHOUT_VENV:-0} ;;
  *"-m venv"*)
    echo venv >>done.log; mkdir -p .venv/bin; cp "$0" .venv/bin/python
    printf '#!/bin/sh\\necho started\\n' >.venv/bin/explainer; chmod +x .venv/bin/explainer ;;
  *--require-hashes*) echo requirements >>done.log; exit ${REFUSED:-0} ;;
  *--editable*) echo project >>done.log ;;
esac
"""
FROM_NOTHING = ["venv", "requirements", "project"]


class Made(NamedTuple):
    """What a call of make ended with, said, and had the interpreter do."""

    status: int
    output: str
    steps: list[str]


class Clone:
    """A folder with what `make run` reads, and the stand-in for Python beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        python = folder / "python-stand-in"
        python.write_text(INTERPRETER, "utf-8")
        python.chmod(0o755)

    def run(self, **environment: str) -> Made:
        log = self.folder / "done.log"
        log.write_text("", "utf-8")
        call = ["make", "--silent", "run", "PYTHON=./python-stand-in"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        env = clean | environment
        made = subprocess.run(call, cwd=self.folder, env=env, check=False, capture_output=True, text=True)
        return Made(made.returncode, made.stdout + made.stderr, log.read_text("utf-8").split())

    def change(self, name: str) -> None:
        """Makes a file newer than everything that was made until now."""
        newest = max(path.stat().st_mtime for path in self.folder.rglob("*") if path.exists())
        os.utime(self.folder / name, (newest + 1, newest + 1))


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Clone:
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(repository / name, folder)
    return Clone(folder)


def test_first_run_sets_up_and_second_starts_at_once(clone: Clone) -> None:
    first, second = clone.run(), clone.run()
    assert (first.status, first.steps) == (0, FROM_NOTHING)
    assert second == Made(0, "started\n", [])


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_changed_requirements_are_installed_into_what_is_there(clone: Clone, name: str) -> None:
    clone.run()
    clone.change(name)
    assert clone.run().steps == ["requirements", "project"]


def test_interrupted_install_begins_from_nothing(clone: Clone) -> None:
    clone.run()
    (clone.folder / ".venv" / ".unfinished").touch()
    assert clone.run().steps == FROM_NOTHING
    assert clone.run().steps == []


def test_refused_install_fails_and_is_tried_again(clone: Clone) -> None:
    refused = clone.run(REFUSED="1")
    assert refused.status != 0
    assert "started" not in refused.output
    assert clone.run().steps == ["requirements", "project"]


def test_moved_clone_is_set_up_anew(clone: Clone) -> None:
    clone.run()
    moved = Clone(clone.folder.rename(clone.folder.with_name("moved")))
    assert moved.run().steps == FROM_NOTHING


def test_old_python_is_said_with_the_remedy(clone: Clone) -> None:
    made = clone.run(OLD="1")
    assert made.status != 0
    assert made.steps == []
    assert "Python 3.11 or newer is needed" in made.output
    assert "make PYTHON=python3.11 run" in made.output


def test_missing_venv_module_is_said_with_the_remedy(clone: Clone) -> None:
    made = clone.run(WITHOUT_VENV="1")
    assert made.status != 0
    assert made.steps == []
    assert "apt install python3-venv" in made.output
