"""The work that every bot of the comparison does: one 750-character HTML answer with four inline buttons.

Imported by bots in several environments, so it knows nothing but the standard library.
"""

import argparse
from dataclasses import dataclass
from typing import Final

COMMAND: Final = "vote"
BUTTONS: Final = (
    ("Remind me", "d2hlbl9pc190"),
    ("Who said what?", "d2hvX3NhaWRf"),
    ("How to take part", "aG93X3RvX3Rh"),
    ("What is 287(g)?", "d2hhdF9pc190"),
)
TEXT: Final = (
    "<b>I know of no scheduled vote.</b> On November 6, 2025, two council committees voted unanimously to postpone "
    'the question indefinitely. <a href="https://example.org/news/council-vote">[1]</a>\n\n'
    "The matter did not go to the full council. The motion came from a council member; the mayor was absent, and 13 of "
    "the 14 council members attended.\n\n"
    "<blockquote expandable><b>What may come</b>\nA related date is in nine days: the deadline of the state’s law for "
    "sheriffs whose county runs a jail. It does not bind the city’s police, but the question of the agreement may come "
    "up again with it, and any council member may ask for a new vote.</blockquote>\n\n"
    "<i>[1] Example News, November 7, 2025. As of November 22, 2026: what is not known here is not told.</i>"
)
assert len(TEXT) == 750, len(TEXT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bot works: its token, the Bot API's server, and of a webhook the port, the path and the secret."""

    token: str
    api: str
    port: int
    path: str
    secret: str

    @property
    def hook(self) -> str:
        """The webhook's address as Telegram would be told."""
        return f"https://bot.example{self.path}"

    def arguments(self) -> list[str]:
        """The place as a command line."""
        return [self.token, self.api, str(self.port), self.path, self.secret]


def read_arguments() -> tuple[str, Place]:
    """How to take updates, and where."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way")
    parser.add_argument("token")
    parser.add_argument("api")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("secret")
    given = vars(parser.parse_args())
    way = given.pop("way")
    return way, Place(**given)
