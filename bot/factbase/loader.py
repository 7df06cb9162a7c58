"""Reads a fact pack from its folder and collects every finding of every file."""

import os
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.core.findings import Finding, Level
from bot.factbase.files import crowding, files_in
from bot.factbase.models import (
    Calendar,
    Deadline,
    Decision,
    Event,
    Figure,
    Help,
    HowTo,
    Meeting,
    Organisation,
    Person,
    Source,
    Statement,
    Term,
    Topic,
)
from bot.factbase.yaml_tree import MOST_FINDINGS, Steps, Tree, read_tree, shown_path

LISTS: dict[str, Any] = {
    "sources": Source, "people": Person, "organisations": Organisation, "statements": Statement, "events": Event,
    "terms": Term, "decisions": Calendar, "figures": Figure, "howtos": HowTo, "help": Help,
}  # fmt: skip
MOST_ENTRIES = 1_000  # of a file
OTHER_NAMES = {"questions", "dialogs", "quotes.lock", "elsewhere.yaml"}


@dataclass(slots=True)
class Pack:
    """A fact pack as it was written. Lists keep the files' order; `trees` are the files by name without ending,
    `places` says of each entry, by its `id()`, in which file and at which index it stands, and `faulty` are the ids,
    by file, of the entries that were left out."""

    folder: Path
    topic: Topic
    zone: ZoneInfo
    sources: list[Source] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    decisions: list[Decision | Meeting | Deadline] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    howtos: list[HowTo] = field(default_factory=list)
    help: list[Help] = field(default_factory=list)
    trees: dict[str, Tree] = field(default_factory=dict)
    places: dict[int, tuple[str, int]] = field(default_factory=dict)
    faulty: dict[str, set[str]] = field(default_factory=dict)

    def entries(self, name: str) -> list[Any]:
        """The entries of one file, by its name without ending."""
        return getattr(self, name)  # type: ignore[no-any-return]


def load_pack(folder: Path) -> tuple[Pack | None, list[Finding]]:
    """Reads the pack in `folder`. Entries at fault are left out and reported; None where the topic itself is."""
    if not folder.is_dir():
        return None, [
            Finding(folder.name, 1, "", "there is no such folder", "name the folder of a pack, as in facts/dallas-287g")
        ]
    trees = {name: _read(folder, name) for name in ("topic", *LISTS)}
    findings = [finding for tree in trees.values() for finding in tree.findings] + _strangers(folder)
    findings += crowding(folder)
    topic, zone = _read_topic(trees["topic"], findings)
    pack = Pack(folder, topic, zone, trees=trees) if topic else None
    for name, model in LISTS.items():
        entries, faulty = _read_list(model, trees[name], zone, findings)
        if pack:
            pack.faulty[name] = faulty
            pack.entries(name).extend(entries.values())
            pack.places |= {id(entry): (name, index) for index, entry in entries.items()}
    return pack, findings


def _read(folder: Path, name: str) -> Tree:
    path = folder / f"{name}.yaml"
    shown = str(path)
    return (
        read_tree(path, shown, folder)
        if os.path.lexists(path) or name in {"topic", "sources", "decisions"}
        else Tree(shown, [])
    )


def _strangers(folder: Path) -> list[Finding]:
    known = {f"{name}.yaml" for name in ("topic", *LISTS)} | OTHER_NAMES
    return [
        Finding(
            str(path), 1, "", "nobody reads this file", f"rename it to one of {', '.join(sorted(known))}", Level.WARNING
        )
        for path in files_in(folder)
        if path.parent == folder
        and path.name not in known
        and not path.name.startswith(".")
        and path.suffix in {".yaml", ".yml", ".json"}
    ]


def _read_topic(tree: Tree, findings: list[Finding]) -> tuple[Topic | None, ZoneInfo]:
    """The topic, None where it is at fault, and the zone to read the other files in."""
    if tree.data is None:
        if not tree.findings:
            findings.append(
                Finding(tree.file, 1, "", "the file is empty", "describe the topic: id, name, place, zone …")
            )
        return None, ZoneInfo("UTC")
    zone = _zone(tree, findings)
    topic = validate(Topic, tree, (), tree.data, zone or ZoneInfo("UTC"), findings)
    return (topic, zone) if zone else (None, ZoneInfo("UTC"))


def _zone(tree: Tree, findings: list[Finding]) -> ZoneInfo | None:
    name = tree.data.get("zone") if isinstance(tree.data, dict) else None
    try:
        return ZoneInfo(name or "")
    except (ValueError, OSError, LookupError, TypeError):
        findings.append(
            Finding(
                tree.file,
                tree.line(("zone",)),
                "zone",
                f"{name!r} is not a time zone",
                "write one like America/Chicago",
            )
        )
        return None


