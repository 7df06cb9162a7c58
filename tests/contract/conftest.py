"""What the contracts are read from: the files that belong to the repository, and the modules of the package."""

import ast
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def own_files(repository: Path) -> tuple[str, ...]:
    """Every file that is committed or would be, as a path below the root; skips outside a git clone."""
    if not (repository / ".git").exists():
        pytest.skip("not a git clone: nobody can tell which files belong to the repository")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    )
    names = listing.stdout.split("\0")
    return tuple(sorted({name for name in names if name and (repository / name).is_file()}))


@pytest.fixture(scope="session")
def modules(repository: Path) -> Mapping[str, ast.Module]:
    """Every module of the package, parsed, by its path below the root."""
    paths = sorted((repository / "bot").rglob("*.py"))
    return {path.relative_to(repository).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}
