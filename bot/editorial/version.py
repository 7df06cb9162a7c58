"""Names what is served: a hash of the content folders, so that two who ask know whether they see the same."""

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

from bot.factbase.files import files_in, read_file

LENGTH: Final = 5  # bytes
MOST_BYTES: Final = 20_000_000  # of a file


def version_of(folders: Iterable[Path]) -> str:
    """Ten hexadecimal digits made of the names and bytes of all files in the folders, hidden ones aside. A file that
    cannot be read counts by its name."""
    made = blake2b(digest_size=LENGTH)
    for folder in folders:
        for path in files_in(folder):
            name = path.relative_to(folder)
            if not any(part.startswith(".") for part in name.parts):
                made.update(f"{name.as_posix()}\0".encode("utf-8", "surrogateescape"))
                made.update(blake2b(_read(path, folder)).digest())
    return made.hexdigest()


def _read(path: Path, folder: Path) -> bytes:
    try:
        return read_file(path, folder, MOST_BYTES)
    except (OSError, ValueError):
        return b""
