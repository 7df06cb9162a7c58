"""What rooms expect of one another, so that each can be built and tested alone."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.core.messages import Incoming, Outcome, Reply, Turn


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text was taken to mean. `lang` is the language that it is written in, None where nobody can tell.

    `candidates` are what to offer with the outcome `confirm`, best first; with `answer`, what else the message asked.
    `sentence` is what to say first to somebody who writes in a language that the bot does not speak.
    """

    turn: Turn
    outcome: Outcome
    confidence: float
    lang: str | None = None
    candidates: tuple[Turn, ...] = field(default=())
    sentence: str | None = None


class Interpreter(Protocol):
    """Turns a reader's words into an intent and an entity, or an honest refusal. Never raises on any text."""

    def understand(self, text: str, context: Turn | None = None) -> Understanding: ...


class Answer(Protocol):
    """What a platform is handed: one incoming message to one reply."""

    async def __call__(self, incoming: Incoming) -> Reply: ...


class Codes(Protocol):
    """Short stable codes for turns, for buttons and deep links: letters, digits, `-` and `_`, at most 24 of them.

    They stay the same after a restart and after the pack changed; `turn` gives None for a
    code that the present pack does not know.
    """

    def code(self, turn: Turn) -> str: ...

    def turn(self, code: str) -> Turn | None: ...


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is kept of a reader: the language chosen for good, and the turn of the last ten minutes."""

    language: str | None = None
    turn: Turn | None = None


class Phrase(Protocol):
    """Says one of the short phrases of `responses/phrases.yaml` by its id."""

    def __call__(self, name: str, lang: str) -> str: ...


class Readers(Protocol):
    """What is kept of a reader between messages: the chosen language, and for ten minutes the last turn.

    `channel` names the platform (`telegram`), `reader` is the platform's own id of the chat. `remember_turn` waits for
    no disk; `recall` knows that turn at once.
    """

    async def recall(self, channel: str, reader: str) -> Recalled: ...

    async def choose_language(self, channel: str, reader: str, lang: str) -> None: ...

    async def remember_turn(self, channel: str, reader: str, turn: Turn) -> None: ...

    async def forget(self, channel: str, reader: str) -> None: ...
