"""Puts the browser on its guard with every response, and lets no error tell more than it should."""

import logging
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Protection:
    """ASGI middleware: guarding headers on every response (one that a response set itself stays), and status 500
    with a plain sentence where the application failed. Of a failure only the type is logged: its text may hold
    what a reader wrote."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _guard(message)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except ClientDisconnect:  # nobody is left to answer, and anybody can do it without end
            log.debug("web.request_abandoned")
        except Exception as error:  # whatever it was, the next request is to be served
            log.error("web.request_failed error=%s", type(error).__name__)
            if not started:
                await _problem("The server failed; try again in a moment.", 500)(scope, receive, guarded)


def _guard(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in GUARDS.items():
        headers.setdefault(name, value)


def _problem(sentence: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers)


async def explain(_request: Request, error: Exception) -> Response:
    """Answers a refused request with `{"error": one sentence for developers}` and its status."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette hands over what this was registered for
    return _problem(error.detail, error.status_code, dict(error.headers or {}))
