"""Reads the pixels of a PNG, so that a test can look at a picture."""

import zlib
from collections.abc import Iterator
from itertools import pairwise
from struct import unpack_from

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def pixels(png: bytes) -> Pixels:
    """Height × width × 4 (red, green, blue, opacity), of a PNG with eight bits a channel, not interlaced (W3C PNG)."""
    width, height, depth, colour = unpack_from(">IIBB", png, 16)
    assert (png[:8], depth, colour) == (b"\x89PNG\r\n\x1a\n", 8, 6)
    raw = zlib.decompress(b"".join(data for kind, data in chunks(png) if kind == b"IDAT"))
    lines = np.frombuffer(raw, np.uint8).reshape(height, 1 + 4 * width)
    shown = np.zeros((height + 1, width, 4), np.uint8)
    for (above, here), line in zip(pairwise(shown), lines, strict=True):
        restore(line[0], line[1:].reshape(width, 4), above, here)
    return shown[1:]


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG: the kind, and what is in it."""
    at = 8
    while at < len(png):
        length, kind = unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length


def restore(kind: int, line: Pixels, above: Pixels, into: Pixels) -> None:
    """Undoes the filter of one line (W3C PNG, 9.2)."""
    if kind == 0:
        into[:] = line
    elif kind == 1:
        into[:] = np.cumsum(line, axis=0, dtype=np.uint8)
    elif kind == 2:
        into[:] = line + above
    else:
        left, corner = np.zeros(4, np.int32), np.zeros(4, np.int32)
        for at, up in enumerate(above.astype(np.int32)):
            guess = (left + up) // 2 if kind == 3 else paeth(left, up, corner)
            into[at] = (line[at] + guess) % 256
            left, corner = into[at].astype(np.int32), up


def paeth(
    left: npt.NDArray[np.int32], up: npt.NDArray[np.int32], corner: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """The neighbour that is nearest to their slope (W3C PNG, 9.4)."""
    slope = left + up - corner
    by_left, by_up, by_corner = abs(slope - left), abs(slope - up), abs(slope - corner)
    nearest = np.where(by_up <= by_corner, up, corner)
    return np.where((by_left <= by_up) & (by_left <= by_corner), left, nearest)
