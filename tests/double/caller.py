"""Calls the double as a bot does, for the tests of the double itself."""

from typing import Any

import aiohttp

from tests.double.server import BotApiDouble


async def call(double: BotApiDouble, method: str, *, token: str | None = None, **parameters: Any) -> tuple[int, Any]:
    """The status, and the result or the description of what was refused; bytes are sent as a file in a form."""
    url = f"{double.url}/bot{token or double.token}/{method}"
    is_form = any(isinstance(value, bytes) for value in parameters.values())
    sent: dict[str, Any] = {"data": _form(parameters)} if is_form else {"json": parameters}
    async with aiohttp.ClientSession() as session, session.post(url, **sent) as answer:
        body = await answer.json()
        return answer.status, body["result"] if body["ok"] else body["description"]


def _form(parameters: dict[str, Any]) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, value in parameters.items():
        if isinstance(value, bytes):
            form.add_field(name, value, filename=f"{name}.bin", content_type="application/octet-stream")
        else:
            form.add_field(name, str(value))
    return form
