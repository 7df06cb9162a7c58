"""A real container engine, and the image, built once for all tests; without root on Debian there is neither."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import Engine
from tests.container.runbook import Operator, at_work, make_origin

OURS = ("EXPLAINER_", "TELEGRAM_", "COMPOSE_", "DATABASE_URL")


def environment_of(script: Path) -> dict[str, str]:
    """This process's environment with what leads to the engine, and nothing that the program would read."""
    shown = subprocess.run(
        ["bash", "-c", 'eval "$("$0" env)" && env --null', script], check=True, capture_output=True, text=True
    )
    pairs = (entry.split("=", 1) for entry in shown.stdout.split("\0") if entry)
    return {name: value for name, value in pairs if not name.startswith(OURS)}


@pytest.fixture(scope="session")
def engine(shared: Path) -> Iterator[Engine]:
    """A running engine; one that was not running before is stopped afterwards."""
    script = shared / "container" / "engine"
    if not script.is_file():
        pytest.skip("nothing beside the repository starts a container engine")
    if os.geteuid() != 0 or not shutil.which("dpkg"):
        pytest.skip("a container engine can be started only as root on Debian")
    environment = environment_of(script)
    found = subprocess.run(["docker", "version"], env=environment, check=False, capture_output=True)
    subprocess.run([script, "up"], check=True, timeout=500, stdout=subprocess.DEVNULL)
    yield Engine(environment)
    if found.returncode != 0:
        subprocess.run([script, "down"], check=True, timeout=60)


@pytest.fixture(scope="session")
def image(engine: Engine, repository: Path) -> str:
    """The name of the image, built from this working tree."""
    name = "civic-explainer:tested"
    # By Compose, as the runbook does it: what `docker build` made would not spare the runbook's own build.
    build_arguments = ("--build-arg", "VERSION=9.8.7", "--build-arg", "REVISION=abcdef")
    engine("compose", "-f", "deploy/compose.yaml", "build", *build_arguments, cwd=repository, seconds=900)
    engine("tag", "civic-explainer", name)
    return name


@pytest.fixture(scope="session")
def stand_ins(engine: Engine, repository: Path) -> dict[str, str]:
    """The names of images that stand in for PostgreSQL's and Caddy's own, and of one that checks manifests."""
    folder = repository / "tests" / "container" / "stand_ins"
    names = {target: f"explainer-stand-in-{target}" for target in ("postgres", "caddy", "checks")}
    for target, name in names.items():
        engine("build", "--file", "Containerfile", "--target", target, "--tag", name, ".", cwd=folder, seconds=300)
    return names


@pytest.fixture
def origin(repository: Path, tmp_path: Path) -> Path:
    """A repository with all that the image is made of."""
    make_origin(repository, tmp_path / "origin")
    return tmp_path / "origin"


@pytest.fixture
def operator(engine: Engine, image: str, stand_ins: dict[str, str], origin: Path, tmp_path: Path) -> Iterator[Operator]:
    """Somebody who follows the runbook."""
    assert image  # most of it is built already
    with at_work(engine, origin, tmp_path, stand_ins) as somebody:
        yield somebody
