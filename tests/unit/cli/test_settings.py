"""The environment's variables: read, or refused in one sentence that names the variable and holds no secret."""

from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.settings import MAY_BE_EMPTY, SECRETS, explained, load_settings, pack_folder

NAMES = (
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_BOT_TOKEN_FILE",
    "TELEGRAM_API_URL",
    "TELEGRAM_WEBHOOK_URL",
    "TELEGRAM_WEBHOOK_URL_FILE",
    "TELEGRAM_WEBHOOK_SECRET",
    "TELEGRAM_WEBHOOK_SECRET_FILE",
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "EXPLAINER_DATA",
    "EXPLAINER_FACTS",
    "EXPLAINER_RESPONSES",
    "EXPLAINER_HOST",
    "EXPLAINER_PORT",
    "EXPLAINER_CLOCK",
    "EXPLAINER_SECRET_KEY",
    "EXPLAINER_SECRET_KEY_FILE",
    "EXPLAINER_TRUSTED_PROXIES",
)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_nothing_has_to_be_set() -> None:
    settings = load_settings()
    assert (settings.explainer_host, settings.explainer_port, settings.token, settings.keys) == (
        "127.0.0.1",
        8080,
        None,
        (),
    )
    assert (settings.explainer_responses / "intents.yaml").is_file()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    assert load_settings().explainer_port == 8080


def test_secrets_come_from_files_too_and_the_variable_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "token"))
    assert load_settings().token == "from-file"
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "from-variable")
    assert load_settings().token == "from-variable"
    monkeypatch.setenv("EXPLAINER_SECRET_KEY", " one , two,, ")
    assert load_settings().keys == ("one", "two")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123:hidden-token")
    monkeypatch.setenv("EXPLAINER_SECRET_KEY", "hidden-key")
    assert "hidden" not in repr(load_settings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXPLAINER_PORT", "abc"),
        ("EXPLAINER_PORT", "-1"),
        ("EXPLAINER_PORT", "70000"),
        ("EXPLAINER_PORT", "80.5"),
        ("TELEGRAM_API_URL", "telegram"),
        ("TELEGRAM_API_URL", "ftp://hidden"),
        ("TELEGRAM_API_URL", "http://[hidden"),
        ("TELEGRAM_API_URL", "http://hidden:99999"),
        ("EXPLAINER_RESPONSES", "/nonexistent"),
        ("EXPLAINER_RESPONSES", "/" + "x" * 300),
        ("TELEGRAM_BOT_TOKEN_FILE", "/nonexistent"),
        ("EXPLAINER_SECRET_KEY_FILE", "/"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    sentence = str(caught.value)
    assert sentence.startswith(f"{name}: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "hidden" not in sentence


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("EXPLAINER_PORT", "abc", "'abc' cannot be used: write a whole number from 0 up to 65535."),
        ("EXPLAINER_PORT", "70000", "'70000' cannot be used: write a whole number from 0 up to 65535."),
        ("EXPLAINER_PORT", "80.5", "'80.5' cannot be used: write a whole number from 0 up to 65535."),
        ("EXPLAINER_SEND_RATE", "0", "'0' cannot be used: write a number above 0 up to 100000."),
        ("EXPLAINER_SEND_RATE", "nan", "'nan' cannot be used: write a number above 0 up to 100000."),
        (
            "EXPLAINER_RETENTION_DAYS",
            "9" * 5000,
            f"'{'9' * 40}…' cannot be used: write a whole number from 0 up to 3650.",
        ),
        ("EXPLAINER_REHEARSAL", "maybe", "'maybe' is neither yes nor no: write 1 or 0."),
        ("EXPLAINER_METRICS", "some", "'some' is none of its words: write local, all or off."),
        ("EXPLAINER_LOG_FORMAT", "xml\n", "'xml\\n' is none of its words: write text or json."),
        ("EXPLAINER_LOG_LEVEL", "loud", "'loud' is none of its words: write debug, info, warning or error."),
        ("EXPLAINER_ADMINS", "12,ana", "write Telegram user ids, numbers separated by commas."),
    ],
)
def test_what_was_given_is_told_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"{name}: {sentence}"


def test_fault_of_no_single_variable_is_explained_too() -> None:
    assert explained({"type": "model_type", "loc": (), "msg": "", "input": None}) == "write another value"


def test_the_only_pack_is_found_and_a_choice_has_to_be_made_among_several(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="EXPLAINER_FACTS: there is no pack"):
        pack_folder(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "topic.yaml").touch()
    assert pack_folder(tmp_path / "one") == tmp_path / "one"
    assert pack_folder(tmp_path, "two") == tmp_path / "two"
    with pytest.raises(SettingsError, match="there are 2 packs"):
        pack_folder(tmp_path)


SECRET = "a-secret-of-sixteen-and-more"
WEBHOOK = "https://bot.example.org/telegram/somewhere"


def test_webhook_has_an_address_and_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", WEBHOOK)
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))
    settings = load_settings()
    assert (settings.telegram_webhook_url, settings.webhook_secret) == (WEBHOOK, SECRET)
    assert SECRET not in repr(settings)


