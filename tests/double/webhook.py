"""Webhooks: what setWebhook takes and refuses, and what getWebhookInfo tells of them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tests.double.delivery import MOST_CONNECTIONS, Attempt, Delivery, Destination, WebhookRules
from tests.double.table import RefusedError
from tests.double.updates import News, Updates

PORTS = {80, 88, 443, 8443}
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_LONGEST_SECRET = 256


class Webhook:
    """The bot's webhook, and what became of the updates that were posted to it."""

    def __init__(
        self,
        rules: WebhookRules,
        updates: Updates,
        news: News,
        carry_out: Callable[[str, dict[str, Any]], Awaitable[None]],
    ) -> None:
        self._updates = updates
        self._takes_http = rules.takes_http
        self._delivery = Delivery(rules, updates, news, carry_out)
        self._setting = asyncio.Lock()

    @property
    def url(self) -> str:
        """The address that the bot has set; empty where there is no webhook."""
        return self._delivery.destination.url

    @property
    def secret(self) -> str:
        """The secret token that the bot has set."""
        return self._delivery.destination.secret

    @property
    def attempts(self) -> list[Attempt]:
        """Every POST so far, in the order in which they ended."""
        return self._delivery.attempts

    @property
    def redeliveries(self) -> int:
        """How often an update had to be posted again."""
        return self._delivery.redeliveries

    @property
    def busiest(self) -> int:
        """The most POSTs that were under way at once."""
        return self._delivery.busiest

    @property
    def targets(self) -> list[str]:
        """The base addresses that are posted to in turn; where there are none, it is the webhook's own address."""
        return self._delivery.targets

    @targets.setter
    def targets(self, targets: list[str]) -> None:
        self._delivery.targets = targets

    async def post(self, update: dict[str, Any], secret: str | None = None) -> tuple[int, bytes]:
        """Posts any update once, with any secret, past the queue; gives the status and the body of the response."""
        return await self._delivery.post(update, self.secret if secret is None else secret)

    async def close(self) -> None:
        """Ends all deliveries; raises what went wrong in the double itself."""
        await self._delivery.close()

    @property
    def methods(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
        return {"setWebhook": self._set, "deleteWebhook": self._delete, "getWebhookInfo": self._tell}

    async def _set(self, parameters: dict[str, Any]) -> bool:
        if not parameters["url"]:
            return await self._delete(parameters)
        self._check_url(parameters["url"])
        secret = _checked_secret(parameters.get("secret_token", ""))
        self._updates.allow(parameters.get("allowed_updates"))
        connections = parameters.get("max_connections", MOST_CONNECTIONS)
        wanted = Destination(parameters["url"], secret, connections, tuple(self._updates.allowed))
        async with self._setting:
            is_dropped = self._drop(parameters)
            if is_dropped or wanted != self._delivery.destination:
                await self._delivery.start(wanted)
        return True

    async def _delete(self, parameters: dict[str, Any]) -> bool:
        async with self._setting:
            await self._delivery.stop()
            self._drop(parameters)
            self._updates.hand_to(None)
        return True

    def _drop(self, parameters: dict[str, Any]) -> bool:
        if parameters.get("drop_pending_updates"):
            self._updates.drop()
            return True
        return False

    async def _tell(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        about = {"url": self.url, "has_custom_certificate": False, "pending_update_count": self._updates.pending}
        if self.url:
            about["max_connections"] = self._delivery.destination.connections
        if self._updates.allowed:
            about["allowed_updates"] = self._updates.allowed
        if self._delivery.last_error is not None:
            about["last_error_message"], about["last_error_date"] = self._delivery.last_error
        return about

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise RefusedError("Bad Request: invalid webhook URL specified") from None
        host = parts.hostname or ""
        if self._takes_http and parts.scheme == "http" and _is_reserved(host):
            return
        if parts.scheme != "https" or not host:
            raise RefusedError("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if (port or 443) not in PORTS:
            raise RefusedError("Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if _is_reserved(host):
            raise RefusedError(f"Bad Request: bad webhook: IP address {host} is reserved")


def _checked_secret(secret: str) -> str:
    if len(secret) > _LONGEST_SECRET:
        raise RefusedError("Bad Request: secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise RefusedError("Bad Request: secret token contains unallowed characters")
    return secret


def _is_reserved(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost"
