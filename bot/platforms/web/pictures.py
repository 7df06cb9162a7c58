"""Shows the picture of a reply in the page, and serves it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from struct import unpack_from
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from bot.conversation.pictures import OPTION
from bot.core.clock import Clock
from bot.core.messages import Incoming, Picture, Reply, Turn
from bot.core.ports import Answer

PATH: Final = "/pictures/{intent}.{lang}.{mark}.png"
MEDIA_TYPE: Final = "image/png"
NOT_DRAWN: Final = "no_picture"  # the phrase that says where the same stands in words
SIZE_AT: Final = 16  # where width and height stand in a PNG, four bytes each (W3C PNG, 11.2.1)


@dataclass(frozen=True, slots=True)
class PictureEndpoint:
    """GET of `Picture.path`: what the conversation answers now, so that every replica has it."""

    answer: Answer
    languages: tuple[str, ...]
    clock: Clock
    phrase: Callable[[str, str], str]

    async def serve(self, request: Request) -> Response:
        """The picture, to be kept for as long as it stays true; from the path of one that is true no longer, on to the
        present one. Status 404 with words for the reader where it cannot be drawn. Raises HTTPException 404."""
        intent, lang = request.path_params["intent"], request.path_params["lang"]
        reply = None
        if lang in self.languages:
            reply = await self.answer(Incoming(turn=Turn(intent, OPTION), lang=lang))
        if reply is None or reply.intent != intent:
            raise HTTPException(404, "There is no such picture.")
        if reply.picture is None:
            return PlainTextResponse(self.phrase(NOT_DRAWN, lang), 404)
        if request.scope["path"] != reply.picture.path:
            return RedirectResponse(reply.picture.path)
        headers = {"Cache-Control": f"public, max-age={self._fresh(reply)}"}
        return Response(reply.picture.content, headers=headers, media_type=MEDIA_TYPE)

    def _fresh(self, reply: Reply) -> int:
        """Seconds for which the picture stays true."""
        left = reply.until - self.clock.now() if reply.until else timedelta()
        return max(0, int(left.total_seconds()))


def as_shown(picture: Picture) -> Mapping[str, str | int]:
    """What the page needs to know of a picture: its address, its words, its size in pixels."""
    width, height = unpack_from(">II", picture.content, SIZE_AT)
    return {"url": picture.path, "alt": picture.alt, "width": width, "height": height}
