"""The web application with fixed answers, spoken to in process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from bot.core.clock import FixedClock
from bot.phrasebook.book import Phrasebook
from bot.platforms.web.app import create_app
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, site


class RealClock(FixedClock):
    """Stands still, yet counts as the real one: no banner is due."""

    is_set = False


@pytest.fixture
def answer() -> FakeAnswer:
    """The conversation behind the application."""
    return FakeAnswer()


@pytest.fixture
def standing_clock() -> RealClock:
    """A clock nobody set, at noon of November 6, 2025, UTC."""
    return RealClock(datetime(2025, 11, 6, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def phrasebook(responses_folder: Path) -> Phrasebook:
    """The repository's own words."""
    return Phrasebook(responses_folder, ("en", "es"))


@pytest_asyncio.fixture
async def client(
    answer: FakeAnswer, phrasebook: Phrasebook, standing_clock: RealClock
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    app = create_app(answer, phrasebook.page, known_codes(), all_fine, site(standing_clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
        yield client
