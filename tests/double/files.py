"""Files as the server keeps them: each upload gets ids that the bot may send again, and a picture must be one."""

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from tests.double.table import RefusedError, Upload

Kind = Literal["photo", "document"]
PHOTO_BYTES = 10 * 1024 * 1024
DOCUMENT_BYTES = 50 * 1024 * 1024
PHOTO_SIDES = 10_000  # width and height together, pixels
PHOTO_RATIO = 20
_PNG = b"\x89PNG\r\n\x1a\n"
_SIZES = (90, 320, 800, 1280)  # the longer side of the sizes that a photo is kept in, pixels
_WRONG = "Bad Request: wrong file identifier/HTTP URL specified"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file on the server: `name` is unique, a photo has its sides in pixels."""

    name: str
    kind: Kind
    upload: Upload
    width: int = 0
    height: int = 0

    def sizes(self) -> list[dict[str, Any]]:
        """A photo's sizes as the Bot API tells of them, the largest last; each has an id of its own."""
        longest = max(self.width, self.height)
        sides = [side for side in _SIZES if side < longest] + [min(longest, _SIZES[-1])]
        return [self._size(side / longest, rank) for rank, side in enumerate(dict.fromkeys(sides))]

    def _size(self, scale: float, rank: int) -> dict[str, Any]:
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        name = f"{self.name}-{rank}"
        return {"file_id": name, "file_unique_id": f"u-{name}", "width": width, "height": height}

    def document(self) -> dict[str, Any]:
        """A document as the Bot API tells of it."""
        about = {"file_name": self.upload.name, "mime_type": self.upload.media_type}
        return {"file_id": self.name, "file_unique_id": f"u-{self.name}", **about}


class Files:
    """What was uploaded, by every id that the bot was told."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptFile] = {}
        self._uploads = 0

    def forget(self) -> None:
        """Makes every id a wrong one, as another bot's are."""
        self._kept.clear()

    def read(self, kind: Kind, given: Upload | str) -> KeptFile:
        """The file that a call sends: uploaded now, or by the id of an earlier one."""
        if isinstance(given, Upload):
            return self._keep(kind, given)
        kept = self._kept.get(given)
        if kept is None:
            raise RefusedError(_WRONG)
        if kept.kind != kind:
            raise RefusedError("Bad Request: type of file mismatch")
        return kept

    def _keep(self, kind: Kind, upload: Upload) -> KeptFile:
        if not upload.content:
            raise RefusedError("Bad Request: file must be non-empty")
        if len(upload.content) > DOCUMENT_BYTES:
            raise RefusedError("Request Entity Too Large", 413)
        width, height = _checked_sides(upload.content) if kind == "photo" else (0, 0)
        self._uploads += 1
        kept = KeptFile(f"{kind}-{self._uploads}", kind, upload, width, height)
        names = [size["file_id"] for size in kept.sizes()] if kind == "photo" else [kept.name]
        self._kept |= dict.fromkeys(names, kept)
        return kept


def _checked_sides(content: bytes) -> tuple[int, int]:
    if len(content) > PHOTO_BYTES:
        why = f"file of size {len(content)} bytes is too big for a photo; the maximum size is {PHOTO_BYTES} bytes"
        raise RefusedError(f"Bad Request: {why}")
    width, height = _png_sides(content)
    if width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height):
        raise RefusedError("Bad Request: PHOTO_INVALID_DIMENSIONS")
    return width, height


def _png_sides(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG; every chunk has to be whole."""
    broken = RefusedError("Bad Request: IMAGE_PROCESS_FAILED")
    if not content.startswith(_PNG):
        raise broken
    place, sides, kind = len(_PNG), (0, 0), b""
    try:
        while kind != b"IEND":
            length, kind = struct.unpack_from(">I4s", content, place)
            data = content[place + 8 : place + 8 + length]
            (checksum,) = struct.unpack_from(">I", content, place + 8 + length)
            if checksum != zlib.crc32(kind + data):
                raise broken
            if kind == b"IHDR":
                sides = struct.unpack_from(">II", data)
            place += 12 + length
    except struct.error:
        raise broken from None
    if not all(sides):
        raise broken
    return sides
