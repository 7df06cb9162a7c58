"""Where things stand and what time it is, for every test."""

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.clock import FixedClock
from bot.settings import Settings
from bot.wiring import Explainer, build
from tests.postgres import lone_postgres, postgres, postgres_url

__all__ = ["lone_postgres", "postgres", "postgres_url"]  # fixtures


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def facts_folder(repository: Path) -> Path:
    """The folder of the packs."""
    return repository / "facts"


@pytest.fixture(scope="session")
def pack_folder(facts_folder: Path) -> Path:
    """The Dallas pack, the one that is served."""
    return facts_folder / "dallas-287g"


@pytest.fixture(scope="session")
def responses_folder(repository: Path) -> Path:
    """The folder of the templates."""
    return repository / "responses"


@pytest.fixture(scope="session")
def shared(repository: Path) -> Path:
    """The folder beside the repository that holds the articles and measures; on most machines there is none."""
    folder = repository.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder `shared` beside the repository: what is compared with it is not checked here")
    return folder


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at the first moment of the story: Friday, October 24, 2025, 6 p.m. in Dallas."""
    return FixedClock(datetime(2025, 10, 24, 18, tzinfo=ZoneInfo("America/Chicago")))


@pytest.fixture(scope="session")
def is_bounded() -> bool:
    """Whether a long test has to keep to its short form (`EXPLAINER_LONG=bounded`, as .ci/run sets it)."""
    return os.environ.get("EXPLAINER_LONG") == "bounded"


@pytest.fixture(scope="session")
def served(repository: Path) -> Explainer:
    """The Dallas pack as it is served, with everything trained: in half a minute or so, then from test-output/cache."""
    explainer = build(Settings(explainer_data=repository / "test-output"))
    assert explainer.interpreter.warm() == "ready"
    return explainer


@pytest.fixture
def data(served: Explainer, repository: Path, tmp_path: Path) -> Path:
    """A data folder for a process of the program, with nothing in it but what was trained before."""
    folder = tmp_path / "var"
    folder.mkdir()
    (folder / "cache").symlink_to(repository / "test-output" / "cache")
    return folder
