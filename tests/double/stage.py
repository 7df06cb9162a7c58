"""A small bot with fixed answers on the double: what a test of the platform needs around it."""

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from struct import pack

from bot.core.clock import FixedClock
from bot.core.errors import ServiceError
from bot.core.messages import Button, Command, Document, Incoming, Outcome, Picture, Reply, Turn
from bot.core.ports import Recalled
from bot.platforms.telegram.adapter import RATE, Account, TelegramPlatform
from bot.platforms.telegram.edition import Edition
from bot.platforms.telegram.transport import Pace
from bot.platforms.telegram.webhook import Address
from bot.platforms.web.server import WebServer
from bot.reminders.subscription import Subscription
from tests.double.delivery import WebhookRules
from tests.double.server import BotApiDouble

VOTE, WHO, HELP = Turn("when_is_the_vote"), Turn("who_said_what"), Turn("help")
ICE = Turn("what_is", "term:ice")
LANGUAGE, FORGET = Turn("language"), Turn("forget_me")
REMIND, CALENDAR = Turn("remind_me"), Turn("calendar", "decision:vote")
PICTURE = Turn("picture")
NOW = datetime(2025, 10, 24, tzinfo=UTC)
LONG = "<h3>Long</h3>" + "<p>One sentence of many that say little. [1]</p>" * 60

STORY = Turn("what_happened")  # what takes more than one message
THANKS = Turn("help")

SECRET = "a-long-secret-of-the-test"
POSTED = WebhookRules(takes_http=True)
QUICK = Pace(poll=2, reach=1.0, read=1.0, pauses=(0.05, 0.1), stop=2.0)


class FixedCodes:
    """Readable codes for the turns of the stage."""

    def __init__(self) -> None:
        self.turns = {"vote": VOTE, "who": WHO, "help": HELP, "ice": ICE, "language": LANGUAGE, "forget": FORGET}
        self.turns |= {"remind": REMIND, "calendar": CALENDAR, "picture": PICTURE, "other": Turn("not_covered")}
        self.turns |= {"287g": Turn("what_is", "term:287g"), "story": STORY}

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

    async def recall(self, _channel: str, reader: str) -> Recalled:
        self._check()
        return Recalled(self.languages.get(reader), self.turns.get(reader))

    async def choose_language(self, _channel: str, reader: str, lang: str) -> None:
        self._check()
        self.languages[reader] = lang

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
class KeptSubscriptions:
    """Subscriptions in a plain map; `is_broken` makes every call fail."""

    kept: dict[str, Subscription] = field(default_factory=dict)
    is_broken: bool = False

    async def get(self, _channel: str, chat: str) -> Subscription | None:
        return self.kept.get(chat)

    async def put(self, _channel: str, chat: str, subscription: Subscription) -> None:
        self.kept[chat] = subscription

    async def remove(self, _channel: str, chat: str) -> bool:
        if self.is_broken:
            raise ServiceError("the database does not answer")
        return self.kept.pop(chat, None) is not None

    async def move(self, _channel: str, chat: str, to: str) -> None:
        if (moved := self.kept.pop(chat, None)) is not None:
            self.kept.setdefault(to, moved)


