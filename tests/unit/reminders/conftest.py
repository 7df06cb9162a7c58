"""A newsroom to edit in, over the small pack."""

import pytest

from bot.factbase.loader import load_pack
from tests.unit.conftest import FILES
from tests.unit.reminders.newsroom import Ledger, Newsroom


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Writes packs with any reports."""
    folder = tmp_path_factory.mktemp("packs") / "old-bridge"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    pack, _ = load_pack(folder)
    assert pack is not None
    return Newsroom(pack)


@pytest.fixture
def ledger() -> Ledger:
    """A ledger with nothing in it."""
    return Ledger()
