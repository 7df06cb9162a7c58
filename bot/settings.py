"""What the environment asks for, checked at start; a wrong value is one sentence that names its variable."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.core.errors import SettingsError
from bot.core.wording import shown

Kind = TypeVar("Kind", bound=BaseSettings)

ROOT = Path(__file__).resolve().parents[1]
SECRETS = (
    "telegram_bot_token", "telegram_webhook_url", "telegram_webhook_secret", "database_url", "explainer_secret_key",
    "otel_exporter_otlp_headers",
)  # fmt: skip
MAY_BE_EMPTY = "telegram_bot_token"  # until BotFather has given one there is the page alone
TAKEN = ("/api/ask", "/healthz", "/readyz", "/metrics")  # paths that answer something else
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")  # Telegram's alphabet; a shorter one could be guessed


def _check_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        is_whole = False
    if not is_whole:
        raise ValueError("write it from https:// on")
    return value.rstrip("/")


def _check_webhook(value: str) -> str:
    parts = urlsplit(_check_address(value))
    if parts.path.rstrip("/") in {"", *TAKEN} or parts.query or parts.fragment or "%" in parts.path:
        raise ValueError("write it with a path of its own, like https://bot.example.org/telegram/a-long-secret-word")
    return value


def _read_ids(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    ids = [part.strip() for part in value.split(",") if part.strip()]
    if not all(part.isdecimal() for part in ids):
        raise ValueError("write Telegram user ids, numbers separated by commas")
    return tuple(map(int, ids))


def _read_networks(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(_read_network(part.strip()) for part in value.split(",") if part.strip())


def _read_network(part: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(part)
    except ValueError:
        remedy = "write addresses and networks separated by commas, like 127.0.0.1,172.16.0.0/12"
        raise ValueError(f"{shown(part)} is neither an address nor a network: {remedy}") from None


def _check_folder(value: Path) -> Path:
    try:
        is_folder = value.is_dir()
    except OSError:  # a folder above that nobody may enter, a name too long
        is_folder = False
    if not is_folder:
        raise ValueError(f"{value} is no folder: name one that can be read")
    return value


class LogSettings(BaseSettings):
    """How the program writes its logs: what every command reads before anything else."""

    model_config = SettingsConfigDict(
        case_sensitive=False, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    explainer_log_format: Literal["text", "json"] | None = None
    explainer_log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = "info"


class Settings(LogSettings):
    """The environment's variables by the names that they have there (upper case); a `…_FILE` holds a secret's file."""

    telegram_bot_token: SecretStr | None = None
    telegram_bot_token_file: Path | None = None
    telegram_api_url: Annotated[str, AfterValidator(_check_address)] | None = None
    telegram_webhook_url: Annotated[str, AfterValidator(_check_webhook)] | None = None
    telegram_webhook_url_file: Path | None = None
    telegram_webhook_secret: SecretStr | None = None
    telegram_webhook_secret_file: Path | None = None
    database_url: str | None = None
    database_url_file: Path | None = None
    explainer_data: Path = Path("var")
    explainer_facts: Path = ROOT / "facts"
    explainer_responses: Annotated[Path, AfterValidator(_check_folder)] = ROOT / "responses"
    explainer_host: str = "127.0.0.1"
    explainer_port: int = Field(8080, ge=0, le=65535)
    explainer_clock: str | None = None
    explainer_rehearsal: bool = False
    explainer_admins: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_read_ids)] = ()
    explainer_send_rate: float = Field(28, gt=0, le=100_000)
    explainer_rich_messages: bool = False
    explainer_retention_days: int = Field(30, ge=0, le=3650)
    explainer_public_url: Annotated[str, AfterValidator(_check_address)] | None = None
    explainer_metrics: Literal["local", "all", "off"] = "local"
    explainer_trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_read_networks)
    ] = ()
    explainer_secret_key: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    explainer_secret_key_file: Path | None = None
    otel_exporter_otlp_endpoint: Annotated[str, AfterValidator(_check_address)] | None = None
    otel_exporter_otlp_traces_endpoint: Annotated[str, AfterValidator(_check_address)] | None = None
    otel_exporter_otlp_headers: SecretStr | None = None
    otel_exporter_otlp_headers_file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: Any) -> Any:
        for name in SECRETS:
            named = values.get(f"{name}_file")
            if named and not values.get(name) and (written := _read_secret(name, Path(named))):
                values[name] = written
        keys = values.get("explainer_secret_key")
        if isinstance(keys, str):
            values["explainer_secret_key"] = tuple(key.strip() for key in keys.split(",") if key.strip())
        return values

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.telegram_webhook_url is None) != (self.telegram_webhook_secret is None):
            missing = "TELEGRAM_WEBHOOK_URL" if self.telegram_webhook_url is None else "TELEGRAM_WEBHOOK_SECRET"
            remedy = f"set both, or neither (Compose hands on {missing}_FILE alone)"
            raise SettingsError(f"{missing}: a webhook needs an address and a secret: {remedy}.")
        secret = self.webhook_secret
        if secret is not None and not WEBHOOK_SECRET.fullmatch(secret):
            raise SettingsError("TELEGRAM_WEBHOOK_SECRET: write 16 to 256 letters, digits, - or _.")
        return self

    @property
    def webhook_secret(self) -> str | None:
        """What Telegram proves itself with."""
        return self.telegram_webhook_secret.get_secret_value() if self.telegram_webhook_secret else None

    @property
    def token(self) -> str | None:
        """The bot's token, where there is one."""
        return self.telegram_bot_token.get_secret_value() if self.telegram_bot_token else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The operator's secret keys, the one that encrypts first."""
        return tuple(key.get_secret_value() for key in self.explainer_secret_key)

    @property
    def traces_address(self) -> str | None:
        """Where spans are posted; None where nobody collects them."""
        if self.otel_exporter_otlp_traces_endpoint:
            return self.otel_exporter_otlp_traces_endpoint
        return f"{self.otel_exporter_otlp_endpoint}/v1/traces" if self.otel_exporter_otlp_endpoint else None

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no line of a log may hold."""
        path = urlsplit(self.telegram_webhook_url or "").path.strip("/")
        headers = self.otel_exporter_otlp_headers.get_secret_value() if self.otel_exporter_otlp_headers else ""
        addresses = (
            self.telegram_api_url, self.explainer_public_url, self.otel_exporter_otlp_endpoint,
            self.otel_exporter_otlp_traces_endpoint,
        )  # fmt: skip
        secrets = (
            self.token, self.webhook_secret, path, path.rpartition("/")[2], *self.keys, headers,
            *_values_of(headers), *_passwords_of(self.database_url)[1:],
            *(secret for address in addresses for secret in _passwords_of(address)),
        )  # fmt: skip
        return tuple(dict.fromkeys(form for secret in secrets if secret for form in (secret, unquote(secret))))


def _passwords_of(url: str | None) -> tuple[str | None, ...]:
    """The user of an address and its passwords, as they are written; an address that nobody can read is a secret."""
    try:
        parts = urlsplit(url or "")
        in_query = [part.partition("=")[2] for part in parts.query.split("&") if part.lower().startswith("password=")]
        return parts.username, parts.password, *in_query
    except ValueError:
        return url, url


def _values_of(headers: str) -> list[str]:
    """What stands in headers written as OpenTelemetry does, `name=value,…`, without the scheme of an authorization."""
    return [unquote(one.partition("=")[2]).rpartition(" ")[2] for one in headers.split(",")]


def _read_secret(name: str, path: Path) -> str:
    """What stands in a secret's file; commas alone are nothing. An empty one is an error, since nothing would tell that
    the secret is missing; no file is /dev/null, which is what Compose mounts in the place of one that is not given."""
    variable, remedy = f"{name}_file".upper(), "write the secret into it, or give none"
    try:
        written = path.read_text(encoding="utf-8").strip()
        is_none = not path.is_file()
    except (OSError, UnicodeDecodeError) as error:
        seen = f"the file cannot be read ({type(error).__name__})"
        raise SettingsError(f"{variable}: {seen}: give one that can.") from error
    if written.replace(",", " ").strip():
        return written
    if is_none or name == MAY_BE_EMPTY:
        return ""
    raise SettingsError(f"{variable}: the file is empty: {remedy}.")


def load_settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return _load(Settings)


def load_log_settings() -> LogSettings:
    """Those of the logs alone. Raises SettingsError."""
    return _load(LogSettings)


def _load(kind: type[Kind]) -> Kind:
    try:
        return kind()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "the environment"
        raise SettingsError(f"{name}: {explained(first)}.") from None


def explained(fault: ErrorDetails) -> str:
    """What is wrong with a variable, and after a colon what to write; at least the latter.

    What was given is repeated where it can hold no secret, so never of a URL or of an editor's id.
    """
    allowed = fault.get("ctx", {}).get("expected", "").replace("'", "")
    match fault["type"]:
        case "value_error":
            return fault["msg"].removeprefix("Value error, ")
        case "literal_error":
            return f"{shown(fault['input'])} is none of its words: write {allowed}"
        case "bool_parsing":
            return f"{shown(fault['input'])} is neither yes nor no: write 1 or 0"
    field = Settings.model_fields.get(str(fault["loc"][0])) if fault["loc"] else None
    if field is None or field.annotation not in {int, float}:
        return "write another value"
    return f"{shown(fault['input'])} cannot be used: write {_range(field)}"


def _range(field: FieldInfo) -> str:
    kind = "a whole number" if field.annotation is int else "a number"
    words = {"ge": "from", "gt": "above", "le": "up to"}
    bounds = [f"{words[at]} {getattr(one, at)}" for one in field.metadata for at in words if hasattr(one, at)]
    return " ".join([kind, *bounds])


def pack_folder(facts: Path, name: str | None = None) -> Path:
    """The folder of the pack to serve: `name` in `facts` (or a path), else the only one there. Raises SettingsError."""
    if name:
        return next((path for path in (facts / name, Path(name)) if path.is_dir()), facts / name)
    if (facts / "topic.yaml").exists():
        return facts
    packs = sorted(path.parent for path in facts.glob("*/topic.yaml"))
    if len(packs) == 1:
        return packs[0]
    found = f"are {len(packs)} packs" if packs else "is no pack"
    raise SettingsError(f"EXPLAINER_FACTS: there {found} in {facts}: name the folder of one that has a topic.yaml.")
