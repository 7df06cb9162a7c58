"""Short codes that stand for a turn in a button or a deep link, the same for ever."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b

from bot.core.errors import ContentError
from bot.core.messages import Turn


class TurnCodes:
    """Codes of all turns that a pack allows: 12 characters of `A-Za-z0-9_-`, made from the ids alone.

    `names` gives some turns a readable code besides (`vote`), for deep links. Raises ContentError where two turns
    would share a code.
    """

    def __init__(self, turns: Iterable[Turn], names: dict[str, Turn]) -> None:
        self._turns = dict(names)
        for turn in turns:
            if self._turns.setdefault(self.code(turn), turn) != turn:
                raise ContentError(f"two buttons share the code {self.code(turn)}: rename {turn.entity or turn.intent}")

    def code(self, turn: Turn) -> str:
        """The code of a turn, whether or not the pack knows it."""
        digest = blake2b(f"{turn.intent}|{turn.entity or ''}".encode(), digest_size=9).digest()
        return urlsafe_b64encode(digest).decode()

    def turn(self, code: str) -> Turn | None:
        """The turn of a code; None where the present pack has none."""
        return self._turns.get(code)
