"""Reads what a request carries, within bounds, and says calmly what it cannot read."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_BODY = 256 * 1024  # bytes; a question is a few hundred


async def read_body(request: Request, media_type: str) -> bytes:
    """The whole body. Raises HTTPException 415 for another media type, 413 beyond 256 KiB."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise HTTPException(415, f"Send this as {media_type}.")
    too_large = HTTPException(413, f"The body is larger than {LARGEST_BODY} bytes.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:12]) > LARGEST_BODY:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise too_large
    return bytes(body)


def preferred_language(request: Request, languages: Sequence[str]) -> str | None:
    """The first of Accept-Language, by weight, that is among `languages`; None where none is (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        name, _, weight = part.partition(";")
        weighed.append((_weight(weight), name.strip().lower().partition("-")[0]))
    weighed.sort(key=lambda one: -one[0])
    return next((name for weight, name in weighed if weight > 0 and name in languages), None)


def _weight(written: str) -> float:
    name, _, value = written.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name.strip() == "q" and 0 <= weight <= 1 else 0.0
