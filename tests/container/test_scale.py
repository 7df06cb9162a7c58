"""Two replicas behind Caddy, on PostgreSQL: either may die at any moment, and nobody is left without an answer."""

import http.client
import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.container.double import Double
from tests.container.engine import Engine
from tests.double.server import TOKEN

pytestmark = pytest.mark.long
NAME = "bot.internal"  # Caddy is its own authority for such a name
ROOT = "/data/caddy/pki/authorities/local/root.crt"
LIMIT = 10  # seconds until the engine kills what was told to stop


class Site:
    """What compose.scale.yaml describes, in a project of its own."""

    def __init__(self, engine: Engine, repository: Path, folder: Path, images: dict[str, str]) -> None:
        self.project = f"scale-{os.getpid()}"
        self._folder = repository
        self._engine = Engine({**engine.environment, **images, **_given(folder), "COMPOSE_PROJECT_NAME": self.project})

    def compose(self, *words: str, seconds: float = 120) -> str:
        return self._engine("compose", "-f", "deploy/compose.scale.yaml", *words, cwd=self._folder, seconds=seconds)

    def container(self, service: str) -> str:
        return self.compose("ps", "--all", "--quiet", service).splitlines()[-1]

    def address(self, service: str) -> str:
        """The service's address in the network that leads outside."""
        networks = json.loads(self._engine("inspect", self.container(service)))[0]["NetworkSettings"]["Networks"]
        return str(networks[f"{self.project}_outside"]["IPAddress"])

    def visit(self, path: str) -> tuple[int, str]:
        """The status and the text of what is at the public name, by TLS that Caddy's authority vouches for."""
        port = int(self.compose("port", "caddy", "443").rpartition(":")[2])
        trust = ssl.create_default_context(cadata=self.compose("exec", "--no-TTY", "caddy", "cat", ROOT))
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = trust.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname=NAME)
        with closing(connection):
            connection.request("GET", path, headers={"Host": NAME})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def exit_status(self, service: str) -> int:
        return int(self._engine("inspect", "--format", "{{.State.ExitCode}}", self.container(service)))


def _given(folder: Path) -> dict[str, str]:
    """The files and variables that the runbook has an operator make."""
    password = secrets.token_urlsafe()
    contents = {
        "TELEGRAM_BOT_TOKEN_FILE": TOKEN,
        "TELEGRAM_WEBHOOK_SECRET_FILE": secrets.token_urlsafe(),
        "EXPLAINER_SECRET_KEY_FILE": secrets.token_urlsafe(),
        "DATABASE_URL_FILE": f"postgresql://explainer:{password}@postgres/explainer",
        "POSTGRES_PASSWORD_FILE": password,
    }
    for name, content in contents.items():
        (folder / name).write_text(content, "utf-8")
        (folder / name).chmod(0o644)
    return {name: str(folder / name) for name in contents} | {
        "PUBLIC_NAME": NAME, "TELEGRAM_WEBHOOK_URL": f"https://{NAME}/telegram/{secrets.token_urlsafe()}",
        "TELEGRAM_API_URL": "http://telegram:8081", "LISTEN_HTTP": "127.0.0.1:0", "LISTEN_HTTPS": "127.0.0.1:0",
    }  # fmt: skip


@pytest.fixture(scope="module")
def site(
    engine: Engine, image: str, stand_ins: dict[str, str], repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    names = {"BOT_IMAGE": image, "POSTGRES_IMAGE": stand_ins["postgres"], "CADDY_IMAGE": stand_ins["caddy"]}
    site = Site(engine, repository, tmp_path_factory.mktemp("site"), names)
    try:
        site.compose("up", "--detach", "--no-build", "--wait", "caddy", "postgres")
        yield site
    finally:
        site.compose("down", "--volumes", "--timeout", "1")


@pytest.fixture(scope="module")
def telegram(
    engine: Engine, image: str, site: Site, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Double]:
    """Telegram, which trusts Caddy's authority, and both replicas ready for it."""
    root = tmp_path_factory.mktemp("authority") / "root.crt"
    root.write_text(site.compose("exec", "--no-TTY", "caddy", "cat", ROOT), "ascii")
    double = Double(
        engine, image, repository / "tests", ("tests.container.crowd",), f"--network={site.project}_outside",
        "--network-alias=telegram", f"--add-host={NAME}:{site.address('caddy')}", f"--volume={root}:/root.crt:ro",
        "--env=SSL_CERT_FILE=/root.crt",
    )  # fmt: skip
    try:
        site.compose("up", "--detach", "--no-build", "--wait")
        yield double
    finally:
        rest = double.end()
    assert "Traceback" not in rest, rest


def crowd(telegram: Double) -> dict[str, int]:
    """How the last crowd fared."""
    fared: dict[str, int] = json.loads(telegram.hear("crowd: ", 120).removeprefix("crowd: "))
    return fared


def test_everybody_is_answered_once(telegram: Double) -> None:
    telegram.say("20")
    assert crowd(telegram) == {"once": 20, "more": 0, "none": 0, "repeated": 0, "refused": 0}


def test_page_has_its_name_and_no_figures(site: Site, telegram: Double) -> None:
    assert telegram  # the replicas are ready
    status, page = site.visit("/")
    assert status == 200
    assert "Dallas" in page
    assert site.visit("/telegram/guessed")[0] == 404
    assert site.visit("/metrics")[0] >= 400


@pytest.mark.parametrize("victim", ["bot-1", "bot-2"])
def test_either_may_die_at_any_moment(site: Site, telegram: Double, victim: str) -> None:
    telegram.say("60")
    time.sleep(1)
    site.compose("kill", victim)
    during = crowd(telegram)
    assert during["none"] == during["refused"] == 0
    assert during["more"] <= during["repeated"]  # what was in hand of the one that died
    telegram.say("20")
    assert crowd(telegram)["once"] == 20
    site.compose("up", "--detach", "--no-build", "--wait", victim)


def test_all_stop_cleanly(site: Site, telegram: Double) -> None:
    assert telegram
    site.compose("stop", "--timeout", str(LIMIT))
    assert {service: site.exit_status(service) for service in ("bot-1", "bot-2", "caddy", "postgres")} == dict.fromkeys(
        ("bot-1", "bot-2", "caddy", "postgres"), 0
    )
    logs = site.compose("logs", "bot-1", "bot-2")
    assert logs.count("Stopping: finishing what is in hand.") >= 2
    assert "Traceback" not in logs
