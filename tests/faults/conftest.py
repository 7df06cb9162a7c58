"""A stage on each backend."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.stage import Stage, stage


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest_asyncio.fixture
async def on_stage(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """A stage of 28 messages a second, as Telegram's."""
    url = None if backend == "sqlite" else request.getfixturevalue("postgres_url")
    async with stage(tmp_path / "var", url) as set_up:
        yield set_up
