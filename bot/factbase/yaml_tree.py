"""Reads one YAML file into plain data, every scalar as text, and knows the line of everything in it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.core.findings import Finding
from bot.factbase.files import explained, read_file

Steps = tuple[str | int, ...]  # the way to a part of a file: keys and indexes
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_BYTES = 2_000_000
DEEPEST = 12
MOST_VALUES = 50_000  # of a file, keys included
MOST_FINDINGS = 100  # of a file; who has more mends these first


@dataclass(slots=True)
class Tree:
    """The data of one file and the lines of its parts; `data` is None where the file could not be read, which
    `is_unread` tells from an empty one. `faults` counts what validation found."""

    file: str
    data: Any = None
    lines: dict[Steps, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    is_unread: bool = False
    faults: int = 0

    def line(self, path: Steps) -> int:
        """The line of the part at `path`, or of the nearest part around it."""
        known = self.nearest(path)
        return self.lines.get(known, 1)

    def nearest(self, path: Steps) -> Steps:
        """`path` without the steps that the file does not have (a model's own names for a choice between forms)."""
        known: Steps = ()
        for step in path:
            if (*known, step) in self.lines:
                known = (*known, step)
        return known

    def report(self, path: Steps, problem: str, remedy: str) -> None:
        """Adds an error at `path`."""
        self.add(Finding(self.file, self.line(path), shown_path(self.nearest(path)), problem, remedy))

    def add(self, finding: Finding) -> None:
        """Adds a finding; of more than MOST_FINDINGS only that there are more."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
        elif len(self.findings) == MOST_FINDINGS:
            problem = f"more than {MOST_FINDINGS} findings in this file"
            self.findings.append(Finding(self.file, finding.line, "", problem, "mend those first, and check again"))


def shown_path(path: Steps) -> str:
    """The way inside an entry as a person reads it, without the number of the entry: `reports.0.when`."""
    return ".".join(str(step) for step in (path[1:] if path and isinstance(path[0], int) else path))


def read_tree(path: Path, name: str, folder: Path | None = None) -> Tree:
    """Reads a file inside `folder`, by default the one that it stands in; whatever is wrong with it becomes findings
    under the file's `name`. Raises nothing.

    All scalars are text (`null`, `~` and nothing are None), so that `287`, `no` or `2025-11-06` mean what they show.
    """
    tree = Tree(name)
    raw = b""
    try:
        raw = read_file(path, folder or path.parent, MOST_BYTES)
        text = raw.decode("utf-8-sig")
        _refuse_bombs(text)
        root = yaml.compose(text, Loader=Loader)
    except UnicodeDecodeError as error:
        tree.lines[()] = raw.count(b"\n", 0, error.start) + 1
        tree.report((), *explained(error))
    except (OSError, ValueError) as error:
        tree.report((), *explained(error))
    except yaml.YAMLError as error:
        _report_syntax(tree, error, raw)
    else:
        tree.lines[()] = 1
        tree.data = _plain(root, (), tree)
        return tree
    tree.is_unread = True
    return tree


def _refuse_bombs(text: str) -> None:
    """Aliases, deep nesting and very many values can make a small file eat all memory: refused before anything is built
    of it."""
    depth = values = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem=f"*{event.anchor} repeats another part", problem_mark=mark)
        values += isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if values > MOST_VALUES:
            raise yaml.MarkedYAMLError(problem=f"more than {MOST_VALUES} values and keys", problem_mark=mark)
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested more than {DEEPEST} deep", problem_mark=mark)


def _report_syntax(tree: Tree, error: yaml.YAMLError, raw: bytes) -> None:
    mark = getattr(error, "problem_mark", None)
    tree.lines[()] = mark.line + 1 if mark else raw.count(b"\n", 0, getattr(error, "position", 0)) + 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    lines = raw.splitlines()[tree.lines[()] - 1 : tree.lines[()]]
    tree.report((), f"not YAML: {problem}", _remedy(str(problem), b"".join(lines)))


def _remedy(problem: str, line: bytes) -> str:
    if b"\t" in line:
        return "there is a tab: write spaces"
    if "repeats another part" in problem:
        return "write that part out here"
    return "look at this line and the one above: an indent, a colon or a quotation mark"


def _plain(node: yaml.Node | None, path: Steps, tree: Tree) -> Any:
    if node is None:
        return None
    tree.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return None if not node.style and node.value in {"", "~", "null"} else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), tree) for index, item in enumerate(node.value)]
    return _mapping(node, path, tree)


def _mapping(node: yaml.Node, path: Steps, tree: Tree) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            tree.report(path, "a key that is not a word", "write `key: value`")
            continue
        key, line = key_node.value, key_node.start_mark.line + 1
        if key in data:
            first = tree.lines[(*path, key)]
            tree.add(
                Finding(
                    tree.file,
                    line,
                    shown_path((*path, key)),
                    f"{key!r} stands twice",
                    f"keep one; the first is in line {first}",
                )
            )
            continue
        tree.lines[(*path, key)] = line
        data[key] = _plain(value_node, (*path, key), tree)
    return data
