"""`explainer doctor` as an operator runs it: every check, each bounded, nothing changed, nothing secret printed."""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.cli.doctor import examine
from bot.core.clock import SystemClock
from bot.core.observations import Condition, Observation, exit_status, fine, wrong
from bot.settings import Settings
from bot.storage.maintenance import upgrade_database
from tests.double import BotApiDouble, WebhookRules
from tests.postgres import PostgresServer

SECRET = "a-secret-of-more-than-sixteen"
PATH = "/telegram/a-path-that-nobody-guesses"
Doctor = Callable[..., Result]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment with an empty data folder and a free port."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    (tmp_path / "own").mkdir(mode=0o700)
    monkeypatch.setenv("EXPLAINER_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("EXPLAINER_PORT", str(_free_port()))
    monkeypatch.chdir(tmp_path)


def _free_port() -> int:
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return int(trying.getsockname()[1])


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs the command with further variables."""

    def run(*words: str, **variables: str) -> Result:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, ["doctor", *words])

    return run


def errors(result: Result) -> list[str]:
    return [line for line in result.output.splitlines() if line.startswith("error")]


def test_page_alone_is_well_and_nothing_is_made(doctor: Doctor, tmp_path: Path) -> None:
    result = doctor()
    assert result.exit_code == 0, result.output
    checks = {line.split()[1].rstrip(":") for line in result.output.splitlines()[:-1]}
    assert checks >= {"settings", "port", "telegram", "database", "content", "disk", "clock"}
    assert result.output.splitlines()[-1].startswith("0 errors, ")
    assert list((tmp_path / "own").iterdir()) == []


def test_one_error_is_singular(doctor: Doctor) -> None:
    told = doctor(EXPLAINER_METRICS="some").output.splitlines()
    assert told[0] == "error    settings: EXPLAINER_METRICS: 'some' is none of its words: write local, all or off."
    assert told[-1].startswith("1 error, ")


def test_json_is_a_list_of_objects(doctor: Doctor) -> None:
    result = doctor("--as", "json", EXPLAINER_METRICS="some")
    assert result.exit_code == 1
    listed = json.loads(result.stdout)
    assert all(set(one) == {"check", "level", "seen", "remedy"} for one in listed)
    assert [one["seen"].partition(":")[0] for one in listed if one["level"] == "error"] == ["EXPLAINER_METRICS"]


def test_all_faults_are_told_at_once(doctor: Doctor, tmp_path: Path) -> None:
    result = doctor(
        EXPLAINER_METRICS="some", EXPLAINER_CLOCK="tomorrow", DATABASE_URL="mysql://a:b@c/d",
        EXPLAINER_FACTS=str(tmp_path / "none"), TELEGRAM_BOT_TOKEN="no-token", EXPLAINER_LOG_FORMAT="xml",
    )  # fmt: skip
    assert result.exit_code == 1
    told = {line.split(":")[0].split(maxsplit=1)[1] for line in errors(result)}
    assert told == {"settings", "clock", "database", "content", "telegram"}
    assert "EXPLAINER_LOG_FORMAT" in result.output  # which ends every other command at once
    assert "no-token" not in result.output
    assert "a:b@c" not in result.output


def test_rehearsal_is_told(doctor: Doctor) -> None:
    assert "no reminder goes out" in doctor(EXPLAINER_CLOCK="2025-11-05T12:00").output
    assert "erased by another time" in doctor(EXPLAINER_REHEARSAL="1").output


def test_database_that_is_away_is_status_3(doctor: Doctor, lone_postgres: PostgresServer) -> None:
    address = lone_postgres.address()
    lone_postgres.stop()
    result = doctor(DATABASE_URL=address, EXPLAINER_SECRET_KEY=SECRET)
    assert result.exit_code == 3
    assert ["database" in line for line in errors(result)] == [True]


def test_postgresql_that_is_well_is_fine(doctor: Doctor, postgres_url: str, tmp_path: Path) -> None:
    asyncio.run(upgrade_database(postgres_url, tmp_path))
    result = doctor(DATABASE_URL=postgres_url, EXPLAINER_SECRET_KEY=SECRET)
    assert result.exit_code == 0, result.output
    assert "agrees with the database's" in result.output


def test_status_is_of_the_setup_before_what_is_out_of_reach() -> None:
    away, faulty = wrong("a", "x", "y", is_out_of_reach=True), wrong("a", "x", "y")
    assert exit_status([]) == exit_status([fine("a", "x")]) == 0
    assert exit_status([away, fine("a", "x")]) == 3
    assert exit_status([away, faulty]) == 1


@pytest.mark.asyncio(loop_scope="function")
async def test_look_that_hangs_or_fails_is_one_line_among_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[Observation]:
        raise ZeroDivisionError("with a token")

    monkeypatch.setattr("bot.cli.doctor.LIMIT", 1.0)
    monkeypatch.setattr("bot.cli.doctor.examine_memory", lambda: time.sleep(10))
    monkeypatch.setattr("bot.cli.doctor.examine_secret_files", lambda _settings: fail())
    observations = await examine(SystemClock())
    amiss = {one.check: one for one in observations if one.condition is Condition.ERROR}
    assert "longer than" in amiss["memory"].seen
    assert "(ZeroDivisionError)" in amiss["secret files"].seen
    assert {one.check for one in observations} >= {"settings", "port", "telegram", "database", "content", "disk"}


@pytest.mark.long
@pytest.mark.asyncio(loop_scope="function")
async def test_beside_the_running_bot_nothing_is_disturbed(data: Path) -> None:
    port, rules = _free_port(), WebhookRules(takes_http=True)
    async with BotApiDouble(webhooks=rules) as double:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXPLAINER_", "TELEGRAM_"))}
        polling = kept | {
            "TELEGRAM_BOT_TOKEN": double.token, "TELEGRAM_API_URL": double.url, "EXPLAINER_DATA": str(data),
            "EXPLAINER_PORT": str(port),
        }  # fmt: skip
        program = Path(sys.executable).with_name("explainer")
        bot = await asyncio.create_subprocess_exec(program, "run", env=polling, stdout=-1, stderr=-2)
        try:
            await double.until(lambda: double.called("setMyCommands"), 60)  # a first poll is under way then
            webhook = {"TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}{PATH}", "TELEGRAM_WEBHOOK_SECRET": SECRET}
            told = await _doctor(program, polling | webhook)
            amiss = {one["check"]: one["seen"] for one in told if one["level"] == "error"}
            assert any("a bot runs and answers" in one["seen"] for one in told)
            assert "posts nowhere" in amiss["webhook"]
            assert "leads to something else" in amiss["webhook address"]
            assert len(amiss) == 2, amiss
            assert "nobody-guesses" not in json.dumps(told)
            assert double.conflicts == 0
            assert double.refused == []
        finally:
            bot.terminate()
            output, _ = await asyncio.wait_for(bot.communicate(), 15)
    assert bot.returncode == 0, output.decode()


async def _doctor(program: Path, environment: dict[str, str]) -> list[dict[str, str]]:
    run = await asyncio.create_subprocess_exec(program, "doctor", "--as", "json", env=environment, stdout=-1)
    output, _ = await asyncio.wait_for(run.communicate(), 60)
    listed: list[dict[str, str]] = json.loads(output)
    assert environment["TELEGRAM_BOT_TOKEN"] not in output.decode()
    return listed
