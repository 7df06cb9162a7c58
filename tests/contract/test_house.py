"""What stands where: the top level, the folders of content, and what only one module may do."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

TOP_LEVEL = {
    ".ci",
    ".editorconfig",
    ".gitignore",
    ".readme",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "bot",
    "deploy",
    "facts",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
    "responses",
    "tests",
}
LONGEST_MODULE = 350
CLOCK = "bot/core/clock.py"
YAML_READER = "bot/factbase/yaml_tree.py"
ASKS_FOR_THE_TIME = {
    "date": {"today"},
    "datetime": {"now", "today", "utcnow"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
}


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name.partition(".")[0] for name in found}


def owner(node: ast.expr) -> str:
    """The last name of what an attribute is taken from: `datetime` in `datetime.now` and in `dt.datetime.now`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def asks_for_the_time(tree: ast.Module) -> list[int]:
    """The lines in which a module asks the machine what time of day it is."""
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    named = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "time"]
    return sorted(
        [node.lineno for node in attributes if node.attr in ASKS_FOR_THE_TIME.get(owner(node.value), ())]
        + [node.lineno for node in named if any(alias.name in ASKS_FOR_THE_TIME["time"] for alias in node.names)]
    )


def beyond(names: Iterable[str], allowed: set[str]) -> set[str]:
    return {name.partition("/")[0] for name in names} - allowed


def test_top_level_holds_only_what_the_house_has(own_files: tuple[str, ...]) -> None:
    assert own_files
    assert not beyond(own_files, TOP_LEVEL)


def test_new_thing_at_the_top_level_is_noticed() -> None:
    assert beyond(["README.md", "setup.py", "scripts/deploy.sh"], TOP_LEVEL) == {"setup.py", "scripts"}


@pytest.mark.parametrize("folder", ["facts", "responses"])
def test_content_folders_hold_no_python(repository: Path, folder: str) -> None:
    assert (repository / folder).is_dir()
    assert not [path.name for path in (repository / folder).rglob("*.py")]


def test_only_the_clock_asks_for_the_time_of_day(modules: Mapping[str, ast.Module]) -> None:
    asking = {name: lines for name, tree in modules.items() if (lines := asks_for_the_time(tree))}
    assert set(asking) == {CLOCK}, asking


@pytest.mark.parametrize(
    "code",
    [
        "at = datetime.now(UTC)",
        "at = dt.datetime.now(tz=UTC)",
        "at = datetime.utcnow()",
        "on = date.today()",
        "build(datetime.now)",
        "at = time.time()",
        "from time import time",
    ],
)
def test_asking_for_the_time_of_day_is_noticed(code: str) -> None:
    assert asks_for_the_time(ast.parse(code)) == [1]


@pytest.mark.parametrize("code", ["clock.now()", "from time import monotonic", "time.monotonic()", "at.date()"])
def test_given_clock_and_elapsed_time_are_allowed(code: str) -> None:
    assert asks_for_the_time(ast.parse(code)) == []


def test_only_one_module_reads_yaml(modules: Mapping[str, ast.Module]) -> None:
    assert {name for name, tree in modules.items() if "yaml" in imported(tree)} == {YAML_READER}


def test_late_and_partial_imports_are_noticed() -> None:
    assert imported(ast.parse("def load():\n    from yaml.nodes import Node\n    import jinja2.ext")) == {
        "yaml",
        "jinja2",
    }


def test_modules_and_tests_are_short(repository: Path, modules: Mapping[str, ast.Module]) -> None:
    tests = {path.relative_to(repository).as_posix() for path in (repository / "tests").rglob("*.py")}
    assert tests
    lengths = {name: len((repository / name).read_text("utf-8").splitlines()) for name in {*modules, *tests}}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_MODULE}


def test_each_module_opens_with_its_promise(modules: Mapping[str, ast.Module]) -> None:
    written = {name: tree for name, tree in modules.items() if tree.body}
    assert written
    assert not [name for name, tree in written.items() if not ast.get_docstring(tree)]
