"""The Bot API's double in a container of its own, by its standard input and output."""

import subprocess
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from tests.container.engine import Engine


class Double:
    """`program` in a container of the image: a module of the tests, with its options. `options` are the container's."""

    def __init__(self, engine: Engine, image: str, tests: Path, program: tuple[str, ...], *options: str) -> None:
        command = [
            "docker", "run", "--rm", "--interactive", f"--volume={tests}:/double/tests:ro", "--env=PYTHONPATH=/double",
            *options, image, "/app/bin/python", "-m", *program,
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
        """Writes a line to the program."""
        assert self._process.stdin
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def hear(self, words: str, seconds: float = 60) -> str:
        """Reads on until a line of what the program says holds these words, and gives it."""
        heard: list[str] = []
        while not heard or words not in heard[-1]:
            try:
                heard.append(self._lines.get(timeout=seconds))
            except Empty:
                pytest.fail(f"never heard: {words}\n{''.join(heard[-40:])}")
        return heard[-1]

    def end(self) -> str:
        """Hangs up; what was not read until then. The double tells of calls that it refused when all is said."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._reading.join(timeout=30)
        self._process.stdout.close()
        return "".join(self._lines.get() for _ in range(self._lines.qsize()))
