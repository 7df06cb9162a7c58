"""What is stored of a person, item by item, as responses/kept.yaml tells it to readers and operators."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from bot.core.findings import Finding
from bot.factbase.fields import Id
from bot.factbase.loader import validate
from bot.factbase.models import Entry
from bot.factbase.text import Label
from bot.factbase.yaml_tree import read_tree

FILE = "kept.yaml"


class KeptItem(Entry):
    """One thing that is kept of a reader, until when, and the columns (`table.column`) that it stands in. In `until`,
    `{retention}` stands for how long a subscription stays after its end."""

    id: Id
    what: Label
    until: Label
    columns: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$")], ...], Field(min_length=1)
    ]


def load_kept(folder: Path) -> tuple[tuple[KeptItem, ...], list[Finding]]:
    """What the content folder says is kept, and every finding about it."""
    path = folder / FILE
    tree = read_tree(path, str(path), folder)
    if not isinstance(tree.data, list):
        if not tree.findings:
            tree.report((), "this is not a list", "begin each item with `- id: …`")
        return (), tree.findings
    read = [validate(KeptItem, tree, (at,), raw, ZoneInfo("UTC"), tree.findings) for at, raw in enumerate(tree.data)]
    return tuple(item for item in read if item), tree.findings
