"""Two replicas behind Caddy, on PostgreSQL, as the runbook makes them: what happens to one, no reader notices."""

import http.client
import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.container.crowd import PORT
from tests.container.double import Double
from tests.container.engine import Engine
from tests.container.runbook import NAME, PROJECT, SCALED, Operator, at_work, git, make_origin
from tests.double.server import TOKEN

pytestmark = pytest.mark.long
ROOT = "/data/caddy/pki/authorities/local/root.crt"  # Caddy is its own authority for the name
LIMIT = 10  # seconds until the engine kills what was told to stop
REPLICAS = ("bot-1", "bot-2")
SUBSCRIBERS = "".join(
    f'{{"channel": "telegram", "chat": {chat}, "lang": "es", "topic": "dallas-287g"}}\n'
    for chat in (77_001_001_001, 77_002_002_002)
)


@pytest.fixture(scope="module")
def site(
    engine: Engine, image: str, stand_ins: dict[str, str], repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operator]:
    """Somebody who has made what two replicas need, and started all but them."""
    assert image  # most of it is built already
    folder = tmp_path_factory.mktemp("site")
    make_origin(repository, folder / "origin")
    with at_work(engine, folder / "origin", folder, stand_ins) as operator:
        try:
            operator.follow("Secrets")
            operator.write_secret("telegram_bot_token", TOKEN)
            operator.type(operator.commands("By webhook").replace("bot.example.org", NAME))
            operator.set(TELEGRAM_API_URL=f"http://telegram:{PORT}")
            operator.follow("Two replicas", slice(-1))
            operator.compose("up --detach --wait caddy postgres", file=SCALED)
            yield operator
        finally:
            operator.compose("down --volumes --timeout 1", file=SCALED)


@pytest.fixture(scope="module")
def telegram(engine: Engine, image: str, site: Operator, repository: Path) -> Iterator[Double]:
    """Telegram, which trusts Caddy's authority, and both replicas ready for it."""
    root = site.clone.parent / "root.crt"
    root.write_text(site.compose(f"exec --no-TTY caddy cat {ROOT}", file=SCALED), "ascii")
    double = Double(
        engine, image, repository / "tests", ("tests.container.crowd",), f"--network={PROJECT}_outside",
        "--network-alias=telegram", f"--add-host={NAME}:{address(engine, site)}", f"--volume={root}:/root.crt:ro",
        "--env=SSL_CERT_FILE=/root.crt",
    )  # fmt: skip
    try:
        site.follow("Two replicas", slice(-1, None))
        yield double
    finally:
        rest = double.end()
    assert "Traceback" not in rest, rest


def address(engine: Engine, site: Operator) -> str:
    """Caddy's, in the network that leads outside."""
    about = json.loads(engine("inspect", site.container("caddy", SCALED)))[0]
    return str(about["NetworkSettings"]["Networks"][f"{PROJECT}_outside"]["IPAddress"])


def visit(site: Operator, path: str) -> tuple[int, str]:
    """The status and the text of what is at the public name, by TLS that Caddy's authority vouches for."""
    port = int(site.compose("port caddy 443", file=SCALED).rpartition(":")[2])
    trust = ssl.create_default_context(cadata=site.compose(f"exec --no-TTY caddy cat {ROOT}", file=SCALED))
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.sock = trust.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname=NAME)
    with closing(connection):
        connection.request("GET", path, headers={"Host": NAME})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def crowd(telegram: Double, people: int) -> Counter[str]:
    """How a crowd fares."""
    telegram.say(str(people))
    return Counter(json.loads(telegram.hear("crowd: ", 180).removeprefix("crowd: ")))


def follow_in_a_crowd(site: Operator, telegram: Double, section: str, lines: slice) -> Counter[str]:
    """How one crowd after the other fares while the runbook's commands run."""
    fared: Counter[str] = Counter()
    with ThreadPoolExecutor(1) as hands:
        working = hands.submit(site.follow, section, lines)
        while not working.done():
            fared += crowd(telegram, 40)
        working.result()
    return fared + crowd(telegram, 20)


def assert_nobody_noticed(fared: Counter[str]) -> None:
    assert fared["none"] == fared["refused"] == 0
    assert fared["more"] <= fared["repeated"]  # what was in hand of one that died
    assert fared["once"] >= 60


def started_at(engine: Engine, site: Operator) -> list[str]:
    return [engine("inspect", "--format", "{{.State.StartedAt}}", site.container(one, SCALED)) for one in REPLICAS]


