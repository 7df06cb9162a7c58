"""Whatever comes of one reader at once, and whenever it is written: it ends as if one came after the other."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.messages import Turn
from bot.core.ports import Recalled
from bot.storage import Storage
from tests.unit.storage.conftest import MovedClock, Opened, on_file

CHAT = "7305551234"
VOTE = Turn("when_is_the_vote")
ICE = Turn("what_is", "term:ice")
OLD, NEW = "an old secret of an operator", "a new secret of an operator"

Operation = tuple[str, object]


@dataclass(frozen=True)
class Model:
    """What one reader's operations, one after the other, would leave."""

    now: datetime
    language: str | None = None
    turn: Turn | None = None
    turn_at: datetime | None = None

    def after(self, operation: Operation) -> "Model":
        match operation:
            case "choose", str(lang):
                return replace(self, language=lang)
            case "remember", Turn() as turn:
                return replace(self, turn=turn, turn_at=self.now)
            case "forget", _:
                return Model(self.now)
            case "sweep", _ if self.recalled.turn is None:
                return replace(self, turn=None, turn_at=None)
            case "move", int(minutes):
                return replace(self, now=self.now + timedelta(minutes=minutes))
        return self

    @property
    def recalled(self) -> Recalled:
        is_live = self.turn_at is not None and timedelta(0) <= self.now - self.turn_at < timedelta(minutes=10)
        return Recalled(self.language, self.turn if is_live else None)


TOGETHER = st.one_of(
    st.tuples(st.just("choose"), st.sampled_from(["en", "es"])),
    st.tuples(st.just("remember"), st.sampled_from([VOTE, ICE, Turn("help")])),
    st.tuples(st.just("forget"), st.none()),
    st.tuples(st.just("flush"), st.none()),
    st.tuples(st.just("sweep"), st.none()),
)
MOVES = st.tuples(st.just("move"), st.sampled_from([-20, -3, 4, 9, 11]))
GROUPS = st.lists(
    st.one_of(st.lists(TOGETHER, min_size=1, max_size=3), MOVES.map(lambda move: [move])), min_size=1, max_size=6
)


async def _run(storage: Storage, clock: MovedClock, operation: Operation, yields: int) -> None:
    for _ in range(yields):
        await asyncio.sleep(0)
    match operation:
        case "choose", str(lang):
            await storage.readers.choose_language("telegram", CHAT, lang)
        case "remember", Turn() as turn:
            await storage.readers.remember_turn("telegram", CHAT, turn)
        case "forget", _:
            await storage.readers.forget("telegram", CHAT)
        case "flush", _:
            await storage.readers.flush()
        case "sweep", _:
            await storage.sweep()
        case "move", int(minutes):
            clock.move(minutes=minutes)


async def _play(
    opened: Opened, clock: MovedClock, groups: list[list[Operation]], yields: list[int], secrets: list[list[str]]
) -> None:
    async with opened(secrets[0]) as storage:
        await storage.readers.forget("telegram", CHAT)  # what the example before left
    possible = {Model(clock.now())}
    for number, group in enumerate(groups):
        async with opened(secrets[number % len(secrets)]) as storage:
            await asyncio.gather(*(_run(storage, clock, *one) for one in zip(group, yields, strict=False)))
            recalled = await storage.readers.recall("telegram", CHAT)
            possible = {_through(model, order) for model in possible for order in permutations(group)}
            possible = {model for model in possible if model.recalled == recalled}
            assert possible, f"{recalled} after {group}"
            await storage.readers.flush()
            assert await storage.readers.recall("telegram", CHAT) == recalled


def _through(model: Model, operations: tuple[Operation, ...]) -> Model:
    for operation in operations:
        model = model.after(operation)
    return model


@pytest.fixture(params=["one key", "changing keys"])
def secrets(request: pytest.FixtureRequest) -> list[list[str]]:
    return [[OLD]] if request.param == "one key" else [[OLD, NEW], [NEW, OLD]]


@on_file
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=GROUPS, yields=st.lists(st.integers(0, 30), min_size=3, max_size=3))
def test_operations_of_one_reader_at_once_end_as_if_one_came_after_the_other(
    opened: Opened, clock: MovedClock, secrets: list[list[str]], groups: list[list[Operation]], yields: list[int]
) -> None:
    asyncio.run(_play(opened, clock, groups, yields, secrets))
