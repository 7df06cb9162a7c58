"""Opens the files of a content folder: plain ones of bounded size that lie inside it, and nothing else."""

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from bot.core.findings import Finding

MOST_FILES: Final = 2_000  # in a content folder, hidden ones included
DEEPEST: Final = 6  # folders inside one another


def read_file(path: Path, folder: Path, most: int) -> bytes:
    """The bytes of a file inside `folder`, at most `most`.

    Raises ValueError with a sentence `problem: remedy` for a link that leads elsewhere, for what is no plain file (a
    pipe would be waited for without end), and for one that is too long; OSError where it cannot be read.
    """
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise ValueError(f"it leads out of {folder.name}: put the file itself here")
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is no plain file: remove it")
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it has more than {most} bytes: shorten it")
    return data


def files_in(folder: Path) -> list[Path]:
    """The files of a content folder in the order of their names, links to folders not followed: at most MOST_FILES, and
    none that lies deeper than DEEPEST. `crowding` tells where there are more."""
    return sorted(islice(_walk(folder, DEEPEST), MOST_FILES))


def crowding(folder: Path) -> list[Finding]:
    """A finding where there are more files than `files_in` gives."""
    if next(islice(_walk(folder, DEEPEST), MOST_FILES, None), None) is None:
        return []
    return [Finding(str(folder), 1, "", f"more than {MOST_FILES} files", "remove what does not belong here")]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)
            elif depth:
                yield from _walk(Path(entry.path), depth - 1)


def explained(error: Exception) -> tuple[str, str]:
    """What is wrong with a file that cannot be read, and the remedy."""
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text: byte {error.start}", "save the file as UTF-8"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or type(error).__name__}", "check the file"
    problem, _, remedy = str(error).rpartition(": ")
    return (f"cannot be read: {problem}", remedy) if problem else (f"cannot be read: {remedy}", "check the file")