def exported(site: Operator) -> list[str]:
    """What both replicas know of subscriptions, in order."""
    command = "exec --no-TTY {} explainer subscribers export"
    lists = [site.compose(command.format(one), file=SCALED) for one in REPLICAS]
    assert lists[0] == lists[1]
    return sorted(line for line in lists[0].splitlines() if '"chat"' in line)


def test_everybody_is_answered_once(telegram: Double) -> None:
    assert crowd(telegram, 20) == Counter(once=20)


def test_page_has_its_name_and_no_figures(site: Operator, telegram: Double) -> None:
    assert telegram  # the replicas are ready
    status, page = visit(site, "/")
    assert status == 200
    assert "Dallas" in page
    assert visit(site, "/telegram/guessed")[0] == 404
    assert visit(site, "/metrics")[0] >= 400


@pytest.mark.parametrize("victim", REPLICAS)
def test_either_may_die_at_any_moment(site: Operator, telegram: Double, victim: str) -> None:
    with ThreadPoolExecutor(1) as people:
        asking = people.submit(crowd, telegram, 60)
        time.sleep(1)
        site.compose(f"kill {victim}", file=SCALED)
        assert_nobody_noticed(asking.result())
    assert crowd(telegram, 20)["once"] == 20
    site.compose(f"up --detach --wait {victim}", file=SCALED)


def test_upgrade_in_turn_loses_no_update(engine: Engine, site: Operator, telegram: Double) -> None:
    origin = site.clone.parent / "origin"
    with (origin / "deploy" / "health.py").open("a", encoding="utf-8") as file:
        file.write("# A newer one.\n")
    git(origin, "commit", "--quiet", "--all", "--message=Change")
    site.follow("Upgrade two replicas", slice(2))
    assert_nobody_noticed(follow_in_a_crowd(site, telegram, "Upgrade two replicas", slice(2, None)))
    for replica in REPLICAS:
        assert "# A newer one." in site.compose(f"exec --no-TTY {replica} cat /app/health.py", file=SCALED)
    first, second = (engine("logs", site.container(one, SCALED)) for one in REPLICAS)
    assert "Traceback" not in first + second


def test_key_changes_in_turn_and_nobody_is_lost(engine: Engine, site: Operator, telegram: Double) -> None:
    site.compose("exec --no-TTY bot-1 explainer subscribers import -", SUBSCRIBERS, file=SCALED)
    before, old, title = exported(site), site.secret("secret_key"), "Change the key of two replicas"
    assert len(before) == 2
    started = started_at(engine, site)
    lines = site.commands(title).splitlines()
    today = lines.index("# The next day:")
    assert_nobody_noticed(follow_in_a_crowd(site, telegram, title, slice(today)))
    assert site.secret("secret_key").endswith(f",{old}")
    assert exported(site) == before
    assert_nobody_noticed(follow_in_a_crowd(site, telegram, title, slice(today, None)))
    assert old not in site.secret("secret_key")
    assert site.secret("secret_key").count(",") == 0
    assert exported(site) == before
    assert not set(started_at(engine, site)) & set(started)


def test_server_is_brought_back_from_its_backup(site: Operator, telegram: Double) -> None:
    site.compose("exec --no-TTY bot-1 explainer subscribers import -", SUBSCRIBERS, file=SCALED)
    before = exported(site)
    site.follow("Back up two replicas")
    backup = site.clone / "deploy" / "backups" / "explainer.sql"
    assert backup.stat().st_mode & 0o077 == 0
    assert "77001001001" not in backup.read_text("utf-8")
    site.compose("exec --no-TTY bot-1 explainer subscribers import -", SUBSCRIBERS.replace("77", "88"), file=SCALED)
    assert exported(site) != before
    site.follow("Restore two replicas")
    assert exported(site) == before
    assert crowd(telegram, 20)["once"] == 20


def test_all_stop_cleanly(engine: Engine, site: Operator, telegram: Double) -> None:
    assert telegram
    site.compose(f"stop --timeout {LIMIT}", file=SCALED)
    all_ = (*REPLICAS, "caddy", "postgres")
    statuses = {one: engine("inspect", "--format", "{{.State.ExitCode}}", site.container(one, SCALED)) for one in all_}
    assert statuses == dict.fromkeys(all_, "0")
    logs = site.compose("logs bot-1 bot-2", file=SCALED)
    assert logs.count("Stopping: finishing what is in hand.") >= 2
    assert "Traceback" not in logs
