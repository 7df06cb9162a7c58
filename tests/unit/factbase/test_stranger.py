"""A pack from a stranger: no file outside its folder is read, nothing waits for ever, and little stays little."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.findings import Finding
from bot.editorial.version import version_of
from bot.factbase import files as room
from bot.factbase.files import DEEPEST, crowding, files_in, read_file
from bot.factbase.loader import MOST_ENTRIES, load_pack
from bot.factbase.questions import load_questions
from bot.factbase.quotes import LOCK_NAME, check_quotes
from bot.factbase.yaml_tree import MOST_FINDINGS, MOST_VALUES, read_tree

Findings = Callable[..., list[Finding]]
WritePack = Callable[..., Path]
SECRET = "the words of another"


def problems(folder: Path) -> str:
    return "\n".join(map(str, load_pack(folder)[1]))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"- {SECRET}\n")
    return path


def test_a_link_that_leads_out_of_the_pack_is_not_followed(write_pack: WritePack, secret: Path) -> None:
    folder = write_pack(files={"events.yaml": None})
    (folder / "events.yaml").symlink_to(secret)
    found = problems(folder)
    assert "events.yaml:1: cannot be read: it leads out of old-bridge: put the file itself here" in found
    assert SECRET not in found


def test_a_folder_of_questions_that_leads_elsewhere_is_not_followed(write_pack: WritePack, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "en.yaml").write_text(f"what_is: [{SECRET}]\n")
    folder = write_pack()
    (folder / "questions").symlink_to(other)
    questions, found = load_questions(folder, ["what_is"], ["en"])
    assert questions == []
    assert SECRET not in "\n".join(map(str, found))


def test_a_link_inside_the_pack_is_read(write_pack: WritePack) -> None:
    folder = write_pack()
    (folder / "events.yaml").rename(folder / ".events")
    (folder / "events.yaml").symlink_to(folder / ".events")
    assert load_pack(folder)[1] == []


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "nothing"])
def test_what_is_no_file_is_a_finding_and_not_waited_for(write_pack: WritePack, kind: str) -> None:
    folder = write_pack(files={"events.yaml": None})
    path = folder / "events.yaml"
    make: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(path), "device": lambda: path.symlink_to("/dev/zero"), "folder": path.mkdir,
        "nothing": lambda: path.symlink_to(folder / "gone"),
    }  # fmt: skip
    make[kind]()
    assert "events.yaml:1: cannot be read: " in problems(folder)
    assert version_of([folder])


def test_a_file_is_never_read_to_its_end_if_that_is_far(write_pack: WritePack) -> None:
    folder = write_pack()
    with (folder / "events.yaml").open("r+b") as file:
        file.truncate(100_000_000_000)  # without a byte on the disk
    assert "events.yaml:1: cannot be read: it has more than 2000000 bytes: shorten it" in problems(folder)
    assert version_of([folder])


def test_very_many_files_are_looked_at_only_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_FILES", 20)
    for number in range(25):
        (tmp_path / f"{number}.yaml").touch()
    assert len(files_in(tmp_path)) == 20
    assert [finding.problem for finding in crowding(tmp_path)] == ["more than 20 files"]


def test_folders_within_folders_are_looked_at_only_so_far(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["deeper"] * (DEEPEST + 3))
    deep.mkdir(parents=True)
    (deep / "file").touch()
    (tmp_path / "round").symlink_to(tmp_path)
    assert [path.name for path in files_in(tmp_path)] == ["round"]


def test_a_file_elsewhere_cannot_be_named(tmp_path: Path, secret: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    for path in (folder / ".." / secret.name, secret):
        with pytest.raises(ValueError, match="leads out of inside"):
            read_file(path, folder, 100)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "..", "a/b", ".hidden", "a\\b"])
def test_the_text_of_a_source_is_a_files_name(write_pack: WritePack, articles: Path, secret: Path, name: str) -> None:
    folder = write_pack(changes={"sources.yaml": ("text: paper.txt", f"text: '{name}'")})
    pack, found = load_pack(folder)
    assert pack is not None
    assert "is not a file's name" in "\n".join(map(str, found))
    said = "\n".join(map(str, check_quotes(pack, articles).findings))
    assert SECRET not in said
    assert secret.exists()


def test_the_proof_is_not_written_through_a_link(write_pack: WritePack, articles: Path, secret: Path) -> None:
    folder = write_pack()
    (folder / LOCK_NAME).symlink_to(secret)
    pack, _ = load_pack(folder)
    assert pack is not None
    check = check_quotes(pack, articles)
    assert check.lock is None
    assert "it is no plain file" in str(check.findings[0])


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "a: &a {b: *a}\n",
        "[" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "{a: " * 50_000,
        "[" + "a," * (MOST_VALUES + 1) + "]",
        "- " + "&a " * 1000,
        "a: \x00",
        "a: \ud800",
        "%TAG ! tag:example.org,2000:app/\n---\n- !foo bar\n- !foo [",
        "--- a\n--- b\n",
        "a: !<" + "x" * 100_000,
    ],
)
def test_little_that_stands_for_much_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    tree = read_tree(path, "file.yaml")
    assert tree.is_unread
    (finding,) = tree.findings
    assert finding.remedy


def test_of_very_many_findings_the_first_are_told(findings_of: Findings) -> None:
    wrong = "".join(f"- {{id: e{number}, whenn: 2025-10-20}}\n" for number in range(MOST_ENTRIES))
    found = [one for one in findings_of(files={"events.yaml": wrong}) if one.file.endswith("events.yaml")]
    assert MOST_FINDINGS < len(found) < MOST_FINDINGS + 10
    assert f"more than {MOST_FINDINGS} findings in this file" in {one.problem for one in found}


def test_an_entry_with_very_many_faults_is_told_in_time(findings_of: Findings) -> None:
    wrong = f"- {{id: long, when: 2025-10-20, text: {{en: a}}, sources: [{'A,' * 40_000}]}}\n"
    found = [one for one in findings_of(files={"events.yaml": wrong}) if one.file.endswith("events.yaml")]
    assert len(found) == MOST_FINDINGS + 1 or len(found) == MOST_FINDINGS


def test_too_many_entries_are_one_finding(findings_of: Findings) -> None:
    many = "- {}\n" * (MOST_ENTRIES + 1)
    assert [one.problem for one in findings_of(files={"events.yaml": many}) if one.file.endswith("events.yaml")] == [
        f"{MOST_ENTRIES + 1} entries, more than {MOST_ENTRIES}"
    ]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example", "https://kera.org@evil.example/",
        "http://[", "https://", "tg://resolve?domain=x", "https://x.example/" + "a" * 2_000, "https://x.example/\u202e",
        "JavaScript:alert(1)", " https://x.example", "https://x.example/<script>",
    ],
)  # fmt: skip
def test_a_link_of_another_kind_never_reaches_readers(findings_of: Findings, link: str) -> None:
    found = findings_of(changes={"sources.yaml": ("https://paper.example/1", f"'{link}'")})
    assert any("is not a web link" in one.problem for one in found)


def test_a_file_that_is_not_yaml_is_the_one_finding(findings_of: Findings) -> None:
    for name in ("sources", "people", "organisations", "decisions", "terms", "statements"):
        found = findings_of(files={f"{name}.yaml": "- {id: 'broken\n"})
        assert [Path(one.file).name for one in found] == [f"{name}.yaml"]
        assert found[0].problem.startswith("not YAML: ")
