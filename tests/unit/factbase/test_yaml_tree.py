"""YAML files as plain data with lines, and everything that can be wrong with a file."""

from pathlib import Path

import pytest

from bot.core.findings import Finding
from bot.factbase.yaml_tree import MOST_BYTES, Tree, read_tree, shown_path


def tree_of(tmp_path: Path, content: str | bytes) -> Tree:
    path = tmp_path / "file.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_tree(path, "file.yaml")


def only_finding(tree: Tree) -> Finding:
    assert tree.data is None
    assert len(tree.findings) == 1, tree.findings
    return tree.findings[0]


def test_every_scalar_is_text_as_it_shows(tmp_path: Path) -> None:
    tree = tree_of(
        tmp_path, "- {a: 287, b: no, c: 2025-11-06, d: 1e3, e: 0x10, f: null, g: ~, h: , i: 'null', j: 010}\n"
    )
    assert tree.data == [
        {
            "a": "287",
            "b": "no",
            "c": "2025-11-06",
            "d": "1e3",
            "e": "0x10",
            "f": None,
            "g": None,
            "h": None,
            "i": "null",
            "j": "010",
        }
    ]


def test_every_part_knows_its_line(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, "- id: a\n  text:\n    en:\n      - one\n      - two\n\n- id: b\n")
    assert tree.line((0, "text", "en", 1)) == 5
    assert tree.line((1, "id")) == 7
    assert tree.line((1, "missing")) == 7
    assert tree.line((0, "text", "es")) == 2
    assert shown_path(tree.nearest((0, "text", "root", "en", 1))) == "text.en.1"


def test_a_duplicate_key_is_found_at_its_line_with_the_first_one(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, "- id: a\n  by: x\n  by: y\n")
    assert [str(finding) for finding in tree.findings] == [
        "file.yaml:3: by: 'by' stands twice: keep one; the first is in line 2"
    ]
    assert tree.data == [{"id": "a", "by": "x"}]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("- a: &x [1]\n- b: *x\n", 2, "*x repeats another part"),
        ("a: [b\nc: d\n", 2, "not YAML"),
        ("a: 'b\n", 2, "not YAML"),
        ("a: b: c\n", 1, "not YAML"),
        ("\ta: b\n", 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: ok\nb: \x00\n", 2, "control characters"),
        ("ñ: ok\nb: \x07\n", 2, "control characters"),
        (b"a: ok\nb: \xff\n", 2, "not UTF-8 text: byte 9"),
        (b"\xff\xfea\x00:\x00", 1, "not UTF-8"),
        ("[" * 40 + "]" * 40, 1, "nested more than 12 deep"),
        ("{a: " * 500 + "}" * 500, 1, "nested more than 12 deep"),
        ("# " + "x" * MOST_BYTES, 1, f"more than {MOST_BYTES}"),
    ],
)
def test_a_file_at_fault_is_one_finding_at_its_line(
    tmp_path: Path, content: str | bytes, line: int, problem: str
) -> None:
    finding = only_finding(tree_of(tmp_path, content))
    assert (finding.file, finding.line) == ("file.yaml", line)
    assert problem in finding.problem
    assert finding.remedy


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ("a:\n\tb: c\n", "there is a tab: write spaces"),
        ("- a: &x [1]\n- b: *x\n", "write that part out here"),
        ("a: b: c\n", "look at this line and the one above: an indent, a colon or a quotation mark"),
    ],
)
def test_the_remedy_is_for_what_is_wrong(tmp_path: Path, content: str, remedy: str) -> None:
    assert only_finding(tree_of(tmp_path, content)).remedy == remedy


def test_a_small_file_cannot_eat_the_memory(tmp_path: Path) -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    assert only_finding(tree_of(tmp_path, laughs)).line == 2


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert tree_of(tmp_path, b"\xef\xbb\xbfa: b\r\nc: d\r\n").data == {"a": "b", "c": "d"}


def test_a_key_that_is_no_word_is_found(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, "- id: a\n  [x, y]: z\n")
    assert [finding.problem for finding in tree.findings] == ["a key that is not a word"]


def test_a_tag_makes_nothing_but_text(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, "a: !!python/object/apply:os.getcwd []\nb: !!int '3'\n")
    assert tree.data == {"a": [], "b": "3"}


def test_a_missing_file_and_a_folder_are_findings(tmp_path: Path) -> None:
    assert "cannot be read" in only_finding(read_tree(tmp_path / "none.yaml", "none.yaml")).problem
    assert "cannot be read" in only_finding(read_tree(tmp_path, "folder.yaml")).problem


def test_an_empty_file_has_no_data_and_no_finding(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, "# nothing yet\n")
    assert tree.data is None
    assert tree.findings == []