def test_address_of_a_webhook_comes_from_a_file_too_and_is_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text(f"{WEBHOOK}\n")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", SECRET)
    settings = load_settings()
    assert settings.telegram_webhook_url == WEBHOOK
    assert "telegram/somewhere" in settings.hidden
    (tmp_path / "url").write_text("bot.example.org/telegram/somewhere\n")
    with pytest.raises(SettingsError, match=r"^TELEGRAM_WEBHOOK_URL: write it from https:// on\.$"):
        load_settings()


@pytest.mark.parametrize(
    ("url", "secret", "sentence"),
    [
        (
            WEBHOOK,
            "",
            "TELEGRAM_WEBHOOK_SECRET: a webhook needs an address and a secret: set both, or neither (Compose ",
        ),
        ("", SECRET, "TELEGRAM_WEBHOOK_URL: a webhook needs an address and a secret: set both, or neither (Compose "),
        (WEBHOOK, "short", "TELEGRAM_WEBHOOK_SECRET: write 16 to 256 letters, digits, - or _."),
        (WEBHOOK, "with spaces in between", "TELEGRAM_WEBHOOK_SECRET: write 16 to 256 letters, digits, - or _."),
        ("bot.example.org/x", SECRET, "TELEGRAM_WEBHOOK_URL: write it from https:// on."),
        ("https://bot.example.org", SECRET, "TELEGRAM_WEBHOOK_URL: write it with a path of its own"),
        ("https://bot.example.org/healthz", SECRET, "TELEGRAM_WEBHOOK_URL: write it with a path of its own"),
        ("https://bot.example.org/x?y=1", SECRET, "TELEGRAM_WEBHOOK_URL: write it with a path of its own"),
    ],
)
def test_wrong_webhook_is_refused(monkeypatch: pytest.MonkeyPatch, url: str, secret: str, sentence: str) -> None:
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", url)
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", secret)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith(sentence)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize("missing", ["TELEGRAM_WEBHOOK_URL", "TELEGRAM_WEBHOOK_SECRET"])
def test_half_a_webhook_names_the_file_that_compose_hands_on(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    given = {"TELEGRAM_WEBHOOK_URL": WEBHOOK, "TELEGRAM_WEBHOOK_SECRET": SECRET}
    for name in given.keys() - {missing}:
        monkeypatch.setenv(name, given[name])
    with pytest.raises(SettingsError, match=rf"^{missing}: .*\(Compose hands on {missing}_FILE alone\)\.$"):
        load_settings()


def test_database_comes_from_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://bot:word@db/bot\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    assert load_settings().database_url == "postgresql://bot:word@db/bot"


@pytest.mark.parametrize("name", SECRETS)
def test_what_compose_mounts_where_no_file_is_given_counts_as_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"{name.upper()}_FILE", "/dev/null")
    settings = load_settings()
    assert (settings.token, settings.webhook_secret, settings.database_url, settings.keys) == (None, None, None, ())


@pytest.mark.parametrize("content", ["", "\n", ",", " , ", ",\n,"])
@pytest.mark.parametrize("name", SECRETS)
def test_empty_file_is_an_error_but_for_the_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / "secret").write_text(content)
    monkeypatch.setenv(f"{name.upper()}_FILE", str(tmp_path / "secret"))
    if name == MAY_BE_EMPTY:
        assert load_settings().token is None
        return
    with pytest.raises(SettingsError) as caught:
        load_settings()
    remedy = "write the secret into it, or give none"
    assert str(caught.value) == f"{name.upper()}_FILE: the file is empty: {remedy}."


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLAINER_TRUSTED_PROXIES", " 127.0.0.1, 172.16.0.0/12,fd00::/8 ,")
    assert [str(network) for network in load_settings().explainer_trusted_proxies] == [
        "127.0.0.1/32",
        "172.16.0.0/12",
        "fd00::/8",
    ]


@pytest.mark.parametrize(
    "value", ["caddy", "172.16.0.1/12", "10.0.0.0/33", "*", "127.0.0.1;::1", "10.0.0.0/8 10.1.0.0/16"]
)
def test_trusted_proxy_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EXPLAINER_TRUSTED_PROXIES", value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    remedy = "write addresses and networks separated by commas, like 127.0.0.1,172.16.0.0/12"
    assert str(raised.value) == f"EXPLAINER_TRUSTED_PROXIES: {value!r} is neither an address nor a network: {remedy}."
