"""Looks at the bot's account as `explainer doctor` does: by calls that change nothing and take nobody's updates."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import httpx
import orjson

from bot.core.clock import Clock
from bot.core.observations import Observation, compare_clocks, doubtful, fine, wrong
from bot.platforms.telegram.application import TELEGRAM_URL, TOKEN
from bot.platforms.telegram.connections import find_proxy
from bot.platforms.telegram.updates import KINDS

PATIENCE: Final = 8.0  # seconds for one answer
LATELY: Final = timedelta(hours=1)  # a failed post that is older says little of now
MANY: Final = 100  # updates that wait; a bot that answers has a handful
CHECK, WEBHOOK, UPDATES = "telegram", "webhook", "updates"
PORTS: Final = {80, 88, 443, 8443}
NEEDED: Final = set(KINDS) - {"guest_message"}  # which older servers of the Bot API leave out
REMEDIES: Final = (  # by what Telegram says of its last post, in small letters
    (("certificate", "ssl"), "renew the certificate, and have the proxy send the whole chain"),
    (("403", "401"), "hand the header with the secret on, and give all replicas the same TELEGRAM_WEBHOOK_SECRET"),
    (("404", "405"), "have the reverse proxy hand the path on to the bot"),
    (("413",), "have the reverse proxy take bodies of a megabyte"),
    (("301", "302", "307", "308"), "have the reverse proxy answer itself instead of sending Telegram elsewhere"),
    (("50",), "see that the bot runs, and that the reverse proxy reaches it"),
    (("resolve",), "see that the name is in the DNS"),
    (("timeout", "timed out", "refused", "unreachable"), "let Telegram in through the firewall, to port 443"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """The account as it is set up: `webhook` is the address that Telegram is to post to, None for polling; `is_served`
    says that this program runs here now."""

    token: str
    api_url: str | None
    webhook: str | None
    is_served: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the Bot API answered: its status (0: nothing came), its JSON, the instant that it told."""

    status: int
    told: dict[str, Any]
    at: datetime | None = None
    fault: str = ""

    @property
    def result(self) -> dict[str, Any]:
        """The result of the call; empty where it failed."""
        found = self.told.get("result") if self.status == 200 else None
        return found if isinstance(found, dict) else {}


async def examine_account(account: Account, clock: Clock) -> list[Observation]:
    """The token, the webhook, what waits, and the clock, by getMe and getWebhookInfo.

    getUpdates is never called: it would end the poll of whoever serves the bot. Raises SettingsError for a proxy that
    is not spoken here.
    """
    if not TOKEN.fullmatch(account.token):
        remedy = "copy it from BotFather, like 123456:ABC-def"
        return [wrong(CHECK, "TELEGRAM_BOT_TOKEN has not the shape of a token", remedy)]
    me = await _call(account, "getMe")
    if not me.result:
        return [_refusal(me)]
    known = [fine(CHECK, f"Telegram knows the token: it is @{me.result.get('username', '?')}")]
    if me.at is not None:
        known.append(compare_clocks(clock.now(), me.at, "the Bot API's"))
    told = await _call(account, "getWebhookInfo")
    if "url" not in told.result:
        return [*known, _refusal(told)]
    return [*known, *_examine_webhook(account, told.result, clock.now())]


def _refusal(answer: Answer) -> Observation:
    if answer.status in {401, 404} and "ok" in answer.told:
        remedy = "copy it from BotFather again, where it may have been revoked"
        return wrong(CHECK, f"Telegram refuses TELEGRAM_BOT_TOKEN (status {answer.status})", remedy)
    if answer.status == 429:
        return doubtful(CHECK, "Telegram asks for a pause (status 429)", "ask again in some minutes")
    if answer.status and "ok" not in answer.told:
        remedy = "see TELEGRAM_API_URL, or the proxy that the environment names"
        return wrong(CHECK, f"what answers is no Bot API (status {answer.status})", remedy, is_out_of_reach=True)
    seen = f"the Bot API answers with status {answer.status}" if answer.status else f"the Bot API: {answer.fault}"
    remedy = "see that this machine reaches it, then TELEGRAM_API_URL and the proxy that the environment names"
    return wrong(CHECK, seen, remedy, is_out_of_reach=True)


