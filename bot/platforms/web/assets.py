"""Serves the page's style, script and pictures under names that change with their content: browsers may keep them."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
A_YEAR = 365 * 24 * 60 * 60  # seconds


@dataclass(frozen=True, slots=True)
class Assets:
    """Files by their served name (`page.1f2e3d4c.css`); `urls` gives the address of each by its plain name."""

    contents: Mapping[str, bytes]
    urls: Mapping[str, str]

    async def serve(self, request: Request) -> Response:
        """One file, for a year: another content has another name. Raises HTTPException 404 for any other name."""
        name = request.path_params["name"]
        if name not in self.contents:
            raise HTTPException(404, "There is no such file.")
        media_type = MEDIA_TYPES[name.rpartition(".")[2]]
        headers = {"Cache-Control": f"public, max-age={A_YEAR}, immutable"}
        return Response(self.contents[name], media_type=media_type, headers=headers)


def load_assets() -> Assets:
    """The files of this package's folder `static`."""
    contents, urls = {}, {}
    for file in files(__package__).joinpath("static").iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in MEDIA_TYPES:
            content = file.read_bytes()
            served = f"{stem}.{blake2b(content, digest_size=6).hexdigest()}.{ending}"
            contents[served] = content
            urls[file.name] = f"/static/{served}"
    return Assets(contents, urls)
