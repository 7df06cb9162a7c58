"""A real database in a folder of the test's own, and a clock that stands until the test moves it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.storage import Storage, open_storage

SECRET = "the first secret of these tests"


@dataclass
class MovedClock:
    """Stands still until it is moved."""

    instant: datetime = datetime(2025, 10, 24, 23, 0, tzinfo=UTC)
    is_set: bool = True

    def now(self) -> datetime:
        return self.instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)


type_of_opened = Callable[..., AbstractAsyncContextManager[Storage]]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def opened(folder: Path, clock: MovedClock) -> type_of_opened:
    """Opens the storage in `folder` and closes it again; each use is one run of the program."""

    @asynccontextmanager
    async def run(secrets: Sequence[str] = (SECRET,), url: str | None = None) -> AsyncIterator[Storage]:
        storage = await open_storage(url, folder, secrets, clock)
        try:
            yield storage
        finally:
            await storage.close()

    return run


@pytest.fixture
def on_disk(folder: Path) -> Callable[[], bytes]:
    """All bytes of all files in the folder: the database, its write-ahead log, the key."""
    return lambda: b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
