"""The runbook's commands, as they stand there and in its order, keep what it promises."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import Engine, ask

pytestmark = pytest.mark.long
SECTION = re.compile(r"^## (?P<title>[^\n]+)\n.*?^```\n(?P<commands>.*?)^```", re.MULTILINE | re.DOTALL)
NEEDED = ("LICENSE", "README.md", "pyproject.toml", "requirements.lock")
ROOMS = ("bot", "deploy", "facts", "responses")
NOT_OURS = shutil.ignore_patterns("__pycache__", ".env", "backups", "secrets")
# Where the page is, and a name for which Caddy asks nobody for a certificate.
ELSEWHERE = {
    "LISTEN": "127.0.0.1:0", "LISTEN_HTTP": "127.0.0.1:0", "LISTEN_HTTPS": "127.0.0.1:0", "PUBLIC_NAME": "bot.internal",
}  # fmt: skip
SUBSCRIBERS = "".join(
    f'{{"channel": "telegram", "chat": {chat}, "lang": "es", "topic": "dallas-287g"}}\n' for chat in (77_001, 77_002)
)


def sections(text: str) -> dict[str, str]:
    """The commands of each section of a runbook, by its title."""
    return {found["title"]: found["commands"] for found in SECTION.finditer(text)}


class Operator:
    """Somebody with a clone of the repository, who follows the runbook in it."""

    def __init__(self, engine: Engine, clone: Path, images: dict[str, str]) -> None:
        self.clone = clone
        self._environment = {**engine.environment, **images, **ELSEWHERE, "COMPOSE_PROJECT_NAME": "runbook"}
        self._text = (clone / "deploy" / "README.md").read_text("utf-8")
        self._sections = sections(self._text)

    def type(self, commands: str, given: str = "") -> str:
        """What the commands print; fails where one of them does."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=self.clone, env=self._environment, check=False,
            input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout[-4000:]}"
        return done.stdout

    def follow(self, section: str, lines: slice = slice(None)) -> str:
        return self.type("".join(self._sections[section].splitlines(keepends=True)[lines]))

    def within(self, word: str) -> str:
        """The command with this word that stands within a sentence."""
        (command,) = re.findall(rf"`(docker [^`\n]*{word}[^`\n]*)`", self._text)
        return str(command)

    def compose(self, words: str, given: str = "", file: str = "compose.yaml") -> str:
        return self.type(f"docker compose -f deploy/{file} {words}", given)

    def explainer(self, words: str, given: str = "") -> str:
        return self.compose(f"exec --no-TTY bot explainer {words}", given)

    def secret(self, name: str) -> str:
        return (self.clone / "deploy" / "secrets" / name).read_text("utf-8").strip()

    @property
    def port(self) -> int:
        return int(self.compose("port bot 8080").strip().rpartition(":")[2])


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def origin(repository: Path, tmp_path: Path) -> Path:
    """A repository with all that the image is made of."""
    folder = tmp_path / "origin"
    folder.mkdir()
    for name in NEEDED:
        shutil.copy2(repository / name, folder)
    for room in ROOMS:
        shutil.copytree(repository / room, folder / room, ignore=NOT_OURS)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Begin")
    return folder


@pytest.fixture
def operator(engine: Engine, image: str, stand_ins: dict[str, str], origin: Path, tmp_path: Path) -> Iterator[Operator]:
    assert image  # most of it is built already
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    images = {"POSTGRES_IMAGE": stand_ins["postgres"], "CADDY_IMAGE": stand_ins["caddy"]}
    somebody = Operator(engine, tmp_path / "clone", images)
    yield somebody
    somebody.compose("down --volumes --remove-orphans")
    somebody.type("docker volume rm --force runbook_database runbook_certificates")


def test_runbook_is_little_more_than_a_page(repository: Path) -> None:
    text = (repository / "deploy" / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 112
    assert list(sections(text)) == [
        "Secrets", "Start", "By webhook", "Two replicas", "From SQLite to PostgreSQL",
        "Upgrade", "Back up", "Restore", "Watch", "Erase everything",
    ]  # fmt: skip


def test_runbook_keeps_its_word(operator: Operator, origin: Path) -> None:
    operator.follow("Secrets")
    operator.follow("Start")
    assert ask(operator.port, "/")[0] == 200
    assert '"database":"ok"' in operator.follow("Watch")
    assert "made /data/secret.key" not in operator.compose("logs bot")

    operator.explainer("subscribers import -", SUBSCRIBERS)
    operator.follow("Back up")
    assert (operator.clone / "deploy" / "backups" / "explainer.db").stat().st_size
    operator.compose("down --volumes")
    operator.follow("Restore")
    exported = operator.explainer("subscribers export")
    assert "77001" in exported
    assert "77002" in exported
    assert "Everything in it can be read." in operator.follow("Watch")

    with (origin / "deploy" / "health.py").open("a", encoding="utf-8") as file:
        file.write("# A newer one.\n")
    git(origin, "commit", "--quiet", "--all", "--message=Change")
    operator.follow("Upgrade")
    assert "# A newer one." in operator.compose("exec --no-TTY bot cat /app/health.py")
    assert "77001" in operator.explainer("subscribers export")

    operator.follow("Erase everything")
    assert operator.compose("ps --all --quiet") == ""
    assert "runbook_data" not in operator.type("docker volume ls --quiet")
    assert git_status(operator) == ""


def git_status(operator: Operator) -> str:
    """What is in the clone beyond the repository, kept files that git ignores included."""
    return operator.type("git status --porcelain --ignored")


def test_page_alone_needs_no_preparation(operator: Operator) -> None:
    operator.follow("Start")
    assert ask(operator.port, "/readyz")[0] == 200
    assert "the page alone" in operator.compose("logs bot")


def test_subscribers_move_to_two_replicas(operator: Operator) -> None:
    operator.follow("Secrets")
    operator.follow("Start")
    operator.explainer("subscribers import -", SUBSCRIBERS)
    operator.follow("By webhook")
    assert re.fullmatch(r"[A-Za-z0-9_-]{16,256}", operator.secret("telegram_webhook_secret"))
    operator.follow("Two replicas", slice(-1))
    assert "2 added" in operator.follow("From SQLite to PostgreSQL")
    scaled = "compose.scale.yaml"
    for replica in ("bot-1", "bot-2"):
        exported = operator.compose(f"exec --no-TTY {replica} explainer subscribers export", file=scaled)
        assert "77001" in exported
        assert "77002" in exported
    assert "COPY public.subscription " in operator.type(operator.within("pg_dump"))
    assert "Warning" not in operator.follow("Two replicas", slice(-1, None))
    operator.compose("down --volumes", file=scaled)
    operator.follow("Erase everything")
    assert operator.type("docker volume ls --quiet --filter label=com.docker.compose.project=runbook") == ""
    assert git_status(operator) == ""
