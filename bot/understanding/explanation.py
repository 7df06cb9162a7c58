"""Why a message was understood as it was, for editors."""

from dataclasses import asdict, dataclass
from typing import Any

from bot.core.ports import Understanding


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An example question like the message; `likeness` is a cosine, 1 for the same."""

    text: str
    intent: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Span:
    """Words of the message, as they were read, and what they can stand for."""

    words: str
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`rule` tells which step decided: `gate`, `follow_up`, `unknown`, `language`, `empty` or `heads`; `pattern` is the
    gate's. `chances` are the likeliest intents, calibrated; `nearest` the nearest examples; `spans` the names found;
    `words` the message as it was read, slips mended. `status` is the interpreter's at that moment. `sentence` is what
    to say in a language that the bot does not speak."""

    understanding: Understanding
    status: str
    rule: str
    words: str = ""
    pattern: str | None = None
    chances: tuple[tuple[str, float], ...] = ()
    nearest: tuple[Neighbour, ...] = ()
    spans: tuple[Span, ...] = ()
    sentence: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)
