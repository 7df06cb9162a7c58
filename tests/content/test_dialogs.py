"""The editors' own tests: every conversation in a pack's dialogs goes as it is written there, at its stated clock."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.conversation.conversation import Conversation
from bot.core.messages import Button, Incoming, Outcome, Reply, Turn
from bot.factbase.text import as_list
from bot.factbase.when import parse_moment
from bot.factbase.yaml_tree import read_tree
from bot.platforms.plaintext import to_text
from bot.wiring import Explainer

DIALOGS = Path(__file__).parents[2] / "facts" / "dallas-287g" / "dialogs"
NUMBERS_OF_SOURCES = re.compile(r" \[\d+\]")

Words = Annotated[tuple[str, ...], BeforeValidator(as_list)]


class Strict(BaseModel):
    """A part of a dialog; a key that nobody looks at would be a test that cannot fail."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Expect(Strict):
    """What has to hold of one answer. Words are compared without the numbers of sources and with single spaces."""

    intent: str | None = None
    entity: str | None = None
    outcome: Outcome | None = None
    begins: str | None = None
    facts: Words = ()
    contains: Words = ()
    not_contains: Words = ()
    buttons: Words = ()

    @model_validator(mode="after")
    def _expects_something(self) -> "Expect":
        assert self.model_fields_set, "expect names nothing"
        return self


class TurnOf(Strict):
    """What a reader does: `say` words, or `press` a button of the answer before."""

    say: str | None = None
    press: str | None = None
    expect: Expect

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "TurnOf":
        assert bool(self.say) != bool(self.press), "a turn has either say or press"
        return self


class Dialog(Strict):
    """A conversation at one instant (`at`, in the topic's zone)."""

    name: str
    at: str
    turns: Annotated[tuple[TurnOf, ...], Field(min_length=1)]


def dialogs(path: Path) -> list[Dialog]:
    """The conversations of one file; a fault of the file fails the collection of the tests, with its line."""
    tree = read_tree(path, path.name)
    assert not tree.findings, tree.findings
    return [Dialog.model_validate(raw) for raw in tree.data]


def told(reply: Reply) -> str:
    """An answer's words as `expect` gives them."""
    return NUMBERS_OF_SOURCES.sub("", " ".join(to_text(reply.html).split()))


def misses(expect: Expect, reply: Reply) -> Iterator[str]:
    """What of `expect` does not hold."""
    words = told(reply)
    for name in ("intent", "entity", "outcome"):
        if getattr(expect, name) not in {None, getattr(reply, name)}:
            yield f"{name} is {getattr(reply, name)}, not {getattr(expect, name)}"
    if expect.begins and not words.startswith(expect.begins):
        yield f"begins with {words[: len(expect.begins)]!r}, not {expect.begins!r}"
    yield from (f"does not tell {fact}" for fact in expect.facts if fact not in reply.facts)
    yield from (f"does not contain {wanted!r}" for wanted in expect.contains if wanted not in words)
    yield from (f"contains {unwanted!r}" for unwanted in expect.not_contains if unwanted in words)
    labels = {button.label for button in reply.buttons}
    yield from (f"has no button {label!r}" for label in expect.buttons if label not in labels)


def button_of(reply: Reply | None, label: str) -> Button:
    """The button that is pressed; fails where the answer before has none of this label."""
    found = [button for button in (reply.buttons if reply else ()) if button.label == label]
    assert found, f"there is no button {label!r} to press"
    return found[0]


def converse(conversation: Conversation, dialog: Dialog, lang: str, explainer: Explainer) -> Iterator[str]:
    """Goes through a dialog with a reader whose platform speaks `lang`; gives what went otherwise."""
    at = parse_moment(dialog.at, explainer.content.base.zone)
    reply: Reply | None = None
    context: Turn | None = None
    chosen: str | None = None
    for number, turn in enumerate(dialog.turns, start=1):
        button = button_of(reply, turn.press) if turn.press else Button("")
        chosen = button.lang or chosen
        context = reply.turn if reply and reply.is_context else context
        reply = conversation.answer(
            Incoming(turn.say or "", button.turn, lang=chosen, lang_hint=lang, context=context, at=at)
        )
        yield from (f"turn {number}: {miss}" for miss in misses(turn.expect, reply))
        if reply.lang != (chosen or lang):
            yield f"turn {number}: answered in {reply.lang}"


@pytest.mark.parametrize(
    ("lang", "dialog"),
    [
        pytest.param(path.stem, dialog, id=f"{path.stem}: {dialog.name}")
        for path in sorted(DIALOGS.glob("*.yaml"))
        for dialog in dialogs(path)
    ],
)
def test_conversation_goes_as_written(served: Explainer, lang: str, dialog: Dialog) -> None:
    assert not list(converse(served.conversation, dialog, lang, served))


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_fact_of_the_list_is_asked_for(lang: str) -> None:
    comments = re.findall(r"^# .*$", (DIALOGS / f"{lang}.yaml").read_text("utf-8"), re.MULTILINE)
    named = set(re.findall(r"\b[AF]\d+\b", " ".join(comments)))
    assert named == {f"A{number}" for number in range(1, 19)} | {f"F{number}" for number in range(1, 18)}


@pytest.mark.parametrize("lang", ["en", "es"])
def test_names_of_dialogs_are_unique(lang: str) -> None:
    names = [dialog.name for dialog in dialogs(DIALOGS / f"{lang}.yaml")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "wrong",
    [
        Expect(intent="help"),
        Expect(entity="term:ice"),
        Expect(outcome="refuse"),
        Expect(begins="Tomorrow"),
        Expect(facts=("decision:other",)),
        Expect(contains=("words that are not there",)),
        Expect(not_contains=("No day has been confirmed.",)),
        Expect(buttons=("Not there",)),
    ],
    ids=lambda wrong: ", ".join(sorted(wrong.model_fields_set)),
)
def test_what_goes_otherwise_is_noticed(served: Explainer, wrong: Expect) -> None:
    turn = TurnOf(say="when is the vote", expect=wrong)
    dialog = Dialog(name="wrong", at="2025-10-24T18:00", turns=(turn,))
    assert len(list(converse(served.conversation, dialog, "en", served))) == 1


def test_button_that_is_not_there_cannot_be_pressed(served: Explainer) -> None:
    turn = TurnOf(press="Not there", expect=Expect(intent="help"))
    dialog = Dialog(name="wrong", at="2025-10-24T18:00", turns=(turn,))
    with pytest.raises(AssertionError, match="no button 'Not there'"):
        list(converse(served.conversation, dialog, "en", served))
