"""A small bot with fixed answers on the double: what a test of the platform needs around it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.core.messages import Button, Command, Incoming, Outcome, Reply, Turn
from bot.platforms.telegram.adapter import TelegramPlatform
from bot.platforms.telegram.transport import Pace
from tests.double.server import BotApiDouble

VOTE, WHO, HELP = Turn("when_is_the_vote"), Turn("who_said_what"), Turn("help")
ICE = Turn("what_is", "term:ice")
LANGUAGE, FORGET = Turn("language"), Turn("forget_me")
LONG = "<h3>Long</h3>" + "<p>One sentence of many that say little. [1]</p>" * 250

QUICK = Pace(poll=2, reach=1.0, read=1.0, pauses=(0.05, 0.1), stop=2.0)


class FixedCodes:
    """Readable codes for the turns of the stage."""

    def __init__(self) -> None:
        self.turns = {"vote": VOTE, "who": WHO, "help": HELP, "ice": ICE, "language": LANGUAGE, "forget": FORGET}

    def code(self, turn: Turn) -> str:
        return next(code for code, known in self.turns.items() if known == turn)

    def turn(self, code: str) -> Turn | None:
        return self.turns.get(code)


@dataclass
class KeptReaders:
    """What is kept of readers, in plain maps; `is_broken` makes every call fail."""

    languages: dict[str, str] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)
    is_broken: bool = False

    async def language(self, _channel: str, reader: str) -> str | None:
        self._check()
        return self.languages.get(reader)

    async def choose_language(self, _channel: str, reader: str, lang: str) -> None:
        self._check()
        self.languages[reader] = lang

    async def last_turn(self, _channel: str, reader: str) -> Turn | None:
        self._check()
        return self.turns.get(reader)

    async def remember_turn(self, _channel: str, reader: str, turn: Turn) -> None:
        self._check()
        self.turns[reader] = turn

    async def forget(self, _channel: str, reader: str) -> None:
        self._check()
        self.languages.pop(reader, None)
        self.turns.pop(reader, None)

    def _check(self) -> None:
        if self.is_broken:
            raise OSError("the disk is full")


@dataclass
class FixedAnswers:
    """Answers with a fixed text for each turn, and echoes words; `asked` keeps what came in.

    The word `fail` raises, `slow` waits for `gate`, `long` needs several messages.
    """

    asked: list[Incoming] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        if incoming.text == "fail":
            raise RuntimeError("secret words of a reader")
        if incoming.text == "slow":
            await self.gate.wait()
        lang = incoming.lang or incoming.lang_hint or "en"
        if incoming.turn is None:
            html = LONG if incoming.text == "long" else f"<p>heard {len(incoming.text)}: {_escape(incoming.text)}</p>"
            return _reply(Turn("not_covered"), lang, html)
        reply = _reply(incoming.turn, lang, f"<p><b>{incoming.turn.intent}</b> in {lang} [1]</p>")
        if incoming.turn == LANGUAGE:
            return replace(reply, chosen_lang=incoming.lang)
        return replace(reply, forget=incoming.turn == FORGET)


@dataclass(frozen=True)
class Stage:
    """The double, the bot on it, and what stands behind the bot."""

    double: BotApiDouble
    platform: TelegramPlatform
    answers: FixedAnswers
    readers: KeptReaders


@asynccontextmanager
async def stage(pace: Pace = QUICK, *, readers: KeptReaders | None = None) -> AsyncIterator[Stage]:
    """A running bot on a double; both end with the block."""
    async with BotApiDouble() as double:
        answers, kept = FixedAnswers(), readers or KeptReaders()
        async with platform_on(double, answers, kept, pace) as platform:
            yield Stage(double, platform, answers, kept)


def platform_on(
    double: BotApiDouble, answers: FixedAnswers, readers: KeptReaders, pace: Pace = QUICK, token: str | None = None
) -> TelegramPlatform:
    """The platform as the stage builds it, not started yet."""
    commands = (
        Command("vote", VOTE, {"en": "When the vote is", "es": "Cuándo se vota"}),
        Command("287g", Turn("what_is", "term:287g"), {"en": "What 287(g) is"}),
    )
    token = token or double.token
    return TelegramPlatform(token, double.url, answers, FixedCodes(), readers, commands, ("en", "es"), pace)


def _reply(turn: Turn, lang: str, html: str) -> Reply:
    buttons = (
        Button("Who said what", turn=WHO),
        Button("Vote", turn=VOTE),
        Button("Long answer to a long question", turn=ICE),
        Button("Español", turn=LANGUAGE, lang="es"),
        Button("Forget me", turn=FORGET),
        Button("City", url="https://dallascityhall.com/"),
        Button("Here", url="http://localhost:8080/"),
    )
    outcome: Outcome = "refuse" if turn.intent == "not_covered" else "answer"
    at = datetime(2025, 10, 24, tzinfo=UTC)
    return Reply(turn.intent, turn.entity, outcome, 1.0, lang, at, html, buttons=buttons)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
