"""What goes in and out of a conversation, whichever platform carries it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["answer", "confirm", "refuse"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked, as two ids: an intent (`what_is`) and an entity (`term:287g`) or none."""

    intent: str
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """The chat that a message came from: `channel` names the platform, `chat` is the platform's own id, `thread` a
    forum topic. `may_subscribe` finds out, when asked, whether this person may set reminders for the chat."""

    channel: str
    chat: str
    thread: int | None
    may_subscribe: Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a reader: either words (`text`) or a choice already made (`turn`: a button, a command, a link).

    `lang` is a language that the reader has chosen; `lang_hint` what the platform believes of the reader.
    `context` is the turn before, for follow-ups. `at` asks as of another instant than now (with a zone).
    `reader` is there where the platform can write to the chat of its own accord, and so remind it. `only_look`: nothing
    may be changed by it, as by a link that somebody else made.
    """

    text: str = ""
    turn: Turn | None = None
    lang: str | None = None
    lang_hint: str | None = None
    context: Turn | None = None
    at: datetime | None = None
    reader: Reader | None = None
    only_look: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """What a reader may press next: a `turn` to ask, or a `url` to open; exactly one of the two.

    `lang` switches the reader's language as well (the buttons of the intent `language`).
    """

    label: str
    turn: Turn | None = None
    url: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class SourceNote:
    """A source as a reply names it; `published` is EDTF text as the pack has it."""

    id: str
    publisher: str
    title: str | None
    url: str | None
    published: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file that goes with a reply: `media_type` is its MIME type, `title` says what it is in the reader's language.
    `path` is where this program's own pages serve the same, from `/` on."""

    name: str
    content: bytes
    media_type: str
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that goes with a reply: a PNG, and in words what it shows. `path` is where this program's own pages
    serve the same, from `/` on."""

    content: bytes
    alt: str
    path: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `html` is the semantic subset, which each platform converts.

    `facts` are the ids of the facts that were told (`decision:joining-287g`), `sources` the numbered footnotes in
    order, `suggestions` intents to ask next, `confidence` 0 to 1, `at` the instant as of which it is true (topic's
    zone), `until` the instant (UTC) from which its wording may be true no longer, the "as of" in it apart: "tomorrow"
    ends at midnight. `chosen_lang` is set when this turn chose the reader's language for good; `forget` when all that
    is kept of the reader is to go. `is_repeatable` says that asking the same turn again changes nothing,
    `is_preview` that an editor looks at another instant, so that not even the turn is to be remembered.
    """

    intent: str
    entity: str | None
    outcome: Outcome
    confidence: float
    lang: str
    at: datetime
    html: str
    facts: tuple[str, ...] = ()
    sources: tuple[SourceNote, ...] = ()
    buttons: tuple[Button, ...] = ()
    suggestions: tuple[str, ...] = ()
    chosen_lang: str | None = None
    forget: bool = False
    document: Document | None = None
    picture: Picture | None = None
    until: datetime | None = None
    is_repeatable: bool = True
    is_preview: bool = False

    @property
    def turn(self) -> Turn:
        """What was answered."""
        return Turn(self.intent, self.entity)

    @property
    def is_context(self) -> bool:
        """Whether the next message may refer back to it: a greeting or a word of thanks names nothing that it could."""
        return self.outcome == "answer" and self.intent != "help"


@dataclass(frozen=True, slots=True)
class Command:
    """A word behind a slash that asks one thing; `descriptions` by language, for the platform's menu."""

    name: str
    turn: Turn
    descriptions: dict[str, str]
