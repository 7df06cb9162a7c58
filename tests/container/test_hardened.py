"""The image runs as the runbook says: without rights, on a read-only root, ready soon, and gone when it is told to."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.container.engine import Container, Engine, ask, until

pytestmark = pytest.mark.long
PUBLISHED = "--publish=127.0.0.1::8080"
STOP = 10  # seconds until the engine kills


def work_of(container: Container) -> float:
    """Seconds of CPU that the container's first process has used, which a busy machine does not lengthen much."""
    words = Path(f"/proc/{container.inspect()['State']['Pid']}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def bot(engine: Engine, image: str) -> Iterator[Container]:
    """The page alone, ready."""
    with engine.running(image, PUBLISHED) as container:
        container.wait_until_ready(container.port)
        yield container


def test_page_and_api_answer(bot: Container) -> None:
    status, page = ask(bot.port, "/")
    assert status == 200
    assert "Dallas" in page
    status, text = ask(bot.port, "/api/ask", {"text": "when is the vote?", "at": "2025-11-05T12:00"})
    assert status == 200
    assert json.loads(text)["text"].startswith("Tomorrow: Thursday, November 6")


def test_picture_is_drawn_without_a_writable_root(bot: Container) -> None:
    asked = {"intent": "where_they_stand", "entity": "option:picture", "lang": "es"}
    shown = json.loads(ask(bot.port, "/api/ask", asked)[1])["picture"]
    assert shown["width"] > 600
    with urlopen(f"http://127.0.0.1:{bot.port}{shown['url']}", timeout=20) as answer:
        assert answer.read().startswith(b"\x89PNG")
    assert not bot.inspect()["State"]["OOMKilled"]


def test_it_is_ready_after_little_work(engine: Engine, image: str) -> None:
    with engine.running(image, PUBLISHED) as container:
        container.wait_until_ready(container.port)
        assert work_of(container) <= 5


def test_it_need_not_learn_what_the_build_has_learnt(bot: Container) -> None:
    until(lambda: json.loads(ask(bot.port, "/readyz")[1])["understanding"] == "ok", 60, "both heads")
    kept, trained = bot.exec("ls", "/data/cache"), bot.exec("ls", "/app/trained")
    assert "heads-" in trained
    assert kept == trained
    assert not bot.inspect()["State"]["OOMKilled"]


def test_process_may_do_nothing_but_its_work(bot: Container) -> None:
    status = dict(line.split(":\t", 1) for line in bot.exec("cat", "/proc/1/status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["10001"] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    script = "for place in / /app /app/facts /usr/local/bin; do touch $place/x 2>/dev/null && echo $place; done; true"
    assert bot.exec("sh", "-c", script) == ""


def test_data_is_for_its_owner_alone(bot: Container) -> None:
    owners = bot.exec("stat", "--format=%U %a %n", "/data", "/data/explainer.db", "/data/secret.key").splitlines()
    assert [line.split()[0] for line in owners] == ["explainer"] * 3
    assert {line.split()[1][1:] for line in owners[:1] + owners[2:]} == {"00"}


def test_health_check_asks_the_port_that_is_set(bot: Container) -> None:
    check = " ".join(bot.inspect()["Config"]["Healthcheck"]["Test"][1:])
    assert '"database":"ok"' in bot.exec("sh", "-c", check)
    assert "no answer on port 9" in bot.exec("sh", "-c", f"! EXPLAINER_PORT=9 {check}")


def test_health_check_finds_it_well(engine: Engine, image: str) -> None:
    with engine.running(image, "--health-interval=1s", "--env=EXPLAINER_PORT=9090") as container:
        until(lambda: container.inspect()["State"]["Health"]["Status"] == "healthy", 60, "a healthy container")


def test_sigterm_ends_it_cleanly(engine: Engine, image: str) -> None:
    with engine.running(image, PUBLISHED) as container:
        container.wait_until_ready(container.port)
        engine("stop", "--time", str(STOP), container.id)
        assert container.exit_status == 0
        assert "Stopping: finishing what is in hand." in container.logs()
        assert "Traceback" not in container.logs()


@pytest.mark.parametrize("delay", [0.3, 1.2])
def test_sigterm_ends_it_while_it_starts(engine: Engine, image: str, delay: float) -> None:
    with engine.running(image) as container:
        time.sleep(delay)
        engine("stop", "--time", str(STOP), container.id)
        assert container.exit_status in {0, 143}  # 143: before Python itself was there
