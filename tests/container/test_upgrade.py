"""A new container goes on with what an older one left: its tables, its key, and what readers on Telegram had chosen."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

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


class Double:
    """The Bot API's double in a container of its own, by its standard input and output."""

    def __init__(self, engine: Engine, image: str, tests: Path, name: str) -> None:
        command = [
            "docker", "run", "--rm", "--interactive", f"--name={name}", f"--volume={tests}:/double/tests:ro",
            "--env=PYTHONPATH=/double", image, "/app/bin/python", "-m", "tests.double", "--port=8081",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, env=dict(engine.environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1,
        )  # fmt: skip
        self._lines: Queue[str] = Queue()
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()
        self.hear("TELEGRAM_API_URL=")

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)

    def say(self, text: str) -> None:
        """Writes a line, or presses the button of that label."""
        assert self._process.stdin
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def hear(self, words: str, seconds: float = 60) -> None:
        """Reads on until a line of what the bot sent holds these words."""
        heard: list[str] = []
        while not heard or words not in heard[-1]:
            try:
                heard.append(self._lines.get(timeout=seconds))
            except Empty:
                pytest.fail(f"never heard: {words}\n{''.join(heard[-40:])}")

    def end(self) -> str:
        """Hangs up; what was not read until then. The double tells of calls that it refused when all is said."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._reading.join(timeout=30)
        self._process.stdout.close()
        return "".join(self._lines.get() for _ in range(self._lines.qsize()))


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
    double = Double(engine, image, repository / "tests", name)
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
