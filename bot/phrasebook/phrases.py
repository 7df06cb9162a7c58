"""The short words of responses/phrases.yaml, which platforms say outside of answers."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

from bot.core.findings import Finding
from bot.factbase.loader import validate
from bot.factbase.models import Entry
from bot.factbase.text import Label
from bot.factbase.yaml_tree import read_tree

FILE = "phrases.yaml"
LONGEST = {  # characters by phrase: what Telegram takes of each, and what a button shows on a small phone
    "more": 20,
    "back": 20,
    "answer_updated": 200,
    "too_fast": 400,
    "not_now": 400,
    "only_text": 400,
    "crowded": 400,
    "no_picture": 400,
    "in_private": 40,
    "description": 512,
    "about": 120,
    "stats_command": 256,
    "campaigns_command": 256,
    "preview_command": 256,
    "reload_command": 256,
}


class Phrase(Entry):
    """A phrase by its id."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")]
    text: Label


def load_phrases(folder: Path) -> tuple[dict[str, Label], list[Finding]]:
    """The phrases of the content folder by id, and every finding about them."""
    path = folder / FILE
    tree = read_tree(path, str(path), folder)
    if not isinstance(tree.data, list):
        if not tree.findings:
            tree.report((), "this is not a list", "begin each phrase with `- id: …`")
        return {}, tree.findings
    phrases: dict[str, Label] = {}
    for index, raw in enumerate(tree.data):
        phrase = validate(Phrase, tree, (index,), raw, ZoneInfo("UTC"), tree.findings)
        if phrase is None:
            continue
        if phrase.id not in LONGEST:
            tree.report((index, "id"), f"nobody says the phrase {phrase.id!r}", f"write one of {', '.join(LONGEST)}")
        elif phrase.id in phrases:
            tree.report((index, "id"), f"the id {phrase.id!r} stands twice", "remove one")
        for lang, text in phrase.text.root.items():
            if len(text) > (most := LONGEST.get(phrase.id, len(text))):
                tree.report((index, "text", lang), f"{len(text)} characters, more than {most}", "shorten it")
        phrases[phrase.id] = phrase.text
    written = {str(raw.get("id")) for raw in tree.data if isinstance(raw, dict)}
    for name in LONGEST.keys() - written:
        tree.report((), f"the phrase {name!r} is missing", "add it: readers come upon it unasked")
    return phrases, tree.findings
