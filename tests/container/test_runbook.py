"""The runbook's commands, as they stand there and in its order, keep what it promises."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.crowd import PORT
from tests.container.double import Double
from tests.container.engine import Engine, ask, until
from tests.container.runbook import PROJECT, SCALED, Operator, git, sections
from tests.double.server import TOKEN
from tests.faults.test_restored import sent_in

pytestmark = pytest.mark.long
SUBSCRIBERS = "".join(
    f'{{"channel": "telegram", "chat": {chat}, "lang": "es", "topic": "dallas-287g"}}\n' for chat in (77_001, 77_002)
)
WRONG_TOKEN = "987654321:AAof-a-bot-that-nobody-has-made_000000"
REHEARSAL = {"EXPLAINER_CLOCK": "2025-11-06T07:59:50", "EXPLAINER_REHEARSAL": "1", "EXPLAINER_SEND_RATE": "10"}


@pytest.fixture
def telegram(engine: Engine, image: str, operator: Operator, repository: Path) -> Iterator[Double]:
    """Telegram, in the network of a bot that has its secrets, and was started without a token."""
    operator.follow("Secrets")
    operator.set(TELEGRAM_API_URL=f"http://telegram:{PORT}")
    operator.follow("Start")
    network = (f"--network={PROJECT}_default", "--network-alias=telegram")
    double = Double(engine, image, repository / "tests", ("tests.container.crowd",), *network)
    try:
        yield double
    finally:
        operator.compose("rm --stop --force bot")  # its last poll would keep Telegram from ending
        rest = double.end()
    assert "Traceback" not in rest, rest


def heard(telegram: Double, order: str, count: int, answer: str) -> dict[str, int]:
    """What comes of an order to the crowd."""
    telegram.say(f"{order} {count}")
    told: dict[str, int] = json.loads(telegram.hear(f"{answer}: ", 180).removeprefix(f"{answer}: "))
    return told


def test_runbook_is_short(repository: Path) -> None:
    text = (repository / "deploy" / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 215
    assert list(sections(text)) == [
        "Secrets", "Start", "By webhook", "Two replicas", "From SQLite to PostgreSQL", "Upgrade",
        "Upgrade two replicas", "Change the token", "Change the key", "Change the key of two replicas", "Back up",
        "Back up two replicas",
        "Restore", "Restore two replicas", "Watch", "Erase everything",
    ]  # fmt: skip


def test_runbook_keeps_its_word(operator: Operator, origin: Path) -> None:
    operator.follow("Secrets")
    operator.follow("Start")
    assert ask(operator.port, "/")[0] == 200
    watched = operator.follow("Watch")
    assert '"database":"ok"' in watched
    assert "a bot runs and answers on port 8080, and is ready" in watched
    assert "0 errors, " in watched
    assert "made /data/secret.key" not in operator.compose("logs bot")

    operator.explainer("subscribers import -", SUBSCRIBERS)
    operator.follow("Back up")
    backup = operator.clone / "deploy" / "backups" / "explainer.db"
    assert backup.stat().st_size
    assert b"77001" not in backup.read_bytes()
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
    assert operator.left_over() == ""


def test_page_alone_needs_no_preparation(operator: Operator) -> None:
    operator.follow("Start")
    assert ask(operator.port, "/readyz")[0] == 200
    assert "the page alone" in operator.compose("logs bot")


def test_secrets_and_backups_are_for_the_operator_alone(operator: Operator) -> None:
    operator.type("umask 022\n" + operator.commands("Secrets") + operator.commands("By webhook"))
    operator.write_secret("telegram_bot_token", TOKEN)
    operator.type("umask 022\n" + operator.commands("Two replicas", slice(-1)))
    deploy = operator.clone / "deploy"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (deploy / "secrets", deploy / ".env")}
    assert modes == {"secrets": 0o700, ".env": 0o600}
    kept = {path.name: path.read_text("utf-8").strip() for path in (deploy / "secrets").iterdir()}
    assert all(kept.values())
    for file in ("compose.yaml", SCALED):
        shown = operator.compose("config", file=file)
        assert {name for name, secret in kept.items() if secret in shown} == set()

    operator.type("rm deploy/secrets/telegram_bot_token && touch deploy/secrets/telegram_bot_token")
    operator.compose("up --detach --wait", file="compose.yaml")
    operator.type("umask 022\n" + operator.commands("Back up"))
    assert stat.S_IMODE((deploy / "backups").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (deploy / "backups").iterdir()} == {0o600}


def test_token_changes_and_everybody_is_answered(operator: Operator, telegram: Double) -> None:
    operator.write_secret("telegram_bot_token", WRONG_TOKEN)
    status, said = operator.attempt(operator.commands("Change the token"))
    assert status != 0
    assert "Telegram refuses TELEGRAM_BOT_TOKEN" in said
    assert ask(operator.port, "/")[0] == 200  # the commands ended before anything was started
    status, said = operator.attempt(operator.commands("Change the token", slice(1, None)))
    assert status != 0
    logs = operator.compose("logs bot")
    assert "TELEGRAM_BOT_TOKEN was refused by Telegram" in logs
    assert WRONG_TOKEN not in logs + said
    telegram.say("5")  # people write in between
    operator.write_secret("telegram_bot_token", TOKEN)
    operator.follow("Change the token")
    fared = json.loads(telegram.hear("crowd: ", 180).removeprefix("crowd: "))
    assert (fared["once"], fared["none"], fared["more"]) == (5, 0, 0)
    assert TOKEN not in operator.compose("logs bot")


def test_key_changes_and_no_reader_is_lost(operator: Operator) -> None:
    operator.follow("Secrets")
    operator.follow("Start")
    operator.explainer("subscribers import -", SUBSCRIBERS)
    before, old = operator.explainer("subscribers export"), operator.secret("secret_key")
    lines = operator.commands("Change the key").splitlines()
    next_day = lines.index("# The next day:")
    operator.follow("Change the key", slice(next_day))
    assert operator.secret("secret_key").endswith(f",{old}")
    assert operator.explainer("subscribers export") == before
    until(lambda: "storage.keys_renewed" in operator.compose("logs bot"), 60, "all under the new key")
    operator.follow("Change the key", slice(next_day, None))
    assert old not in operator.secret("secret_key")
    assert operator.explainer("subscribers export") == before
    operator.write_secret("secret_key", old)
    assert operator.attempt("docker compose -f deploy/compose.yaml up --detach --force-recreate --wait")[0] != 0
    assert "EXPLAINER_SECRET_KEY lacks the key" in operator.compose("logs bot")


def test_volume_lost_in_the_middle_of_a_campaign(operator: Operator, telegram: Double) -> None:
    operator.set(**REHEARSAL)
    operator.compose("up --detach --wait")
    telegram.say("subscribers 200")
    chats = json.loads(telegram.hear("subscribers: ").removeprefix("subscribers: "))
    known = {"channel": "telegram", "lang": "en", "topic": "dallas-287g"}
    lines = "".join(f"{json.dumps(known | {'chat': chat})}\n" for chat in chats)
    assert "200 added" in operator.explainer("subscribers import -", lines)
    operator.write_secret("telegram_bot_token", TOKEN)
    operator.follow("Change the token")
    assert heard(telegram, "reminded", 30, "reminded")["once"] >= 30
    operator.follow("Back up")
    sent_before = sent_in(operator.clone / "deploy" / "backups" / "explainer.db")
    assert sent_before < 130
    assert heard(telegram, "reminded", 130, "reminded")["once"] >= 130
    operator.compose("kill bot")
    operator.compose("rm --force bot")
    operator.type(f"docker volume rm {PROJECT}_data")
    gone = 200 - heard(telegram, "reminded", 1, "reminded")["none"]
    assert gone < 200
    operator.follow("Restore")
    fared = heard(telegram, "reminded", 200, "reminded")
    print(f"\n{sent_before} sent in the backup, {gone} when the volume was lost, {fared['more']} repeated")
    assert fared["none"] == fared["refused"] == 0
    assert 0 < fared["more"] <= gone - sent_before
    (campaign,) = [json.loads(line) for line in operator.explainer("campaigns --json").splitlines() if '"sent"' in line]
    assert (campaign["sent"], campaign["remaining"]) == (200, 0)


def test_subscribers_move_to_two_replicas(operator: Operator) -> None:
    operator.follow("Secrets")
    operator.follow("Start")
    operator.explainer("subscribers import -", SUBSCRIBERS)
    operator.follow("By webhook")
    assert re.fullmatch(r"[A-Za-z0-9_-]{16,256}", operator.secret("telegram_webhook_secret"))
    operator.follow("Two replicas", slice(-1))
    assert "2 added" in operator.follow("From SQLite to PostgreSQL")
    for replica in ("bot-1", "bot-2"):
        exported = operator.compose(f"exec --no-TTY {replica} explainer subscribers export", file=SCALED)
        assert "77001" in exported
        assert "77002" in exported
    assert "Warning" not in operator.follow("Two replicas", slice(-1, None))
    operator.compose("down --volumes", file=SCALED)
    operator.follow("Erase everything")
    assert operator.left_over() == ""
