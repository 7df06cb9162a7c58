"""A trained interpreter over a part of the Dallas pack, made once for all tests of the understanding."""

from pathlib import Path

import pytest

from bot.understanding.encoder import SentenceEncoder
from bot.understanding.pack_interpreter import PackInterpreter
from tests.unit.understanding.packs import dallas

PART = 3  # one of so many groups of questions: enough to be right about plain questions, and quick to train


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The real encoder."""
    return SentenceEncoder()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the trained heads."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def interpreter(encoder: SentenceEncoder, cache: Path) -> PackInterpreter:
    """An interpreter that is ready."""
    made = PackInterpreter(dallas(PART), cache, lambda: encoder)
    assert made.warm() == "ready"
    return made
