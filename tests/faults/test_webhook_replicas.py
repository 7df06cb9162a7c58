"""Two programs on one database and one bot, behind a balancer: killed, stopped, suspended while residents write."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from bot.wiring import Explainer
from tests.double import BotApiDouble, WebhookRules
from tests.double.world import Chat
from tests.faults.programs import WEBHOOK, Program, programs
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

RATE = 30.0  # updates a second, of all chats together
CHATS = 120  # so that each writes every four seconds, which nobody calls too fast
QUESTIONS = ("/vote", "who decides?", "what is 287(g)?", "¿cuándo es la votación?", "/help", "what did chad west say")
PATIENCE = 30.0  # seconds until the last has its answer
GIVEN_UP = 6.0  # seconds after which an update without a response is posted again


@dataclass
class Residents:
    """People who write in turn, each question of them with one message for an answer, and what they got."""

    double: BotApiDouble
    chats: list[Chat] = field(init=False)
    said: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chats = [self.double.private(lang="en") for _ in range(CHATS)]

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """They write as long as the block lasts; after it all are answered."""
        task = asyncio.create_task(self._write())
        try:
            await asyncio.sleep(1.0)
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.double.until(lambda: not self.double.pending, PATIENCE)
        await asyncio.sleep(0.5)  # what comes twice has come

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in count(1):
            chat = self.chats[number % CHATS]
            chat.say(QUESTIONS[number % len(QUESTIONS)])
            self.said[chat.id] += 1
            await asyncio.sleep(max(0.0, begun + number / RATE - loop.time()))

    @property
    def got(self) -> Counter[int]:
        return Counter({chat.id: len(chat.messages) for chat in self.chats})

    @property
    def lost(self) -> int:
        return (self.said - self.got).total()

    @property
    def doubled(self) -> int:
        return (self.got - self.said).total()


@dataclass
class Street:
    """The bot's two programs; `report` prints what they did since the last report."""

    double: BotApiDouble
    both: list[Program]
    reported: int = 0

    def report(self, what: str, residents: Residents) -> None:
        attempts = self.double.webhook.attempts[self.reported :]
        self.reported += len(attempts)
        taken = sorted(attempt.seconds for attempt in attempts if attempt.status == 200)
        print(
            f"\n{what}: {residents.said.total()} updates, {residents.lost} lost, {residents.doubled} doubled, "
            f"{len(attempts) - len(taken)} posts in vain; half answered in {1000 * taken[len(taken) // 2]:.0f} ms, "
            f"99 % in {1000 * taken[int(len(taken) * 0.99)]:.0f} ms"
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(
    served: Explainer, repository: Path, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    """Both programs run, on an empty database."""
    folder, address = tmp_path_factory.mktemp("street"), postgres.make()
    places = [folder / "one", folder / "other"]
    for place in places:
        place.mkdir()
        (place / "cache").symlink_to(repository / "test-output" / "cache")
    rules = WebhookRules(in_turn=True, timeout=GIVEN_UP)
    async with BotApiDouble(webhooks=rules) as double:
        settings = WEBHOOK | {"TELEGRAM_API_URL": double.url}
        async with programs(double, folder, *places, database=address, **settings) as both:
            double.webhook.targets = [program.url for program in both]
            await asyncio.gather(*(program.start() for program in both))
            yield Street(double, both)
            assert double.refused == []
    postgres.drop(address)


async def test_killed_replica_loses_nothing(street: Street, is_bounded: bool) -> None:
    kills, chance = 2 if is_bounded else 10, random.Random(287)  # noqa: S311 - moments, not secrets
    residents = Residents(street.double)
    async with residents.writing():
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.2, 2.0))
            program = chance.choice(street.both)
            await program.kill()
            await program.start()
    street.report(f"{kills} kills", residents)
    assert residents.lost == 0
    assert residents.doubled <= kills  # called, and killed before the update was confirmed


async def test_rolling_restart_loses_and_repeats_nothing(street: Street, is_bounded: bool) -> None:
    residents = Residents(street.double)
    async with residents.writing():
        for program in street.both[: 1 if is_bounded else 2]:
            await program.stop()
            await program.start()
    street.report("rolling restart", residents)
    assert (residents.lost, residents.doubled) == (0, 0)


@pytest.mark.parametrize("seconds", [GIVEN_UP / 2, GIVEN_UP * 1.5], ids=["waited-for", "given-up"])
async def test_suspended_replica_loses_nothing(street: Street, seconds: float) -> None:
    residents = Residents(street.double)
    async with residents.writing():
        street.both[0].signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        street.both[0].signal(signal.SIGCONT)
        await asyncio.sleep(1.0)
    street.report(f"suspended for {seconds} s", residents)
    assert residents.lost == 0
    assert residents.doubled <= 1  # in hand when it was suspended


async def test_replicas_know_what_was_said_to_the_other(street: Street) -> None:
    double, (one, other) = street.double, street.both
    chat, follower, stranger = (double.private(lang="en") for _ in range(3))
    try:
        double.webhook.targets = [one.url]
        await chat.ask("/language")
        chat.press("Español")
        await chat.reply()
        await follower.ask("what did adam bazaldua say")
        await double.until(lambda: not double.pending)
        await asyncio.sleep(0.3)  # a turn is written a tenth of a second after it
        double.webhook.targets = [other.url]
        assert "votación" in (await chat.ask("/vote")).text
        assert (await follower.ask("and Chad West?")).text.startswith("Chad West, council member")
        assert not (await stranger.ask("and Chad West?")).text.startswith("Chad West, council member")
    finally:
        double.webhook.targets = [one.url, other.url]
