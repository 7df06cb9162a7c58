"""What is asked of our bot, and the right answers: those that the same pack gives at the command line."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import orjson

from bot.conversation.codes import TurnCodes
from bot.core.messages import Turn
from tests.benchmarks.telegram_bots import exchanges
from tests.benchmarks.telegram_bots.checks import plain
from tests.benchmarks.telegram_bots.contenders import UnavailableError, Work, explainer, trained_data
from tests.benchmarks.telegram_bots.exchanges import ECHO, Exchange, Wanted

UNSEEN: Final = Path(__file__).parents[1] / "unseen"
LANGUAGES: Final = ("en", "es")
OF_COMMAND: Final = "when_is_the_vote"
PRESSED: Final = (
    "what_happened", "who_said_what", "where_they_stand", "when_is_the_vote", "how_much_money", "who_decides",
    "how_to_take_part", "sources",
)  # fmt: skip
TAILS: Final = (("", ""), (" please", " por favor"), (" thanks", " gracias"), (" pls", " porfa"), ("??", "??"))
PERSONAL: Final = {"remind_me", "stop_reminders", "add_to_calendar", "language", "forget_me"}  # other words in a chat
_FIRST_WORDS: Final = re.compile(r">\s*([^<>]*\w[^<>]*?)\s*<")


@dataclass(frozen=True, slots=True)
class Asking:
    """Something to ask: a command or words (`text`), or the code of a button; and the answer that is right."""

    work: Work
    asked: str
    lang: str
    wanted: Wanted

    def exchange(self) -> Exchange:
        make = exchanges.press if self.work == "press" else exchanges.ask
        return make(self.asked, self.wanted, self.lang)


class Questions:
    """Goes round and round through all that there is to ask."""

    def __init__(self, askings: Sequence[Asking]) -> None:
        self._rounds = {work: cycle([one for one in askings if one.work == work]) for work in _works(askings)}

    def of_ours(self, work: Work, count: int) -> list[Exchange]:
        return [next(self._rounds[work]).exchange() for _ in range(count)]

    def of_others(self, count: int) -> list[Exchange]:
        return [exchanges.command(ECHO, LANGUAGES[number % 2]) for number in range(count)]


def load_questions(count: int) -> Questions:
    """Asks the command line everything once, which trains understanding where that was not done yet.

    Of questions in words there are as many as will be asked, so that none comes twice (up to five times the unseen
    ones). Raises UnavailableError where the command line does not answer.
    """
    codes = TurnCodes((), {})
    asked: list[tuple[Work, str, dict[str, Any]]] = []
    for lang in LANGUAGES:
        asked.append(("command", f"/{exchanges.COMMAND}", {"intent": OF_COMMAND, "lang": lang}))
        asked += [("press", codes.code(Turn(intent)), {"intent": intent, "lang": lang}) for intent in PRESSED]
    asked += [("question", text, {"text": text}) for text in islice(_unseen(), count * 21 // 20)]  # some are personal
    replies = _answers([question for _, _, question in asked])
    pairs = [(work, text, reply) for (work, text, _), reply in zip(asked, replies, strict=True)]
    return Questions([_asking(*pair) for pair in pairs if pair[2]["intent"] not in PERSONAL])


def _asking(work: Work, text: str, reply: dict[str, Any]) -> Asking:
    method = "editMessageText" if work == "press" else "sendMessage"
    found = _FIRST_WORDS.search(reply["html"])
    assert found, reply["html"]
    has_buttons = any(button.get("intent") for button in reply["buttons"])
    wanted = Wanted(method, plain(found[1]), buttons=int(has_buttons), is_pressed=work == "press")
    return Asking(work, text, reply["lang"], wanted)


def _answers(questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("EXPLAINER_", "TELEGRAM_"))
    }
    done = subprocess.run(
        [str(explainer()), "ask", "--batch"],
        input=b"\n".join(orjson.dumps(question) for question in questions),
        env=environment | {"EXPLAINER_DATA": str(trained_data())},
        capture_output=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise UnavailableError(f"the command line does not answer: {done.stderr.decode().strip()}")
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def _unseen() -> Iterator[str]:
    """The unseen questions, language by language in turns; then each again with a word more, as people put it."""
    texts = [[orjson.loads(line)["text"] for line in _lines(lang)] for lang in LANGUAGES]
    for tails in TAILS:
        for pair in zip(*texts, strict=False):
            yield from (text + tail for text, tail in zip(pair, tails, strict=True))


def _lines(lang: str) -> list[bytes]:
    return (UNSEEN / f"{lang}.jsonl").read_bytes().splitlines()


def _works(askings: Sequence[Asking]) -> set[Work]:
    return {one.work for one in askings}
