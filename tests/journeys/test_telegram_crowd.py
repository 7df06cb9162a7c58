"""A crowd at once, with one who floods and one on a slow network among them: the others notice nothing of either."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic

import pytest

from bot.platforms.telegram.transport import Pace
from bot.platforms.telegram.webhook import Address
from bot.platforms.web.server import WebServer
from tests.double import BotApiDouble, WebhookRules
from tests.double.stage import QUICK, SECRET, FixedAnswers, KeptReaders, free_port, platform_on
from tests.double.world import Chat

pytestmark = pytest.mark.asyncio(loop_scope="function")

EACH = 2  # messages of every chat in the crowd
FLOOD = 200
SLOWLY = ("a press", "later")  # what the slow one does
IN_TURN = WebhookRules(takes_http=True, in_turn=True)
HELD = 120.0  # seconds, far longer than the test: who waited for the slow one would not be answered
WAYS = pytest.mark.parametrize("by_webhook", [True, False], ids=["webhook", "polling"])


@dataclass(frozen=True)
class Crowd:
    """Chats that each say their numbers, one that floods, and one whose press is answered over a slow network."""

    double: BotApiDouble
    chats: tuple[Chat, ...]
    flooder: Chat
    slow: Chat

    def speak(self) -> None:
        """All at once; the flood stands before the others and between them."""
        for number in range(EACH):
            for _ in range(FLOOD // EACH):
                self.flooder.say("flood")
            for chat in self.chats:
                chat.say(f"{chat.id} {number}")

    async def check_answers(self, seconds: float) -> None:
        """Waits for the crowd; each has exactly its answers, in its order, the flooder its burst and one calm word."""
        for chat in self.chats:
            texts = [f"{chat.id} {number}" for number in range(EACH)]
            assert [(await chat.reply(seconds)).text for _ in range(EACH)] == [f"heard {len(t)}: {t}" for t in texts]
        assert all(len(chat.messages) == EACH for chat in self.chats)
        told = [(await self.flooder.reply(seconds)).text]
        while told[-1] == "heard 5: flood":
            told.append((await self.flooder.reply(seconds)).text)
        assert told[-1] == "too_fast in en"
        assert QUICK.burst < len(told) < FLOOD / 2
        await self.double.until(lambda: self.double.pending <= len(SLOWLY), seconds)
        assert len(self.flooder.messages) == len(told)
        assert self.double.refused == []


@asynccontextmanager
async def crowd(by_webhook: bool, count: int, pace: Pace, delay: float) -> AsyncIterator[Crowd]:
    """So many chats before a bot that may send as fast as it can; from the start on it waits for one slow network."""
    async with BotApiDouble(webhooks=IN_TURN) as double, bot_on(double, by_webhook, pace):
        slow = double.private()
        sent = await slow.ask("hello")
        slow.delay = delay
        slow.press("Vote", sent)
        await double.until(lambda: double.called("editMessageText"))
        yield Crowd(double, tuple(double.private() for _ in range(count)), double.private(), slow)


@asynccontextmanager
async def bot_on(double: BotApiDouble, by_webhook: bool, pace: Pace) -> AsyncIterator[None]:
    """The bot by one way or the other."""
    port = free_port()
    address = Address(f"http://127.0.0.1:{port}/telegram/{SECRET}", SECRET) if by_webhook else None
    platform = platform_on(double, FixedAnswers(), KeptReaders(), pace, address=address, rate=100_000)
    if platform.webhook is None:
        async with platform:
            yield
        return
    server = WebServer(platform.webhook, "127.0.0.1", port)
    await server.start()
    try:
        async with platform:
            yield
    finally:
        await server.stop()


@WAYS
async def test_thousand_chats_at_once_notice_neither_a_flood_nor_a_slow_network(by_webhook: bool) -> None:
    async with crowd(by_webhook, 1_000, replace(QUICK, read=HELD, stop=0.4), HELD) as gathered:
        gathered.slow.say(SLOWLY[1])
        gathered.speak()
        await gathered.check_answers(HELD / 2)
        assert gathered.slow.messages[2].edited
        assert len(gathered.slow.messages) == 1  # what came after the press waits for it


@pytest.mark.long
@WAYS
async def test_ten_thousand_chats_are_answered_while_one_is_slow(by_webhook: bool, is_bounded: bool) -> None:
    count, delay = (3_000, 8.0) if is_bounded else (10_000, 20.0)
    async with crowd(by_webhook, count, replace(QUICK, read=2 * delay), delay) as gathered:
        gathered.slow.say(SLOWLY[1])
        begun = monotonic()
        gathered.speak()
        await gathered.check_answers(300)
        took = monotonic() - begun
        assert [(await gathered.slow.reply(2 * delay)).text for _ in range(2)][1] == "heard 5: later"
        calls = [call for call in gathered.double.calls if call.method == "sendMessage"]
        [late] = [call.at for call in calls if "heard 5: later" in call.parameters["text"]]
        meanwhile = sum(1 for call in calls if call.at < late)
        print(f"\n{count} chats, {EACH * count} answers in {took:.1f} s, {meanwhile} of them while one was slow")
        assert meanwhile > count / 10
