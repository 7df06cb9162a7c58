"""An operator with a clone of the repository, who types what the runbook says."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.container.engine import Engine

SECTION = re.compile(r"^## (?P<title>[^\n]+)\n.*?^```\n(?P<commands>.*?)^```", re.MULTILINE | re.DOTALL)
NEEDED = ("LICENSE", "README.md", "pyproject.toml", "requirements.lock")
ROOMS = ("bot", "deploy", "facts", "responses")
NOT_OURS = shutil.ignore_patterns("__pycache__", ".env", "backups", "secrets")
NAME = "bot.internal"  # for which Caddy asks nobody for a certificate
ELSEWHERE = {
    "LISTEN": "127.0.0.1:0", "LISTEN_HTTP": "127.0.0.1:0", "LISTEN_HTTPS": "127.0.0.1:0", "PUBLIC_NAME": NAME,
}  # fmt: skip
PROJECT = "runbook"
SCALED = "compose.scale.yaml"


def sections(text: str) -> dict[str, str]:
    """The commands of each section of a runbook, by its title."""
    return {found["title"]: found["commands"] for found in SECTION.finditer(text)}


class Operator:
    """Types in the clone, and fails where a command does."""

    def __init__(self, engine: Engine, clone: Path, images: dict[str, str]) -> None:
        self.clone = clone
        self._environment = {**engine.environment, **images, **ELSEWHERE, "COMPOSE_PROJECT_NAME": PROJECT}
        self._text = (clone / "deploy" / "README.md").read_text("utf-8")
        self._sections = sections(self._text)

    def type(self, commands: str, given: str = "") -> str:
        """What the commands print; fails where one of them does."""
        status, said = self.attempt(commands, given)
        assert status == 0, f"{commands}\n{said[-4000:]}"
        return said

    def attempt(self, commands: str, given: str = "") -> tuple[int, str]:
        """The exit status, and what the commands print up to the one that fails."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=self.clone, env=self._environment, check=False,
            input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
        )  # fmt: skip
        return done.returncode, done.stdout

    def commands(self, section: str, lines: slice = slice(None)) -> str:
        return "".join(self._sections[section].splitlines(keepends=True)[lines])

    def follow(self, section: str, lines: slice = slice(None)) -> str:
        """What the commands of a section print."""
        return self.type(self.commands(section, lines))

    def within(self, word: str) -> str:
        """The command with this word that stands within a sentence."""
        (command,) = re.findall(rf"`(docker [^`\n]*{word}[^`\n]*)`", self._text)
        return str(command)

    def compose(self, words: str, given: str = "", file: str = "compose.yaml") -> str:
        return self.type(f"docker compose -f deploy/{file} {words}", given)

    def explainer(self, words: str, given: str = "") -> str:
        return self.compose(f"exec --no-TTY bot explainer {words}", given)

    def container(self, service: str, file: str = "compose.yaml") -> str:
        return self.compose(f"ps --all --quiet {service}", file=file).splitlines()[-1]

    def secret(self, name: str) -> str:
        return (self.clone / "deploy" / "secrets" / name).read_text("utf-8").strip()

    def write_secret(self, name: str, content: str) -> None:
        """As an editor does that puts a new file in the place of the old one, with the old one's mode."""
        path = self.clone / "deploy" / "secrets" / name
        new = path.with_suffix(".new")
        new.write_text(f"{content}\n", "utf-8")
        shutil.copymode(path, new)
        new.replace(path)

    def set(self, **variables: str) -> None:
        """Adds variables to deploy/.env."""
        with (self.clone / "deploy" / ".env").open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in variables.items())

    @property
    def port(self) -> int:
        return int(self.compose("port bot 8080").strip().rpartition(":")[2])

    def left_over(self) -> str:
        """What is in the clone beyond the repository, kept files that git ignores included, and which volumes are."""
        volumes = self.type(f"docker volume ls --quiet --filter label=com.docker.compose.project={PROJECT}")
        return self.type("git status --porcelain --ignored") + volumes


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def make_origin(repository: Path, folder: Path) -> None:
    """A repository with all that the image is made of."""
    folder.mkdir()
    for name in NEEDED:
        shutil.copy2(repository / name, folder)
    for room in ROOMS:
        shutil.copytree(repository / room, folder / room, ignore=NOT_OURS)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Begin")


@contextmanager
def at_work(engine: Engine, origin: Path, folder: Path, stand_ins: dict[str, str]) -> Iterator[Operator]:
    """An operator with a clone of `origin` in `folder`, where nothing was started before; all is gone afterwards."""
    git(folder, "clone", "--quiet", str(origin), "clone")
    images = {"POSTGRES_IMAGE": stand_ins["postgres"], "CADDY_IMAGE": stand_ins["caddy"]}
    somebody = Operator(engine, folder / "clone", images)
    _remove(somebody)  # what tests left that were ended: its database has another key
    try:
        yield somebody
    finally:
        _remove(somebody)


def _remove(operator: Operator) -> None:
    operator.compose("down --volumes --remove-orphans --timeout 1")
    operator.type(f"docker volume rm --force {PROJECT}_database {PROJECT}_certificates")
