"""The rooms of the house depend on one another downward only."""

import subprocess
import sysconfig
from pathlib import Path


def test_import_contracts_of_the_house_are_kept(repository: Path) -> None:
    command = Path(sysconfig.get_path("scripts")) / "lint-imports"
    run = subprocess.run(
        [command, "--no-logo", "--no-cache", "--config", repository / "pyproject.toml"],
        cwd=repository,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 0 broken" in run.stdout
