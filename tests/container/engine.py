"""Drives a container engine: images, containers, and what a container answers on its published port."""

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HARDENED = (
    "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp", "--memory=512m",
)  # fmt: skip


def until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Waits for something that a busy machine may take its time for; fails with `what` when it has not come."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Engine:
    """The client of an engine; `environment` says where it listens."""

    environment: Mapping[str, str]

    def __call__(self, *words: str | Path, cwd: Path | None = None, seconds: float = 60) -> str:
        """What `docker …` prints, both streams; fails with that where it does not end with 0."""
        done = subprocess.run(
            ["docker", *map(str, words)], cwd=cwd, env=dict(self.environment), check=False, timeout=seconds,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"docker {' '.join(map(str, words))}\n{done.stdout[-4000:]}"
        return done.stdout.strip()

    def once(self, image: str, *command: str, options: tuple[str, ...] = ()) -> str:
        """What a command prints in a hardened container of its own."""
        return self("run", "--rm", "--network=none", *HARDENED, *options, image, *command)

    @contextmanager
    def volume(self) -> Iterator[str]:
        """A volume for data, gone afterwards."""
        name = self("volume", "create")
        try:
            yield name
        finally:
            self("volume", "rm", "--force", name)

    @contextmanager
    def running(self, image: str, *options: str) -> "Iterator[Container]":
        """A hardened container of the image's own command, gone afterwards with its volume."""
        container = Container(self, self("run", "--detach", *HARDENED, *options, image).splitlines()[-1])
        try:
            yield container
        finally:
            self("rm", "--force", "--volumes", container.id)


@dataclass(frozen=True, slots=True)
class Container:
    """One container, by its id."""

    engine: Engine
    id: str

    def inspect(self) -> dict[str, Any]:
        about: dict[str, Any] = json.loads(self.engine("inspect", self.id))[0]
        return about

    def exec(self, *command: str) -> str:
        return self.engine("exec", self.id, *command)

    def logs(self) -> str:
        return self.engine("logs", self.id)

    @property
    def is_running(self) -> bool:
        return bool(self.inspect()["State"]["Running"])

    @property
    def exit_status(self) -> int:
        return int(self.inspect()["State"]["ExitCode"])

    @property
    def port(self) -> int:
        """Where this machine reaches the container's port 8080."""
        return int(self.engine("port", self.id, "8080/tcp").splitlines()[0].rpartition(":")[2])

    def wait_until_ready(self, port: int, seconds: float = 60) -> None:
        """Returns once /readyz says so."""

        def is_ready() -> bool:
            assert self.is_running, self.logs()
            return ask(port, "/readyz")[0] == 200

        until(is_ready, seconds, "a container that is ready")


def ask(port: int, path: str, body: object = None) -> tuple[int, str]:
    """The status and the text of an answer to a GET, or to a POST of JSON; status 0 where there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()
