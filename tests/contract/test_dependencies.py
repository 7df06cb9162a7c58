"""Every dependency is declared with its reason, and locked with its hashes."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HOUSE = {"python-telegram-bot", "pydantic", "jinja2", "pytest-asyncio"}
LOCKS = ("requirements.lock", "requirements-dev.lock")


@dataclass(frozen=True, slots=True)
class Locked:
    """One requirement of a lock file."""

    name: str
    version: Version
    hashes: int


def read_lock(text: str) -> list[Locked]:
    """What a lock file pins; a line that is no exact pin fails."""
    entries = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pin = re.match(r"([\w.\[\],-]+)==([^\s;]+)", line)
        assert pin, f"not an exact version: {line[:80]}"
        name = canonicalize_name(pin[1].partition("[")[0])
        entries.append(Locked(name, Version(pin[2]), len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line))))
    return entries


def unmet(requirements: list[str], lock: list[Locked]) -> list[str]:
    """The requirements that no entry of the lock meets, or that one of several entries of that name does not."""
    missing = []
    for text in requirements:
        wanted = Requirement(text)
        found = [entry for entry in lock if entry.name == canonicalize_name(wanted.name)]
        if not found or not all(entry.version in wanted.specifier for entry in found):
            missing.append(text)
    return missing


@pytest.fixture(scope="module")
def pyproject(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(params=LOCKS)
def lock(request: pytest.FixtureRequest, repository: Path) -> list[Locked]:
    return read_lock((repository / request.param).read_text("utf-8"))


def test_required_packages_of_the_house_are_declared(pyproject: dict[str, Any]) -> None:
    declared = pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]
    assert {canonicalize_name(Requirement(text).name) for text in declared} >= HOUSE


def test_every_dependency_tells_its_reason(repository: Path, pyproject: dict[str, Any]) -> None:
    lines = (repository / "pyproject.toml").read_text("utf-8").splitlines()
    declared = [
        *pyproject["build-system"]["requires"],
        *pyproject["project"]["dependencies"],
        *pyproject["dependency-groups"]["dev"],
    ]
    with_reason = [text for text in declared for line in lines if re.search(rf'"{re.escape(text)}".*#\s*\w', line)]
    assert sorted(with_reason) == sorted(declared)


def test_every_locked_requirement_has_a_hash(lock: list[Locked]) -> None:
    assert lock
    assert not [entry.name for entry in lock if entry.hashes == 0]


def test_locks_hold_the_build_backend_and_the_runtime(lock: list[Locked], pyproject: dict[str, Any]) -> None:
    assert not unmet(pyproject["build-system"]["requires"] + pyproject["project"]["dependencies"], lock)


def test_tests_are_locked_with_the_same_versions_as_the_bot(repository: Path, pyproject: dict[str, Any]) -> None:
    runtime, dev = (
        {(entry.name, entry.version) for entry in read_lock((repository / name).read_text("utf-8"))} for name in LOCKS
    )
    assert runtime <= dev
    assert not unmet(pyproject["dependency-groups"]["dev"], read_lock((repository / LOCKS[1]).read_text("utf-8")))


def test_missing_and_outdated_locks_are_noticed() -> None:
    lock = read_lock(f"# made\nPy_YAML==6.0.1 ; python_version > '3' \\\n    --hash=sha256:{'0' * 64}\nnumpy==2.0\n")
    assert [(entry.name, entry.hashes) for entry in lock] == [("py-yaml", 1), ("numpy", 0)]
    assert unmet(["py.yaml>=6", "numpy>=2.2", "absent"], lock) == ["numpy>=2.2", "absent"]


def test_requirement_that_is_not_exact_is_noticed() -> None:
    with pytest.raises(AssertionError, match="not an exact version"):
        read_lock("numpy>=2\n")
