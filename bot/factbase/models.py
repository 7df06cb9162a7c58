"""What a fact pack holds: the models that its YAML files are read into, strict, with unknown keys forbidden."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.factbase.fields import Count, FileName, Id, Ids, Link, Phone, SomeIds, Switch, Time, Words
from bot.factbase.text import Label, LanguageCode, Line, Text, Translation


class Entry(BaseModel):
    """Anything that an editor writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cited(Entry):
    """Something that a source says. It counts from the earliest of its sources on, or from `known_from` where that
    is given; a `known_from` that is a day counts from the day's end."""

    sources: SomeIds
    known_from: Time | None = None


class Place(Entry):
    """Where meetings are held; `name` as it stands after 'at'."""

    id: Id
    name: Label


class Passage(Cited):
    """Sentences on one thing. `valid_from` and `valid_until` bound when they may be told: for laws that begin."""

    text: Text
    valid_from: Time | None = None
    valid_until: Time | None = None


class Section(Entry):
    """Passages under a title, folded away in an answer."""

    title: Label
    passages: tuple[Passage, ...] = Field(min_length=1)


class Topic(Entry):
    """What the pack explains. `place` is an Open Civic Data division id; the zone is an IANA name. `spoken_of` is what
    everybody speaks of, as of the `term`: a question that names somebody else, too, asks of that one."""

    kind: ClassVar[str] = "topic"
    id: Id
    name: Label
    place: Line
    place_name: Label
    zone: Line
    languages: tuple[LanguageCode, ...] = Field(min_length=1, max_length=12)
    decision: Id
    term: Id
    spoken_of: tuple[Id, ...] = ()
    places: tuple[Place, ...] = ()
    summary: tuple[Passage, ...] = Field(min_length=1)
    review_by: Time | None = None


class Source(Entry):
    """Where facts come from. `published` is EDTF; what it says counts from `known_from`, by default the end of that.

    `text` names the file of its text where one is at hand, so that quotations are checked against it. `copy_url`
    is the address of a copy, where the original is not at hand. `name` says how to call it where no publisher is named.
    """

    kind: ClassVar[str] = "source"
    id: Id
    publisher: Line | None = None
    name: Label | None = None
    title: Line | None = None
    url: Link | None = None
    copy_url: Link | None = None
    published: Time
    known_from: Time | None = None
    text: FileName | None = None
    note: Label | None = None


class Role(Cited):
    """What a person was, and when; `title` as it stands behind a name."""

    title: Label
    organisation: Id | None = None
    since: Time | None = None
    until: Time | None = None


class Person(Entry):
    """Somebody who acts or speaks. `surname` is how later mentions call the person; `aliases` are how readers do."""

    kind: ClassVar[str] = "person"
    id: Id
    name: Line
    surname: Line
    aliases: Words = Field(default_factory=dict)
    roles: tuple[Role, ...] = Field(min_length=1)


class Organisation(Entry):
    """A body, an agency, an outlet or a group. `in_sentence` is the name with its article, where it takes one."""

    kind: ClassVar[str] = "org"
    id: Id
    name: Label
    in_sentence: Label | None = None
    aliases: Words = Field(default_factory=dict)
    description: tuple[Passage, ...] = Field(min_length=1)


class Term(Entry):
    """A word that needs explaining. The first passage is the answer, the others follow, `sections` are folded."""

    kind: ClassVar[str] = "term"
    id: Id
    name: Label
    aliases: Words = Field(default_factory=dict)
    definition: tuple[Passage, ...] = Field(min_length=1)
    sections: tuple[Section, ...] = ()


class Segment(Entry):
    """A W3C TextQuoteSelector: `exact` words, with what stands before or after them where they occur twice."""

    exact: Line
    prefix: str = ""
    suffix: str = ""


def _read_quote(value: Any) -> Any:
    parts = value if isinstance(value, list | tuple) else [value]
    return [{"exact": part} if isinstance(part, str) else part for part in parts]


Quote = Annotated[tuple[Segment, ...], BeforeValidator(_read_quote), Field(min_length=1)]


class Variant(Cited):
    """Another outlet's wording of the same statement, or its other list of who made it."""

    by: SomeIds | None = None
    and_others: Count = 0
    quote: Quote | None = None
    translation: Translation | None = None
    note: Text | None = None


