"""A bounded pool of connections to the Bot API; of a failed exchange it says whether the call ever left."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from telegram.error import NetworkError, TimedOut

from bot.core.errors import SettingsError
from bot.platforms.telegram.traffic import LOST, NOT_SENT, TIMEOUT, CallCounts

IDLE: Final = 30.0  # seconds that an unused connection is kept; Telegram's servers close theirs later

_HEADERS: Final = {"User-Agent": "civic-explainer", "Accept-Encoding": "identity"}  # small answers gain nothing by gzip
_NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError)


class UnprocessedError(NetworkError):
    """A call that was not carried out: it never left, or the server refused it for now. `wait` is in seconds."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to wait for a free connection, to reach the server, for its answer, and for the `whole` exchange, so
    that an answer that drips in holds no connection for good (0: as long as all of the others and the answer's again).
    """

    pool: float
    reach: float
    read: float
    whole: float = 0.0

    def timeout(self) -> aiohttp.ClientTimeout:
        """The limits as the client takes them."""
        connect = self.pool + self.reach
        whole = self.whole or connect + 2 * self.read
        return aiohttp.ClientTimeout(whole, connect, sock_connect=self.reach, sock_read=self.read)


class Connections:
    """At most `most` connections at once to one server, opened as needed, between `open` and `close`; both may be
    called again, and `close` before any `open`.

    The proxy is the environment's (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`), read once: the client's own
    way starts a thread at every call to read them. Raises SettingsError for one that is not spoken here.
    """

    def __init__(self, server: str, most: int) -> None:
        self.calls = CallCounts()
        self._most = most
        self._is_encrypted = server.startswith("https")
        self._proxy = find_proxy(server)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Makes the pool, on the running loop."""
        if self._session is None:
            # the certificates that the Telegram library brings along: not every machine has some
            trust = httpx.create_ssl_context() if self._is_encrypted else True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most, keepalive_timeout=IDLE, ssl=trust),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
                skip_auto_headers=("Accept",),
            )

    async def close(self) -> None:
        """Lets go of every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def exchange(
        self, method: str, url: str, body: bytes | aiohttp.FormData | None, within: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        """Status and body of the answer. `body` is JSON, or a form with files.

        Raises UnprocessedError where the call never left, TimedOut where the answer did not come in time, NetworkError
        where the connection was lost on the way. None names the address, which holds the token, nor has a cause or a
        context that does.
        """
        if self._session is None:
            raise UnprocessedError("the connections are closed")
        data = aiohttp.BytesPayload(body, content_type="application/json") if isinstance(body, bytes) else body
        try:
            async with self._session.request(
                method, url, data=data, timeout=within, proxy=self._proxy, allow_redirects=False
            ) as answer:
                payload = await answer.read()
                self.calls.answered(_called(url), answer.status)
                return answer.status, payload
        except Exception as error:  # whatever the client raises may hold the address
            failure = _failure(error)
        self.calls.ended(_called(url), _result(failure))
        raise failure


def find_proxy(server: str) -> str | None:
    """The proxy that the environment names for a server. Raises SettingsError for one that is not spoken here."""
    parts, named = urlsplit(server), getproxies()
    address = named.get(parts.scheme) or named.get("all")
    if not address or proxy_bypass(parts.hostname or ""):
        return None
    if urlsplit(address).scheme not in ("http", "https"):
        name = f"{parts.scheme}_proxy or all_proxy"
        raise SettingsError(f"{name}: only proxies from http:// on are supported: name one, or set no_proxy.")
    return address


def _called(url: str) -> str:
    """The method that an address ends in."""
    return str(url).rpartition("/")[2]  # the client takes more than strings


def _result(failure: NetworkError) -> str:
    return NOT_SENT if isinstance(failure, UnprocessedError) else TIMEOUT if isinstance(failure, TimedOut) else LOST


def _failure(error: Exception) -> NetworkError:
    if isinstance(error, _NEVER_SENT):
        return UnprocessedError("the server could not be reached")
    if isinstance(error, TimeoutError):
        return TimedOut("the server did not answer in time")
    return NetworkError(f"the connection failed: {type(error).__name__}")
