"""Serves the topic's dates as calendar files, to subscribe to or to add one by one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from time import monotonic

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")  # becomes that of a file
MEDIA_TYPE = "text/calendar; charset=utf-8"
KEPT = 60.0  # seconds that a file is served again, since making one takes longer than anything else that is looked at
FRESH = 300  # seconds that a file may be kept; calendars themselves ask once an hour


@dataclass(frozen=True, slots=True)
class TopicCalendar:
    """What the files are of: the topic's id, its languages with the default first, and who writes them.

    `write(lang, item)` gives the file of one decision, meeting or deadline by its id, or with None that of all; None
    where there is no such date. A file is made at most once a minute; `now` gives seconds.
    """

    topic: str
    languages: tuple[str, ...]
    write: Callable[[str, str | None], bytes | None]
    now: Callable[[], float] = monotonic
    made: dict[tuple[str, str | None], tuple[float, bytes]] = field(default_factory=dict)

    async def serve(self, request: Request) -> Response:
        """GET /calendar/<topic>.ics and /calendar/<topic>/<item>.ics, with `?lang=`; an unknown language is the
        default. Raises HTTPException 404."""
        item = request.path_params.get("item")
        lang = request.query_params.get("lang", "")
        content = None
        if request.path_params["topic"] == self.topic and NAME.fullmatch(item or self.topic):
            content = self._file(lang if lang in self.languages else self.languages[0], item)
        if content is None:
            raise HTTPException(404, "There is no such calendar.")
        headers = {
            "Cache-Control": f"public, max-age={FRESH}",
            "ETag": f'"{blake2b(content, digest_size=8).hexdigest()}"',
        }
        if headers["ETag"] in _known_to(request):
            return Response(status_code=304, headers=headers)
        headers["Content-Disposition"] = f'inline; filename="{item or self.topic}.ics"'
        return Response(content, headers=headers, media_type=MEDIA_TYPE)

    def _file(self, lang: str, item: str | None) -> bytes | None:
        """Keeps those alone that there are, so no more than the topic has."""
        made_at, content = self.made.get((lang, item), (0.0, None))
        if content is None or self.now() >= made_at + KEPT:
            made_at, content = self.now(), self.write(lang, item)
            self.made.pop((lang, item), None)
            if content is not None:
                self.made[lang, item] = made_at, content
        return content


def _known_to(request: Request) -> set[str]:
    """The versions that the client has already (RFC 9110, 13.1.2: compared without the mark of weakness)."""
    return {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
