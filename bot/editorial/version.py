"""Names what is served: a hash of the content folders, so that two who ask know whether they see the same."""

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

LENGTH: Final = 5  # bytes


def version_of(folders: Iterable[Path]) -> str:
    """Ten hexadecimal digits made of the names and bytes of all files in the folders, hidden ones aside. A file that
    cannot be read counts by its name."""
    made = blake2b(digest_size=LENGTH)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                made.update(f"{name.as_posix()}\0".encode())
                made.update(blake2b(_read(path)).digest())
    return made.hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