@dataclass
class FixedAnswers:
    """Answers with a fixed text for each turn, and echoes words; `asked` keeps what came in.

    The word `fail` raises, `slow` waits for `gate`, `long` needs several messages. Whoever may is subscribed.
    """

    asked: list[Incoming] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    subscriptions: KeptSubscriptions = field(default_factory=KeptSubscriptions)
    picture: bytes = field(default_factory=lambda: png(60, 40))

    async def __call__(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        if incoming.text == "fail":
            raise RuntimeError("secret words of a reader")
        if incoming.text == "slow":
            await self.gate.wait()
        lang = incoming.lang or incoming.lang_hint or "en"
        if incoming.turn is None:
            turn = {"long": STORY, "thanks": THANKS}.get(incoming.text, Turn("not_covered"))
            return _reply(turn, lang, f"<p>heard {len(incoming.text)}: {_escape(incoming.text)}</p>")
        if incoming.turn == REMIND:
            return await self._remind(incoming, lang)
        reply = _reply(incoming.turn, lang, f"<p><b>{incoming.turn.intent}</b> in {lang} [1]</p>")
        if incoming.turn == LANGUAGE:
            return replace(reply, chosen_lang=incoming.lang)
        if incoming.turn == PICTURE:
            return replace(reply, picture=Picture(self.picture, "A card", "/pictures/card.png"))
        if incoming.turn == CALENDAR:
            return replace(
                reply,
                document=Document(
                    "vote.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar", "Dates", "/calendar/t.ics"
                ),
            )
        return replace(reply, forget=incoming.turn == FORGET, is_repeatable=incoming.turn != FORGET)

    async def _remind(self, incoming: Incoming, lang: str) -> Reply:
        reader = incoming.reader
        if reader is None or not await reader.may_subscribe():
            return replace(_reply(REMIND, lang, "<p>ask an administrator</p>"), outcome="refuse")
        await self.subscriptions.put(reader.channel, reader.chat, Subscription(lang, NOW, thread=reader.thread))
        return _reply(REMIND, lang, "<p>subscribed</p>")


@dataclass(frozen=True)
class Stage:
    """The double, the bot on it, and what stands behind the bot."""

    double: BotApiDouble
    platform: TelegramPlatform
    answers: FixedAnswers
    readers: KeptReaders


@asynccontextmanager
async def stage(pace: Pace = QUICK, *, readers: KeptReaders | None = None) -> AsyncIterator[Stage]:
    """A running bot on a double, by long polling; both end with the block."""
    async with BotApiDouble() as double:
        answers, kept = FixedAnswers(), readers or KeptReaders()
        async with platform_on(double, answers, kept, pace) as platform:
            yield Stage(double, platform, answers, kept)


@asynccontextmanager
async def webhook_stage(rules: WebhookRules = POSTED, *, rate: float = RATE) -> AsyncIterator[Stage]:
    """The same by webhook, over a real server."""
    async with BotApiDouble(webhooks=rules) as double:
        answers, kept = FixedAnswers(), KeptReaders()
        port = free_port()
        address = Address(f"http://127.0.0.1:{port}/telegram/{SECRET}", SECRET)
        platform = platform_on(double, answers, kept, address=address, rate=rate)
        server = WebServer(platform.webhook, "127.0.0.1", port)
        await server.start()
        try:
            async with platform:
                yield Stage(double, platform, answers, kept)
        finally:
            await server.stop()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def platform_on(
    double: BotApiDouble,
    answers: FixedAnswers,
    readers: KeptReaders,
    pace: Pace = QUICK,
    token: str | None = None,
    *,
    address: Address | None = None,
    rate: float = RATE,
    is_rich: bool = False,
) -> TelegramPlatform:
    """The platform as the stage builds it, not started yet."""
    commands = (
        Command("remind", REMIND, {}),
        Command("vote", VOTE, {"en": "When the vote is", "es": "Cuándo se vota"}),
        Command("287g", Turn("what_is", "term:287g"), {"en": "What 287(g) is"}),
    )
    edition = Edition(
        answers, FixedCodes(), commands, ("en", "es"), lambda name, lang: f"{name} in {lang}",
        lambda turn, lang: f"{turn.intent} in {lang}", lambda _: (Button("Vote", turn=VOTE), Button("Who", turn=WHO)),
        FixedClock(NOW), lambda text: "help me" in text,
    )  # fmt: skip
    account = Account(token or double.token, double.url, address, rate, is_rich)
    return TelegramPlatform(account, edition, readers, pace, answers.subscriptions)


def png(width: int, height: int) -> bytes:
    """A picture in one grey (W3C PNG)."""
    kinds = {
        b"IHDR": pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0),
        b"IDAT": zlib.compress(bytes(1 + width) * height),
        b"IEND": b"",
    }
    chunks = (pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data)) for kind, data in kinds.items())
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _reply(turn: Turn, lang: str, html: str) -> Reply:
    buttons = (
        Button("Who said what", turn=WHO),
        Button("Vote", turn=VOTE),
        Button("Long answer to a long question", turn=ICE),
        Button("Español", turn=LANGUAGE, lang="es"),
        Button("Forget me", turn=FORGET),
        Button("City", url="https://dallascityhall.com/"),
        Button("Here", url="http://localhost:8080/"),
        Button("Remind me", turn=REMIND),
        Button("Calendar", turn=CALENDAR),
        Button("As a picture", turn=PICTURE),
    )
    html = LONG if turn == STORY else html
    outcome: Outcome = "refuse" if turn.intent == "not_covered" else "answer"
    return Reply(turn.intent, turn.entity, outcome, 1.0, lang, NOW, html, buttons=buttons)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
