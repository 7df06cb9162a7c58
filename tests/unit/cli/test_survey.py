"""What the doctor says of the environment: every wrong variable at once, and who can read the secrets."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.cli.survey import examine_secret_files, survey
from bot.core.observations import Condition, Observation
from bot.settings import Settings

SECRET_URL = "https://bot.example.org/telegram/a-path-that-nobody-guesses"
LONG = "a-secret-of-more-than-sixteen"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def surveyed(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[Settings | None, list[Observation]]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings, observations = survey(variables)
    said = "\n".join(map(str, observations))
    assert "nobody-guesses" not in said
    assert LONG not in said
    return settings, observations


def test_nothing_set_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    _, observations = surveyed(monkeypatch)
    assert [one.condition for one in observations] == [Condition.OK]


def test_every_wrong_variable_is_told_at_once_and_the_rest_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings, observations = surveyed(
        monkeypatch, EXPLAINER_PORT="many", EXPLAINER_METRICS="some", EXPLAINER_PUBLIC_URL="bot.example.org",
        EXPLAINER_RESPONSES=str(tmp_path / "none"), TELEGRAM_BOT_TOKEN_FILE=str(tmp_path / "no-file"),
        EXPLAINER_SECRET_KEY_FILE=str(tmp_path), TELEGRAM_WEBHOOK_URL=SECRET_URL, TELEGRAM_WEBHOOK_SECRET="short",
        EXPLAINER_ADMINS="ana", EXPLAINER_RETENTION_DAYS="7",
    )  # fmt: skip
    assert {one.seen.partition(":")[0] for one in observations} == {
        "EXPLAINER_PORT", "EXPLAINER_METRICS", "EXPLAINER_PUBLIC_URL", "EXPLAINER_RESPONSES", "EXPLAINER_ADMINS",
        "TELEGRAM_BOT_TOKEN_FILE", "EXPLAINER_SECRET_KEY_FILE", "TELEGRAM_WEBHOOK_SECRET",
    }  # fmt: skip
    assert {one.condition for one in observations} == {Condition.ERROR}
    assert all(one.remedy for one in observations)
    assert settings is not None
    assert settings.explainer_retention_days == 7
    assert settings.explainer_port == 8080
    assert settings.telegram_webhook_url is None


def test_what_was_given_is_told_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    _, (only,) = surveyed(monkeypatch, EXPLAINER_PORT="many")
    assert only.seen == "EXPLAINER_PORT: 'many' cannot be used"
    assert only.remedy == "write a whole number from 0 up to 65535"


def test_webhook_whose_files_are_wrong_is_told_once_and_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text(SECRET_URL)
    (tmp_path / "secret").touch()
    files = {"TELEGRAM_WEBHOOK_URL_FILE": "url", "TELEGRAM_WEBHOOK_SECRET_FILE": "secret"}
    settings, (only,) = surveyed(monkeypatch, **{name: str(tmp_path / file) for name, file in files.items()})
    assert only.seen == "TELEGRAM_WEBHOOK_SECRET_FILE: the file is empty"
    assert settings is not None
    assert settings.telegram_webhook_url is None


@pytest.mark.parametrize("given", ["TELEGRAM_WEBHOOK_URL", "TELEGRAM_WEBHOOK_SECRET"])
def test_half_a_webhook_is_told(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    value = SECRET_URL if given.endswith("URL") else LONG
    settings, (only,) = surveyed(monkeypatch, **{given: value})
    assert "needs an address and a secret" in only.seen
    assert settings is not None
    assert settings.webhook_secret is None


def test_misspelt_variables_are_told_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    _, observations = surveyed(monkeypatch, EXPLAINER_PROT="80", TELEGRAM_TOTALLY_ELSE="1", PATH="/bin")
    assert [one.condition for one in observations] == [Condition.WARNING] * 2
    assert observations[0].remedy == "write EXPLAINER_PORT"


def test_missing_key_of_a_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, observations = surveyed(monkeypatch, DATABASE_URL="postgresql://somebody@localhost/db")
    (told,) = observations
    assert told.condition is Condition.ERROR
    assert told.seen.startswith("EXPLAINER_SECRET_KEY is required")


def test_rate_above_telegrams_and_a_short_key_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, observations = surveyed(monkeypatch, EXPLAINER_SEND_RATE="100", EXPLAINER_SECRET_KEY="short")
    assert [one.condition for one in observations] == [Condition.WARNING] * 2
    _, fine = surveyed(monkeypatch, TELEGRAM_API_URL="http://127.0.0.1:9", EXPLAINER_SECRET_KEY=LONG)
    assert [one.condition for one in fine] == [Condition.OK]


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The token's file, in a folder that only its owner enters, as the runbook makes it."""
    file = tmp_path / "secrets" / "telegram_bot_token"
    file.parent.mkdir(mode=0o700)
    file.write_text("123:abc")
    file.chmod(0o644)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(file))
    return file


def only(observations: list[Observation]) -> Observation:
    (one,) = observations
    assert "telegram_bot_token" not in str(one)
    return one


def test_secret_in_a_closed_folder_is_fine(secret: Path) -> None:
    assert only(examine_secret_files(Settings())).condition is Condition.OK


def test_secret_that_everybody_can_read_is_told(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory(dir="/tmp") as name:
        moved = secret.rename(Path(name) / "telegram_bot_token")
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(moved))
        assert only(examine_secret_files(Settings())).condition is Condition.OK
        moved.parent.chmod(0o755)
        assert "can read" in only(examine_secret_files(Settings())).seen
        moved.chmod(0o600)
        assert only(examine_secret_files(Settings())).condition is Condition.OK


def test_secret_that_everybody_can_change_is_an_error(secret: Path) -> None:
    secret.chmod(0o666)
    assert only(examine_secret_files(Settings())).condition is Condition.ERROR


def test_empty_secret_is_told_and_a_device_is_not(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("\n")
    assert "counts as none" in only(examine_secret_files(Settings())).seen
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", "/dev/null")
    assert only(examine_secret_files(Settings())).condition is Condition.OK


def test_no_secret_file_is_no_line() -> None:
    assert examine_secret_files(Settings()) == []
