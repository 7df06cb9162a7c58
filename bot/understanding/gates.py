"""Rules that come before any head: distress, legal advice, other places and the like, from the writers' own data."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.core.findings import Finding
from bot.factbase.fields import Words
from bot.factbase.loader import validate
from bot.factbase.models import Entry
from bot.factbase.text import LanguageCode, Line, as_list
from bot.factbase.yaml_tree import MOST_FINDINGS, Steps, read_tree
from bot.understanding.normalisation import folded
from bot.understanding.patterns import Pattern, PatternError, PatternIndex, Together, compile_pattern

FILE = "gates.yaml"
PLACES = "elsewhere"  # the list of names that a pack's own file adds to
EXAMPLE_PLACES = "example-places"  # the list of those that the file's own examples name
Lines = Annotated[tuple[Line, ...], BeforeValidator(as_list)]
OneWords = Annotated[tuple[Annotated[str, Field(pattern=r"^\S+$")], ...], BeforeValidator(as_list)]
Written = Annotated[str, Field(min_length=1, max_length=2_000)]
Patterns = Annotated[tuple[Written, ...], BeforeValidator(as_list)]
Problem = tuple[Steps, str, str]


class Gate(Entry):
    """One rule: a message that fits a pattern, and none under `unless`, is taken for `intent`.

    `option` names one of the intent's options, whose wording of the answer is then given. `examples` must pass the gate
    and `counterexamples` must not: both are tried when the file is read.
    """

    intent: Line
    option: Line | None = None
    patterns: Annotated[Patterns, Field(min_length=1)]
    unless: Patterns = ()
    examples: Words
    counterexamples: Words = Field(default_factory=dict)


class Tongue(Entry):
    """A language that the bot does not speak: `words` that give it away, or the name of its `script`, and the
    `sentence` to say in it."""

    code: LanguageCode
    words: Lines = ()
    script: Line | None = None
    sentence: Line

    @model_validator(mode="after")
    def _can_be_told(self) -> "Tongue":
        if not self.words and not self.script:
            raise PydanticCustomError("tongue", "nothing gives this language away", {"remedy": "add words: or script:"})
        return self


class Rules(Entry):
    """The file of gates: `lists` can be named in patterns, the first gate that fits wins.

    `asks_of` are patterns with `{who}`: where nothing in the pack has a word of it, the question is not covered.
    `openers` are greetings before a question; `linking` words make a follow-up of a bare name, `pronouns` of anything.
    Who stands after a word of `asking` or before one of `speaking`, but for some of `between`, is asked of; `who` are
    words that ask for a person.
    `pictures` are the words that emoji stand for; `of_any_language` are words that readers of every language write.
    """

    lists: dict[str, Lines] = Field(default_factory=dict)
    gates: Annotated[tuple[Gate, ...], Field(min_length=1)]
    asks_of: Patterns = ()
    openers: Lines = ()
    linking: Lines = ()
    pronouns: Lines = ()
    reasons: Lines = ()
    asking: OneWords = ()
    speaking: OneWords = ()
    between: OneWords = ()
    who: OneWords = ()
    pictures: dict[Annotated[str, Field(min_length=1, max_length=1)], Line] = Field(default_factory=dict)
    of_any_language: Lines = ()
    tongues: tuple[Tongue, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """The gate that a message fits: its intent, the pattern as it was written, and the entity id of its option."""

    intent: str
    pattern: str
    option: str | None = None


class Gates:
    """The gates of a `Rules` file, ready to be tried."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._gates = [
            (gate, PatternIndex(_compiled(gate.patterns, rules)), PatternIndex(_compiled(gate.unless, rules)))
            for gate in rules.gates
        ]
        self._asks_of = PatternIndex(_compiled(rules.asks_of, rules))

    def find(self, words: Sequence[str]) -> Passed | None:
        """The first gate that folded `words` fit."""
        for gate, patterns, unless in self._gates:
            found = patterns.find(words)
            if found and not unless.find(words):
                return Passed(gate.intent, found[0].text, f"option:{gate.option}" if gate.option else None)
        return None

    def asked_of(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words of whom or what the message asks (`{who}`), none where it does not ask so."""
        found = self._asks_of.find(words)
        return tuple(found[1]["who"].split()) if found else ()


def load_gates(
    responses: Path, pack: Path, intents: Sequence[str], *, try_examples: bool = True
) -> tuple[Gates | None, tuple[str, ...], list[Finding]]:
    """The gates of the content folder `responses`, the places that the pack in folder `pack` says are not its own, and
    every finding about either; no gates where the file has errors. Its examples are tried only if `try_examples`."""
    findings: list[Finding] = []
    places = _load_places(pack, findings)
    path = responses / FILE
    tree = read_tree(path, str(path), responses)
    findings += tree.findings
    rules = None if tree.findings else validate(Rules, tree, (), tree.data or {}, ZoneInfo("UTC"), findings)
    if rules is None:
        return None, places, findings
    rules = rules.model_copy(update={"lists": {**rules.lists, PLACES: places}})
    before = len(findings)
    for steps, problem, remedy in _problems(rules, intents, try_examples and not findings):
        findings.append(Finding(tree.file, tree.line(steps), ".".join(map(str, steps)), problem, remedy))
    return (Gates(rules) if len(findings) == before else None), places, findings


def _load_places(pack: Path, findings: list[Finding]) -> tuple[str, ...]:
    path = pack / f"{PLACES}.yaml"
    if not path.exists():
        return ()
    tree = read_tree(path, str(path), pack)
    findings += tree.findings
    found = validate(Words, tree, (), tree.data or {}, ZoneInfo("UTC"), findings) or {}
    return tuple(dict.fromkeys(place for names in found.values() for place in names))


def _compiled(patterns: Sequence[str], rules: Rules) -> list[Pattern]:
    return [compile_pattern(text, rules.lists) for text in patterns]


def _problems(rules: Rules, intents: Sequence[str], try_examples: bool) -> list[Problem]:
    found: list[Problem] = []
    together = Together()
    for steps, text in _patterns(rules):
        try:
            together.add(compile_pattern(text, rules.lists))
        except PatternError as error:
            found.append((steps, str(error), "see the top of the file for how patterns are written"))
        if len(found) == MOST_FINDINGS:
            return found
    for number, gate in enumerate(rules.gates):
        if gate.intent not in intents:
            found.append(
                (("gates", number, "intent"), f"there is no intent {gate.intent!r}", "see intents.yaml for the names")
            )
    return found or (_untrue_examples(rules) if try_examples else [])


def _patterns(rules: Rules) -> list[tuple[Steps, str]]:
    of_gates: list[tuple[Steps, str]] = [
        (("gates", number, field, at), text)
        for number, gate in enumerate(rules.gates)
        for field in ("patterns", "unless")
        for at, text in enumerate(getattr(gate, field))
    ]
    return [*of_gates, *((("asks_of", at), text) for at, text in enumerate(rules.asks_of))]


def _untrue_examples(rules: Rules) -> list[Problem]:
    places = (*rules.lists.get(EXAMPLE_PLACES, ()), *rules.lists[PLACES])  # examples hold whichever pack is served
    gates = Gates(rules.model_copy(update={"lists": {**rules.lists, PLACES: places}}))
    found: list[Problem] = []
    for number, gate in enumerate(rules.gates):
        for field, expected in (("examples", True), ("counterexamples", False)):
            for lang, texts in getattr(gate, field).items():
                for at, text in enumerate(texts):
                    passed = gates.find(folded(text).split())
                    if (passed is not None and passed.intent == gate.intent) != expected:
                        taken = f"is taken for {passed.intent}" if passed else "passes no gate"
                        remedy = (
                            "add a pattern, or remove the example" if expected else "narrow the pattern, or use unless:"
                        )
                        found.append((("gates", number, field, lang, at), f"{text!r} {taken}", remedy))
    return found
