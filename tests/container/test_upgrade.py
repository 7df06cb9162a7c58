"""A new container goes on with what an older one left: its tables, its key, and what readers on Telegram had chosen."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.container.double import Double
from tests.container.engine import Container, Engine, until
from tests.double.server import TOKEN

pytestmark = pytest.mark.long
FIRST_SCHEMA = """
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
with create_engine("sqlite:////data/explainer.db").begin() as connection:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "bot.storage:migrations")
    command.upgrade(config, "0001")
"""
NEWER_SCHEMA = """
import sqlite3
with sqlite3.connect("/data/explainer.db") as database:
    database.execute("UPDATE alembic_version SET version_num = '9999'")
"""


@pytest.fixture
def volume(engine: Engine) -> Iterator[str]:
    with engine.volume() as name:
        yield f"--volume={name}:/data"


def test_oldest_data_is_brought_to_the_new_schema(engine: Engine, image: str, volume: str) -> None:
    engine.once(image, "/app/bin/python", "-c", FIRST_SCHEMA, options=(volume,))
    with engine.running(image, volume, "--publish=127.0.0.1::8080") as container:
        container.wait_until_ready(container.port)
        assert "Everything in it can be read." in container.exec("explainer", "db", "check")


def test_data_of_a_newer_program_is_refused_in_one_sentence(engine: Engine, image: str, volume: str) -> None:
    engine.once(image, "/app/bin/python", "-c", FIRST_SCHEMA + NEWER_SCHEMA, options=(volume,))
    with engine.running(image, volume) as container:
        until(lambda: not container.is_running, 60, "the refusal")
        assert container.exit_status == 2
        assert container.logs().startswith("explainer: The database is newer than this program")
        assert len(container.logs().splitlines()) == 1


@contextmanager
def answering(engine: Engine, image: str, volume: str, double: str) -> Iterator[Container]:
    """The bot on Telegram, in the double's network."""
    options = (f"--network=container:{double}", f"--env=TELEGRAM_BOT_TOKEN={TOKEN}")
    with engine.running(image, volume, *options, "--env=TELEGRAM_API_URL=http://127.0.0.1:8081") as container:
        yield container
        engine("stop", "--time=10", container.id)
        assert container.exit_status == 0, container.logs()
        assert TOKEN not in container.logs()


def test_chosen_language_outlives_the_container(engine: Engine, image: str, volume: str, repository: Path) -> None:
    name = f"double-{os.getpid()}"
    double = Double(engine, image, repository / "tests", ("tests.double", "--port=8081"), f"--name={name}")
    try:
        with answering(engine, image, volume, name):
            double.say("when is the vote?")
            double.hear("no scheduled vote")
            double.say("/language")
            double.hear("[Español]")
            double.say("Español")
            double.hear("español")
        with answering(engine, image, volume, name):
            double.say("/vote")
            double.hear("votación")
    finally:
        rest = double.end()
    assert "refused" not in rest