class Statement(Cited):
    """What somebody said: a quotation in the speaker's wording, or a paraphrase in ours.

    `lead` stands before the quotation where its words are not a whole sentence. `excerpt` are those of its words to
    show where there is little room. `stance` is the id of a position of
    the decision, only where the speaker took one. `no_answer` marks a question that was put and not answered.
    """

    kind: ClassVar[str] = "statement"
    id: Id
    by: SomeIds
    and_others: Count = 0
    lead: Label | None = None
    quote: Quote | None = None
    excerpt: Line | None = None
    translation: Translation | None = None
    excerpt_translation: Translation | None = None
    paraphrase: Text | None = None
    said_on: Time | None = None
    occasion: Label | None = None
    about: Id | None = None
    stance: Id | None = None
    no_answer: Switch = False
    reported_differently: tuple[Variant, ...] = ()


class Event(Cited):
    """Something that happened at `when`; `people` are the persons and organisations in it."""

    kind: ClassVar[str] = "event"
    id: Id
    when: Time
    text: Text
    people: Ids = ()
    about: Id | None = None


class Tally(Entry):
    """How many voted how. The parts must add up to `members` where that is given."""

    votes_for: Count
    votes_against: Count
    abstained: Count = 0
    absent: Count = 0
    members: Count | None = None


State = Literal["expected", "scheduled", "postponed", "cancelled", "held", "decided"]


class Report(Cited):
    """What was known of a date from some instant on; the newest known report counts.

    `when` is the day, window or moment ahead; `held` when the body met; `until` when a postponed matter comes
    back, or `indefinitely`. `notes` are further sentences, each with its own sources.
    """

    state: State
    when: Time | None = None
    held: Time | None = None
    until: Time | Literal["indefinitely"] | None = None
    body: Id | None = None
    place: Id | None = None
    outcome: Literal["adopted", "rejected"] | None = None
    tally: Tally | Literal["unanimous"] | None = None
    notes: tuple[Passage, ...] = ()


class Dated(Entry):
    """Something on the calendar whose date may change: what was reported of it, one report after another."""

    id: Id
    name: Label
    about: Id | None = None
    notes: tuple[Passage, ...] = ()
    reports: tuple[Report, ...] = Field(min_length=1)


class Position(Entry):
    """A side that somebody may take in a decision."""

    id: Id
    label: Label


class Decision(Dated):
    """Something that a body votes on."""

    kind: Literal["vote"] = "vote"
    question: Label
    positions: tuple[Position, ...] = Field(min_length=1)
    who_decides: tuple[Passage, ...] = Field(min_length=1)


class Meeting(Dated):
    """A meeting that is not itself the vote."""

    kind: Literal["meeting"]


class Deadline(Dated):
    """A day by which something must be done, without a vote."""

    kind: Literal["deadline"]


class Claim(Cited):
    """One figure and who gives it: `by` a person or organisation, else the source itself."""

    figure: Label
    text: Text
    by: Id | None = None


class Figure(Entry):
    """A number, or several that do not agree, side by side."""

    kind: ClassVar[str] = "figure"
    id: Id
    name: Label
    about: Literal["money", "turnout", "council"]
    claims: tuple[Claim, ...] = Field(min_length=1)
    note: Label | None = None


class HowTo(Entry):
    """How a resident does something, step by step."""

    kind: ClassVar[str] = "howto"
    id: Id
    name: Label
    steps: tuple[Passage, ...] = Field(min_length=1)
    link: Link | None = None


class Help(Entry):
    """A pointer to help, shown by the refusals named in `shown_for`; never advice. An operator can replace it."""

    kind: ClassVar[str] = "help"
    id: Id
    name: Label
    phone: Phone | None = None
    url: Link | None = None
    shown_for: tuple[Literal["in_distress", "legal_advice"], ...] = Field(min_length=1)
    sources: Ids = ()


def _default_kind(value: Any) -> Any:
    return {"kind": "vote", **value} if isinstance(value, dict) else value


Calendar = Annotated[
    Annotated[Decision | Meeting | Deadline, Field(discriminator="kind")], BeforeValidator(_default_kind)
]
