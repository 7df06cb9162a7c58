"""What the doctor says of the machine: room, rights, the file system, the memory."""

import os
from pathlib import Path

import pytest

from bot.cli.machine import (
    LEAST,
    MEGABYTE,
    Room,
    examine_disk,
    examine_file_system,
    examine_memory,
    file_system_of,
    judge_room,
    room_in,
)
from bot.core.observations import Condition

MOUNTS = """\
21 1 0:20 / / rw,relatime shared:1 - overlay overlay rw
22 21 0:21 / /srv rw - ext4 /dev/sda1 rw
23 22 0:22 / /srv/a\\040share rw,relatime shared:2 master:3 - nfs4 server:/a rw
24 22 0:23 / /srv/cloud rw - fuse.glusterfs somewhere rw
"""
as_another = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "var"
    made.mkdir(mode=0o700)
    return made


@pytest.mark.parametrize(
    ("room", "condition", "words"),
    [
        (Room(10**12, 10**6, False), Condition.OK, "1,000,000 MB are free"),
        (Room(LEAST + 10 * MEGABYTE, 10**6, False), Condition.WARNING, "30 MB are free"),
        (Room(LEAST - 1, 10**6, False), Condition.ERROR, "MB are free"),
        (Room(10**12, 3, False), Condition.ERROR, "hardly a file more"),
        (Room(10**12, 10**6, True), Condition.ERROR, "cannot be written"),
    ],
)
def test_room_is_judged(room: Room, condition: Condition, words: str) -> None:
    one = judge_room(room)
    assert one.condition is condition
    assert words in one.seen


def test_room_is_that_of_the_disk(folder: Path) -> None:
    told = os.statvfs(folder)
    assert room_in(folder).bytes_free == pytest.approx(told.f_bavail * told.f_frsize, rel=0.2)


def test_folder_that_is_not_there_yet_is_looked_at_where_it_would_be(tmp_path: Path) -> None:
    assert [one.check for one in examine_disk(tmp_path / "not" / "yet")] == ["disk"]
    assert not (tmp_path / "not").exists()


def test_closed_folder_is_fine(folder: Path) -> None:
    (folder / "secret.key").touch(mode=0o600)
    assert len(examine_disk(folder)) == 1


def test_folder_and_key_that_others_can_read_are_told(folder: Path) -> None:
    folder.chmod(0o755)
    (folder / "secret.key").touch()
    (folder / "secret.key").chmod(0o640)
    _, entered, key = examine_disk(folder)
    assert entered.condition is key.condition is Condition.WARNING
    assert "can enter the data folder" in entered.seen
    assert "secret.key" in key.seen


@as_another
def test_folder_that_cannot_be_written_is_an_error(folder: Path) -> None:
    folder.chmod(0o500)
    assert "cannot be written" in examine_disk(folder)[1].seen


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_told(folder: Path) -> None:
    os.chown(folder, 10001, 10001)
    (told,) = [one for one in examine_disk(folder) if "belongs to user 10001" in one.seen]
    assert told.condition is Condition.WARNING
    assert "this runs as 0" in told.seen


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/srv/x", "ext4"), ("/srv/a share/var", "nfs4"), ("/srv/cloud", "fuse.glusterfs"), ("/elsewhere", "overlay")],
)
def test_kind_of_file_system_is_that_of_the_nearest_mount(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, "utf-8")
    assert file_system_of(Path(path), mounts) == kind
    assert file_system_of(Path(path), tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("kind", "count"), [("nfs4", 1), ("cifs", 1), ("fuse.glusterfs", 1), ("ext4", 0), ("tmpfs", 0)]
)
def test_file_over_the_network_is_told(folder: Path, tmp_path: Path, kind: str, count: int) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"21 1 0:20 / / rw - {kind} somewhere rw\n", "utf-8")
    told = examine_file_system(folder, mounts)
    assert [one.condition for one in told] == [Condition.WARNING] * count


def memory(tmp_path: Path, limit: str | None, total: int | None, ended: int = 0, name: str = "memory.max") -> list[str]:
    """The lines for a container with this limit on a machine with this total, both in bytes."""
    groups, machine = tmp_path / "cgroup", tmp_path / "meminfo"
    (groups / name).parent.mkdir(parents=True, exist_ok=True)
    if limit is not None:
        (groups / name).write_text(limit, "ascii")
    (groups / "memory.events").write_text(f"oom 3\noom_kill {ended}\n", "ascii")
    if total is not None:
        machine.write_text(f"MemTotal:  {total // 1024} kB\nMemFree: 1 kB\n", "ascii")
    return [str(one) for one in examine_memory(groups, machine)]


@pytest.mark.parametrize(
    ("limit", "total", "begins"),
    [
        ("536870912", 8 << 30, "ok       memory: this container may take 537 MB"),
        ("max", 8 << 30, "ok       memory: this machine has 8,590 MB"),
        (None, 480 << 20, "ok       memory: this machine has 503 MB"),
        ("8589934592", 480 << 20, "ok       memory: this machine has 503 MB"),
        ("314572800", 8 << 30, "warning  memory: this container may take 315 MB"),
        ("134217728", 8 << 30, "error    memory: this container may take 134 MB"),
    ],
)
def test_memory_is_the_lesser_of_both(tmp_path: Path, limit: str | None, total: int, begins: str) -> None:
    (line,) = memory(tmp_path, limit, total)
    assert line.startswith(begins)


def test_limit_of_the_older_control_groups_counts_and_none_is_none(tmp_path: Path) -> None:
    old = "memory/memory.limit_in_bytes"
    assert "take 134 MB" in memory(tmp_path, "134217728", 8 << 30, name=old)[0]
    assert "machine has" in memory(tmp_path, "9223372036854771712", 8 << 30, name=old)[0]


def test_process_that_was_ended_for_lack_of_memory_is_told(tmp_path: Path) -> None:
    assert "has ended 2 processes of" in memory(tmp_path, "536870912", 8 << 30, ended=2)[1]
    assert "has ended 1 process of" in memory(tmp_path, "536870912", 8 << 30, ended=1)[1]


def test_machine_that_tells_nothing_has_no_line(tmp_path: Path) -> None:
    assert memory(tmp_path, None, None) == []