def _examine_webhook(account: Account, info: dict[str, Any], now: datetime) -> list[Observation]:
    wanted = [_port(account)] if account.webhook else []
    waiting = int(info.get("pending_update_count") or 0)
    failed = _failure(info, now, waiting) if account.webhook else None
    kinds = _kinds(info) if account.webhook and info["url"] == account.webhook else None
    return [one for one in (*wanted, _whereto(account, info["url"]), failed, kinds, _waiting(waiting)) if one]


def _port(account: Account) -> Observation | None:
    parts = urlsplit(account.webhook or "")
    if account.api_url or (parts.scheme == "https" and (parts.port or 443) in PORTS):
        return None  # another server of the Bot API has rules of its own
    seen = f"TELEGRAM_WEBHOOK_URL is by {parts.scheme} on port {parts.port or 80}, where Telegram does not post"
    return wrong(WEBHOOK, seen, "give an address by https on port 443, 80, 88 or 8443")


def _whereto(account: Account, url: str) -> Observation:
    """No address is told: its path is secret."""
    mine, host = account.webhook, urlsplit(url).hostname or "another server"
    say = wrong if account.is_served else doubtful
    if url == (mine or ""):
        return fine(WEBHOOK, "Telegram posts to TELEGRAM_WEBHOOK_URL" if mine else "none is set, and none is wanted")
    if not url:
        seen = "TELEGRAM_WEBHOOK_URL is given, but Telegram posts nowhere"
        remedy = "restart the bot, which tells it the address" if account.is_served else "start the bot, which tells it"
        return say(WEBHOOK, seen, remedy)
    if mine is None:
        seen = f"Telegram posts to {host}, but this bot is to ask for messages"
        remedy = "stop the program that set that address, or give this one TELEGRAM_WEBHOOK_URL; a start takes it back"
        return say(WEBHOOK, seen, remedy)
    seen = "Telegram posts to another " + ("path" if host == urlsplit(mine).hostname else f"server, {host}")
    return say(
        WEBHOOK, seen, "give all replicas the same TELEGRAM_WEBHOOK_URL, stop other programs of this token, restart"
    )


def _failure(info: dict[str, Any], now: datetime, waiting: int) -> Observation | None:
    said, when = str(info.get("last_error_message") or "")[:120], info.get("last_error_date")
    if not said or not isinstance(when, int):
        return None
    ago = now - datetime.fromtimestamp(when, UTC)
    seen = f"Telegram's last failed post was {_spoken(ago)} ago ({said})"
    if ago > LATELY:
        return fine(WEBHOOK, seen)
    lower = said.lower()
    remedy = next((words for signs, words in REMEDIES if any(sign in lower for sign in signs)), "see the bot's log")
    return wrong(WEBHOOK, seen, remedy, is_out_of_reach=True) if waiting else doubtful(WEBHOOK, seen, remedy)


def _kinds(info: dict[str, Any]) -> Observation | None:
    missing = sorted(NEEDED - set(info.get("allowed_updates") or KINDS))
    if not missing:
        return None
    seen = f"Telegram does not post all kinds of updates that the bot answers ({', '.join(missing)} are missing)"
    return doubtful(UPDATES, seen, "restart the bot, which asks for them")


def _waiting(waiting: int) -> Observation:
    if waiting <= MANY:
        return fine(UPDATES, f"{waiting} {'waits' if waiting == 1 else 'wait'} to be taken")
    return doubtful(UPDATES, f"{waiting} wait to be taken", "see that the bot runs and that Telegram reaches it")


def _spoken(ago: timedelta) -> str:
    minutes = max(0, int(ago.total_seconds() // 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


async def _call(account: Account, method: str) -> Answer:
    """One call without parameters. Raises SettingsError for a proxy; nothing else, and nothing names the address."""
    server = (account.api_url or TELEGRAM_URL).rstrip("/")
    proxy = find_proxy(server)
    trust = httpx.create_ssl_context() if server.startswith("https") else True
    timeout = aiohttp.ClientTimeout(PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust), timeout=timeout) as session,
            session.post(f"{server}/bot{account.token}/{method}", proxy=proxy, allow_redirects=False) as answer,
        ):
            return Answer(answer.status, _read(await answer.read()), _told_at(answer.headers.get("Date")))
    except TimeoutError:
        return Answer(0, {}, fault=f"no answer came within {PATIENCE:.0f} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(0, {}, fault=f"it cannot be reached ({type(error).__name__})")


def _read(body: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _told_at(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header or "").astimezone(UTC)
    except ValueError:
        return None