def _read_list(model: Any, tree: Tree, zone: ZoneInfo, findings: list[Finding]) -> tuple[dict[int, Any], set[str]]:
    """The sound entries of a file by their index, and the ids of those at fault."""
    if tree.data is None:
        if not tree.findings:
            findings.append(
                Finding(tree.file, 1, "", "the file is empty", "write a list of entries, or remove the file")
            )
        return {}, set()
    if not isinstance(tree.data, list):
        findings.append(Finding(tree.file, 1, "", "this is not a list", "begin each entry with `- id: …`"))
        return {}, set()
    entries: dict[int, Any] = {}
    faulty: set[str] = set()
    seen: dict[str, int] = {}
    if len(tree.data) > MOST_ENTRIES:
        problem = f"{len(tree.data)} entries, more than {MOST_ENTRIES}"
        findings.append(Finding(tree.file, tree.line((MOST_ENTRIES,)), "", problem, "remove what nobody asks for"))
        return {}, set()
    for index, raw in enumerate(tree.data):
        item = validate(model, tree, (index,), raw, zone, findings)
        if item is None:
            faulty.add(str(raw.get("id")) if isinstance(raw, dict) else "")
            continue
        if item.id in seen:
            problem, remedy = (
                f"the id {item.id!r} stands twice",
                f"give this one another; the first is in line {seen[item.id]}",
            )
            findings.append(Finding(tree.file, tree.line((index, "id")), "id", problem, remedy))
            continue
        seen[item.id] = tree.line((index, "id"))
        entries[index] = item
    return entries, faulty


def validate(model: Any, tree: Tree, at: Steps, raw: Any, zone: ZoneInfo, findings: list[Finding]) -> Any:
    """`raw` as `model`, or None with a finding for everything that is wrong with it; of a file that has more than
    MOST_FINDINGS always None."""
    if tree.faults > MOST_FINDINGS:
        return None
    try:
        return _adapter(model).validate_python(raw, context={"zone": zone})
    except ValidationError as error:
        details = error.errors(include_url=False)[:MOST_FINDINGS]
        paths = [tree.nearest((*at, *detail["loc"])) for detail in details]
        for detail, path in zip(details, paths, strict=True):
            if not _says_less(detail, path, paths):
                findings.append(_finding(detail, tree, path, model))
                tree.faults += 1
        if tree.faults > MOST_FINDINGS:
            problem = f"more than {MOST_FINDINGS} findings in this file"
            findings.append(Finding(tree.file, tree.line(at), "", problem, "mend those first, and check again"))
        return None


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    """Building one takes longer than reading a whole file with it."""
    return TypeAdapter(model)


def _says_less(detail: ErrorDetails, path: Steps, paths: list[Steps]) -> bool:
    """A choice between two forms reports both, and a list whose entries are at fault is called empty besides."""
    inside = any(len(other) > len(path) and other[: len(path)] == path for other in paths)
    if detail["type"] == "too_short":
        return inside
    return detail["type"] in {"literal_error", "model_type"} and (inside or paths.count(path) > 1)


def _finding(details: ErrorDetails, tree: Tree, path: Steps, model: Any) -> Finding:
    context = details.get("ctx", {})
    name = str(details["loc"][-1]) if details["loc"] else ""
    problem, remedy = details["msg"], context.get("remedy", "correct it")
    match details["type"]:
        case "missing":
            problem, remedy = f"the field {name!r} is missing", f"add a line {name}: …"
        case "extra_forbidden":
            near = get_close_matches(name, _fields(model), 1)
            problem = f"{name!r} is not a field here"
            remedy = (
                f"did you mean {near[0]!r}?" if near else "remove it; the guide in facts/README.md lists the fields"
            )
        case "literal_error" | "union_tag_invalid" | "enum":
            problem = (
                f"{details['input']!r} is not one of the choices"
                if isinstance(details["input"], str)
                else "not one of the choices"
            )
            remedy = f"write {context.get('expected') or context.get('expected_tags')}"
        case "string_type" | "dict_type" | "model_type" | "tuple_type" | "list_type" | "model_attributes_type":
            problem = (
                "nothing is written here" if details["input"] is None else f"not what is expected here ({problem})"
            )
            remedy = (
                "write it, or remove the field" if details["input"] is None else "see the same field in another entry"
            )
        case "too_short":
            problem, remedy = "this is empty", "write at least one"
    return Finding(tree.file, tree.line(path), shown_path(path), problem, remedy)


@cache
def _fields(model: Any) -> list[str]:
    """The names of all fields that could be meant, those of nested models included."""
    schema = _adapter(model).json_schema()
    objects = [schema, *schema.get("$defs", {}).values()]
    return sorted({name for part in objects for name in part.get("properties", {})})
