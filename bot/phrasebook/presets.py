"""The preset intents of responses/intents.yaml: what can be asked, and what may be asked next."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StringConstraints

from bot.core.findings import Finding
from bot.core.messages import Turn
from bot.factbase.fields import Id
from bot.factbase.loader import LISTS, validate
from bot.factbase.models import Entry
from bot.factbase.text import Label, as_list
from bot.factbase.yaml_tree import read_tree

IntentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")]
FILE = "intents.yaml"
PICTURE = "picture"  # the option that asks for an answer's card
# What readers are met with without asking for it, so that no content folder can do without.
NEEDED = ("help", "in_distress", "legal_advice", "other_place", "opinion", "prediction", "not_covered")
OTHER_TEMPLATES = (
    "confirm.html.j2",
    "page.html.j2",
    "notice.html.j2",
    "calendar_entry.html.j2",
    "campaign_news.html.j2",
    "desk/stats.html.j2",
    "desk/campaigns.html.j2",
    "desk/preview.html.j2",
    "desk/reload.html.j2",
)


class Next(Entry):
    """A question to offer next; `entity: topic-term` is the topic's main term. `only: date-known` offers it where the
    day of the decision is known and lies ahead."""

    intent: IntentName
    entity: Literal["topic-term"] | None = None
    only: Literal["date-known"] | None = None


class Option(Entry):
    """A choice of the reader under an intent: the button's text, and the entity `option:<id>` that it asks."""

    id: Id
    label: Label


def _read_next(value: Any) -> Any:
    return [{"intent": one} if isinstance(one, str) else one for one in as_list(value) or ()]


class Preset(Entry):
    """One intent. Its template is `<id>.html.j2`.

    `label` is a button's text; `label_of` the same where an entity is named, with `{entity}` in it, `label_of_person`
    where that is a person and needs other words. `entities` are the kinds that it takes (`person`, `org`, `term`).
    `command` is the word behind a slash, `description` its line in the menu. `needs` names files of a pack which must
    not be empty for it. `outcome` is what an answer of it counts as. `options` are what a reader can choose under it.
    `picture` names the card in `cards/` that shows the same; its option is `picture`.
    """

    id: IntentName
    label: Label
    label_of: Label | None = None
    label_of_person: Label | None = None
    entities: tuple[Literal["person", "org", "term"], ...] = ()
    command: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")] | None = None
    description: Label | None = None
    next: Annotated[tuple[Next, ...], BeforeValidator(_read_next)] = Field(default=(), max_length=6)
    needs: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    outcome: Literal["answer", "refuse"] = "answer"
    options: tuple[Option, ...] = ()
    picture: IntentName | None = None

    def takes(self, entity: str | None) -> bool:
        """Whether the intent can be asked of this entity id, or of none."""
        return entity is None or entity.partition(":")[0] in self.entities or self.option(entity) is not None

    def option(self, entity: str | None) -> Option | None:
        """The option that an entity id (`option:pause`) stands for."""
        return next((option for option in self.options if entity == f"option:{option.id}"), None)

    def turn(self, entity: str | None = None) -> Turn:
        """This intent as a turn, without an entity that it does not take."""
        return Turn(self.id, entity if self.takes(entity) else None)


def load_presets(folder: Path) -> tuple[dict[str, Preset], list[Finding]]:
    """The presets of the content folder `folder` by id, in the file's order, and every finding about them."""
    path = folder / FILE
    tree = read_tree(path, str(path), folder)
    findings = tree.findings
    if not isinstance(tree.data, list):
        if not findings:
            tree.report((), "this is not a list", "begin each intent with `- id: …`")
        return {}, findings
    presets: dict[str, Preset] = {}
    lines: dict[str, int] = {}
    for index, raw in enumerate(tree.data):
        preset = validate(Preset, tree, (index,), raw, ZoneInfo("UTC"), findings)
        if preset and preset.id in presets:
            tree.report(
                (index, "id"),
                f"the id {preset.id!r} stands twice",
                f"remove one; the first is in line {lines[preset.id]}",
            )
        elif preset:
            presets[preset.id], lines[preset.id] = preset, tree.line((index,))
            for wanted in preset.needs:
                if wanted not in LISTS:
                    tree.report((index, "needs"), f"a pack has no file {wanted!r}", f"write one of {', '.join(LISTS)}")
    known = {str(raw.get("id")): index for index, raw in enumerate(tree.data) if isinstance(raw, dict)}
    _check(presets, folder, known, tree.report)
    for name in NEEDED:
        if name not in known:
            tree.report((), f"the intent {name!r} is missing", "add it: readers come upon it unasked")
    for name in OTHER_TEMPLATES:
        if not (folder / name).is_file():
            tree.report((), f"there is no template {name}", "write it: readers come upon it unasked")
    return presets, findings


def _check(presets: dict[str, Preset], folder: Path, known: dict[str, int], report: Any) -> None:
    commands: dict[str, str] = {}
    for preset in presets.values():
        at = known[preset.id]
        if not (folder / f"{preset.id}.html.j2").is_file():
            report((at, "id"), f"there is no template {preset.id}.html.j2", "write it, or remove the intent")
        for step in preset.next:
            if step.intent not in known:
                report((at, "next"), f"there is no intent {step.intent!r}", "correct the name")
        for name in _card_templates(preset):
            if not (folder / name).is_file():
                report((at, "picture"), f"there is no template {name}", "write it, or remove `picture`")
        if preset.picture and preset.option(f"option:{PICTURE}") is None:
            report((at, "picture"), "nobody can ask for it", f"add to options: {{id: {PICTURE}, label: {{en: …}}}}")
        if preset.command and commands.setdefault(preset.command, preset.id) != preset.id:
            report(
                (at, "command"),
                f"/{preset.command} is also the command of {commands[preset.command]}",
                "choose another",
            )
        if preset.command and not preset.description:
            report((at,), "a command without a description", "add description: {en: …}")


def _card_templates(preset: Preset) -> tuple[str, ...]:
    """What a picture needs: how it is drawn, and its caption."""
    return tuple(f"cards/{preset.picture}.{kind}.j2" for kind in ("svg", "html")) if preset.picture else ()


def missing_needs(presets: Iterable[Preset], pack: Any, file: str) -> list[Finding]:
    """A finding for each list that an intent needs and the pack does not have; what could not be read it may have."""
    return [
        Finding(file, 1, "", f"the intent {preset.id} needs an entry in {name}.yaml", f"add one to {name}.yaml")
        for preset in presets
        for name in preset.needs
        if name in LISTS and not pack.entries(name) and not pack.trees[name].findings
    ]
