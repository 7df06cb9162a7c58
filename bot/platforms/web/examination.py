"""Looks at addresses as `explainer doctor` does: whether this program answers there, here or from the outside."""

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import httpx
import orjson

from bot.core.observations import Observation, doubtful, fine, wrong

PATIENCE: Final = 5.0  # seconds for one answer
LARGEST: Final = 64 * 1024  # bytes that are read of it
EVERYWHERE: Final = {"", "0.0.0.0", "::"}  # noqa: S104 - where the program may listen; it is asked on loopback then
PORT, PUBLIC, WEBHOOK = "port", "public address", "webhook address"
REACH: Final = "see that the name leads to this machine, and that its reverse proxy runs and hands on to the bot"
ELSEWHERE: Final = "set EXPLAINER_HOST and EXPLAINER_PORT to a free place"
_CANNOT_LISTEN: Final = {
    errno.EADDRINUSE: ("another program has it", "end that program, or set EXPLAINER_PORT to a free port"),
    errno.EACCES: ("only the system's own user may listen there", "set EXPLAINER_PORT to a number from 1024 on"),
    errno.EADDRNOTAVAIL: ("the address is none of this machine", "set EXPLAINER_HOST to one that is"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address answered: its status (0: nothing came) and body; `fault` says why nothing came."""

    status: int
    body: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """The program that answers on the port, by what its /readyz says of each check; None where none of ours does."""

    checks: Mapping[str, str] | None
    observations: list[Observation]


async def ask(url: str, method: str = "GET", body: bytes | None = None) -> Asked:
    """One request, followed nowhere, within PATIENCE. Raises nothing, and says no part of the address."""
    timeout = aiohttp.ClientTimeout(PATIENCE)
    trust = httpx.create_ssl_context() if url.startswith("https") else True
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust), timeout=timeout) as session,
            session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return Asked(answer.status, await _beginning(answer.content))
    except aiohttp.ClientConnectorCertificateError:
        return Asked(0, fault="its certificate is not trusted")
    except TimeoutError:
        return Asked(0, fault=f"no answer came within {PATIENCE:.0f} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Asked(0, fault=f"it cannot be reached ({type(error).__name__})")


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    read = b""
    while len(read) < LARGEST and (part := await content.read(LARGEST - len(read))):
        read += part
    return read


async def examine_port(host: str, port: int) -> Running:
    """Who answers where the program is to listen; where nobody does, whether it could."""
    if not port:
        return Running(None, [fine(PORT, "EXPLAINER_PORT is 0: the bot takes any free one at each start")])
    fault = _try_to_bind(host, port)
    if fault is None:
        return Running(None, [fine(PORT, f"{host} port {port} is free; no bot runs there")])
    there = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    asked = await ask(f"http://{there}:{port}/readyz") if fault.errno == errno.EADDRINUSE else Asked(0)
    checks = _checks(asked.body) if asked.status in {200, 503} else None
    if checks is not None:
        return Running(checks, _readiness(port, checks))
    reason, remedy = _CANNOT_LISTEN.get(fault.errno or 0, (fault.strerror or type(fault).__name__, ELSEWHERE))
    return Running(None, [wrong(PORT, f"{host} port {port} cannot be listened on ({reason})", remedy)])


def _try_to_bind(host: str, port: int) -> OSError | None:
    """Binds and lets go without listening, so that nobody can have connected; what stands in the way."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as error:
            return error
    return None


def _checks(body: bytes) -> dict[str, str] | None:
    try:
        read: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    is_ours = isinstance(read, dict) and ({"content", "database"} <= set(read) or "checks" in read)
    return {str(name): str(value) for name, value in read.items()} if is_ours else None


def _readiness(port: int, checks: Mapping[str, str]) -> list[Observation]:
    amiss = {name: said for name, said in checks.items() if not said.startswith("ok")}
    if not amiss:
        return [fine(PORT, f"a bot runs and answers on port {port}, and is ready")]
    seen = "; ".join(f"{name}: {said}" for name, said in amiss.items())
    remedy = "see the lines about these, then the bot's log"
    return [
        wrong(PORT, f"a bot runs and answers on port {port}, but is not ready ({seen})", remedy, is_out_of_reach=True)
    ]


async def examine_public(url: str) -> list[Observation]:
    """Whether the address that readers are given leads to this program."""
    asked = await ask(f"{url}/healthz")
    if asked.status == 200 and asked.body.strip() == b"ok":
        return [fine(PUBLIC, "EXPLAINER_PUBLIC_URL leads to the program")]
    return [_strayed(PUBLIC, "EXPLAINER_PUBLIC_URL", asked)]


async def examine_webhook_address(url: str) -> list[Observation]:
    """Whether the address that Telegram posts to leads to this program, and lets nobody in without the secret. What is
    posted has none, and is no update."""
    parts = urlsplit(url)
    healthy, posted = await ask(f"{parts.scheme}://{parts.netloc}/healthz"), await ask(url, "POST", b"{}")
    if posted.status in {401, 403}:
        if healthy.status == 200:
            return [fine(WEBHOOK, "TELEGRAM_WEBHOOK_URL leads to the program, which refuses posts without the secret")]
        seen = "TELEGRAM_WEBHOOK_URL refuses posts without the secret, but /healthz of its server is not the program's"
        return [doubtful(WEBHOOK, seen, "see that the reverse proxy hands the page on as well, or ignore this")]
    if 200 <= posted.status < 300:
        seen = f"TELEGRAM_WEBHOOK_URL takes a post without the secret (status {posted.status})"
        return [wrong(WEBHOOK, seen, "something else answers there: hand its path on to this program")]
    return [_strayed(WEBHOOK, "TELEGRAM_WEBHOOK_URL", posted)]


def _strayed(check: str, variable: str, asked: Asked) -> Observation:
    if not asked.status and "certificate" in asked.fault:
        return wrong(check, f"{variable}: {asked.fault}", "renew it, and have the proxy send the whole chain")
    if not asked.status:  # a machine may be unable to reach itself by its public name, though others can
        return doubtful(check, f"{variable}: seen from this machine {asked.fault}", REACH)
    if asked.status >= 500:
        seen = f"{variable} answers with status {asked.status}"
        return wrong(check, seen, "start the bot, and see that the proxy reaches it", is_out_of_reach=True)
    return wrong(check, f"{variable} leads to something else (status {asked.status})", REACH)
