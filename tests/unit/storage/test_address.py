from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.storage.address import open_database


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:hush@db/explainer", "not served"),
        ("hush", "not an address"),
        ("postgresql://me:hush@db:port/explainer", "not an address"),
        ("postgresql://me:hush@db", "names no database"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///a.db?key=hush", "must name a file"),
    ],
)
def test_address_that_is_not_served_is_refused_without_repeating_it(folder: Path, url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"DATABASE_URL.*{said}") as caught:
        open_database(url, folder)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_served(folder: Path, scheme: str) -> None:
    database = open_database(f"{scheme}://me:hush@db/explainer?sslmode=require", folder)
    assert database.backend == "postgresql"
    assert database.engine.url.drivername == "postgresql+psycopg"
    assert "hush" not in f"{database.engine!r} {database.engine.url}"
