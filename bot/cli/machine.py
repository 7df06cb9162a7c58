"""Looks at the machine as `explainer doctor` does: room and rights in the data folder, its file system, the memory."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.core.observations import Observation, doubtful, fine, wrong
from bot.core.wording import counted

DISK: Final = "disk"
MEMORY: Final = "memory"
MEGABYTE: Final = 1_000_000
TABLE: Final = 65 * MEGABYTE  # of the words by which the bot understands, see deploy/README.md
LEAST: Final = 20 * MEGABYTE  # for the database's log and its growth
NEEDED: Final = 400 * MEGABYTE  # 256 resident at most, by tests/journeys/test_memory.py, and this command beside it
TRAINING: Final = 256 * MEGABYTE
FEW: Final = 100  # files
# Where locks or shared memory do not hold between machines: https://sqlite.org/wal.html
OVER_A_NETWORK: Final = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "gfs2", "ocfs2", "glusterfs"}
MOUNTS: Final = Path("/proc/self/mountinfo")
GROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes and files that the user who runs this may still put somewhere."""

    bytes_free: int
    files_free: int
    is_read_only: bool


def room_in(folder: Path) -> Room:
    """Of the file system that a folder is on. Raises OSError."""
    told = os.statvfs(folder)
    files = told.f_favail if told.f_files else FEW * 10  # some file systems have no such limit, and say 0
    return Room(told.f_bavail * told.f_frsize, files, bool(told.f_flag & os.ST_RDONLY))


def examine_disk(folder: Path) -> list[Observation]:
    """Room and rights in the data folder, or room where it would be made. Raises OSError."""
    seen = [judge_room(room_in(_nearest(folder)))]
    return [*seen, *_rights(folder)] if folder.exists() else seen


def _nearest(folder: Path) -> Path:
    return next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())


def judge_room(room: Room) -> Observation:
    """Whether it is enough for the program."""
    free = f"{room.bytes_free / MEGABYTE:,.0f} MB are free where the data is"
    if room.is_read_only:
        return wrong(DISK, "the data folder is on a disk that cannot be written", "mount it so that it can be written")
    if room.files_free < FEW:
        return wrong(DISK, "the disk of the data takes hardly a file more", "remove files that nobody needs")
    if room.bytes_free < LEAST:
        return wrong(DISK, free, "make room, or the database stops when it cannot grow")
    if room.bytes_free < LEAST + TABLE:
        return doubtful(DISK, free, "make room: without 65 MB at the start, the bot takes as much more memory")
    return fine(DISK, free)


def examine_file_system(folder: Path, mounts: Path = MOUNTS) -> list[Observation]:
    """Whether a SQLite file is safe in a folder."""
    kind = file_system_of(_nearest(folder), mounts)
    if kind.removeprefix("fuse.") not in OVER_A_NETWORK:
        return []
    seen = f"the database's file is on a file system over the network ({kind}), where it gets damaged sooner or later"
    return [doubtful(DISK, seen, "keep it on a disk of this machine, or use PostgreSQL")]


def file_system_of(path: Path, mounts: Path) -> str:
    """The kind of file system that a path is on, by proc(5) mountinfo; empty where the machine does not tell."""
    with suppress(OSError):
        real, found = path.resolve(), ("", "")
        for line in mounts.read_text("utf-8", errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            place = before.split()[4].encode().decode("unicode_escape")  # blanks are written as \040
            if real.is_relative_to(place) and len(place) >= len(found[0]):
                found = place, after.split()[0]
        return found[1]
    return ""


def _rights(folder: Path) -> Iterator[Observation]:
    mode = folder.stat()
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        remedy = "give it to the user who runs this, or set EXPLAINER_DATA to another"
        yield wrong(DISK, f"the data folder belongs to user {mode.st_uid} and cannot be written", remedy)
    elif mode.st_uid != os.geteuid():
        remedy = "run this as the user that the bot runs as"
        yield doubtful(DISK, f"the data folder belongs to user {mode.st_uid}, and this runs as {os.geteuid()}", remedy)
    if mode.st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IXOTH):
        yield doubtful(DISK, "every user of this machine can enter the data folder", "chmod 700 it")
    key = folder / "secret.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield doubtful(DISK, "others can read the data folder's secret.key", "chmod 600 it")


def examine_memory(groups: Path = GROUPS, machine: Path = Path("/proc/meminfo")) -> list[Observation]:
    """The memory that this process and those beside it may take, by the control group or else the machine, and whether
    the system had to end one of them for lack of it."""
    limit, whose = _limit(groups), "this container may take"
    total = _total(machine)
    if limit is None or (total is not None and total < limit):
        limit, whose = total, "this machine has"
    if limit is None:
        return []
    seen = f"{whose} {limit / MEGABYTE:,.0f} MB"
    enough = fine(MEMORY, seen)
    if limit < TRAINING:
        enough = wrong(MEMORY, seen, "give it 512 MB: with less the bot is ended while it starts")
    elif limit < NEEDED:
        enough = doubtful(MEMORY, seen, "give it 512 MB: the bot takes up to 256, and its training for a moment more")
    return [enough, *_ended(groups)]


def _limit(groups: Path) -> int | None:
    """Of version 2 or 1 of control groups, as a container sees its own; None where there is none."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            limit = int((groups / name).read_text("ascii"))
            return limit if limit < 1 << 60 else None  # version 1 says a number near 2**63 where there is none
    return None


def _total(machine: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int(machine.read_text("ascii").partition("MemTotal:")[2].split()[0]) * 1024
    return None


def _ended(groups: Path) -> Iterator[Observation]:
    with suppress(OSError, ValueError, IndexError):
        events = (groups / "memory.events").read_text("ascii")
        count = int(events.partition("oom_kill ")[2].split()[0])
        if count:
            ended = counted(count, "process", "processes")
            seen = f"the system has ended {ended} of this container for lack of memory"
            yield doubtful(MEMORY, seen, "give it more, 512 MB or above")
