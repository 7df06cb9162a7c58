import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.core.errors import ServiceError
from bot.core.messages import Turn
from bot.storage import pending_turns
from bot.storage.pending_turns import BATCH, PendingTurns
from bot.storage.reader_rows import KeptTurn

pytestmark = pytest.mark.asyncio

NOW = datetime(2025, 10, 24, tzinfo=UTC)


class Table:
    """What is written, by row key; `batches` keeps how many came at once. Waits for `gate`, fails while `is_away`;
    `tried` tells of each attempt."""

    def __init__(self) -> None:
        self.rows: dict[bytes, str] = {}
        self.batches: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.is_away = False
        self.tried = asyncio.Condition()

    async def write(self, turns: Sequence[KeptTurn]) -> None:
        self.batches.append(len(turns))
        self.begun.set()
        await self.gate.wait()
        if self.is_away:
            raise ServiceError("The database is away.")
        self.rows.update((kept.row_keys[0], kept.turn.intent) for kept in turns)

    async def told(self, turns: Sequence[KeptTurn]) -> None:
        """As `write`, and tells of it."""
        try:
            await self.write(turns)
        finally:
            async with self.tried:
                self.tried.notify_all()

    async def until(self, *, rows: int = 0, batches: int = 0) -> None:
        """Until so many rows are written, or so many batches tried."""
        async with asyncio.timeout(20), self.tried:
            await self.tried.wait_for(lambda: len(self.rows) >= rows and len(self.batches) >= batches)


def _kept(number: int, intent: str = "help") -> KeptTurn:
    return KeptTurn((str(number).encode(),), Turn(intent), NOW)


async def test_turns_are_written_together_a_moment_later_and_the_last_of_a_reader_alone():
    table = Table()
    turns = PendingTurns(table.told, delay=0.01)
    for intent in ("help", "what_is"):
        for number in range(50):
            turns.put(_kept(number, intent))
    assert table.batches == []
    await table.until(rows=50)
    assert table.batches == [50]
    assert set(table.rows.values()) == {"what_is"}
    assert turns.get(b"1") is None
    turns.put(_kept(50))  # after a rest it begins anew
    await table.until(rows=51)
    await turns.close()


async def test_batches_are_bounded():
    table = Table()
    turns = PendingTurns(table.write)
    for number in range(2 * BATCH + 1):
        turns.put(_kept(number))
    await turns.flush()
    assert table.batches == [BATCH, BATCH, 1]
    await turns.close()


async def test_turn_can_be_asked_for_while_it_is_being_written():
    table = Table()
    table.gate.clear()
    turns = PendingTurns(table.write, delay=0)
    turns.put(_kept(1))
    await table.begun.wait()
    assert turns.get(b"1") == _kept(1)
    turns.put(_kept(1, "what_is"))
    assert turns.get(b"1") == _kept(1, "what_is")
    table.gate.set()
    await turns.close()
    assert table.rows == {b"1": "what_is"}


async def test_failed_batch_is_kept_in_its_order_behind_newer_turns():
    table = Table()
    table.is_away = True
    turns = PendingTurns(table.write, delay=60)
    turns.put(_kept(1))
    turns.put(_kept(2))
    with pytest.raises(ServiceError, match="away"):
        await turns.flush()
    turns.put(_kept(1, "what_is"))
    table.is_away = False
    await turns.close()
    assert list(table.rows.items()) == [(b"2", "help"), (b"1", "what_is")]


async def test_newer_turn_survives_the_failure_of_an_older_one_that_was_in_hand():
    table = Table()
    table.gate.clear()
    table.is_away = True
    turns = PendingTurns(table.write, delay=60)
    turns.put(_kept(1))
    flushing = asyncio.create_task(turns.flush())
    await table.begun.wait()
    turns.put(_kept(1, "what_is"))
    table.gate.set()
    with pytest.raises(ServiceError):
        await flushing
    assert turns.get(b"1") == _kept(1, "what_is")
    table.is_away = False
    await turns.close()
    assert table.rows == {b"1": "what_is"}


@pytest.mark.parametrize("is_away", [False, True])
async def test_dropped_turn_in_hand_is_waited_for_and_never_written_again(is_away):
    table = Table()
    table.gate.clear()
    table.is_away = is_away
    turns = PendingTurns(table.write, delay=60)
    turns.put(_kept(1))
    flushing = asyncio.create_task(turns.flush())
    await table.begun.wait()
    dropping = asyncio.create_task(turns.drop(b"1"))
    await asyncio.sleep(0.01)
    assert not dropping.done()
    table.gate.set()
    await dropping
    await asyncio.gather(flushing, return_exceptions=True)
    table.rows.clear()  # as who forgets does next
    table.is_away = False
    await turns.close()
    assert table.rows == {}


async def test_dropped_turn_is_never_written():
    table = Table()
    turns = PendingTurns(table.write, delay=60)
    turns.put(_kept(1))
    turns.put(_kept(2))
    await turns.drop(b"1")
    await turns.drop(b"3")
    await turns.close()
    assert table.rows == {b"2": "help"}


async def test_database_that_is_away_is_said_once_and_holds_a_bounded_number(monkeypatch, caplog):
    monkeypatch.setattr(pending_turns, "LIMIT", 20)
    monkeypatch.setattr(pending_turns, "RETRY", 0.005)
    table = Table()
    table.is_away = True
    turns = PendingTurns(table.told, delay=0.005)
    for number in range(100):
        turns.put(_kept(number))
        await asyncio.sleep(0.001)
    await table.until(batches=5)
    assert max(table.batches) <= 20
    assert [record.getMessage() for record in caplog.records] == ["storage.turns_wait: The database is away."]
    table.is_away = False
    await table.until(rows=20)
    assert sorted(table.rows, key=int) == [str(number).encode() for number in range(80, 100)]
    await turns.close()


async def test_error_of_the_program_itself_does_not_end_the_writing(monkeypatch, caplog):
    monkeypatch.setattr(pending_turns, "RETRY", 0.005)
    table, failures = Table(), iter([ZeroDivisionError("words of a reader")])

    async def write(turns: Sequence[KeptTurn]) -> None:
        for failure in failures:
            raise failure
        await table.told(turns)

    turns = PendingTurns(write, delay=0.005)
    turns.put(_kept(1))
    await table.until(rows=1)
    assert "ZeroDivisionError" in caplog.text
    assert "words of a reader" not in caplog.text
    await turns.close()


async def test_close_says_how_many_turns_are_lost(caplog):
    table = Table()
    table.is_away = True
    turns = PendingTurns(table.write, delay=60)
    turns.put(_kept(1))
    turns.put(_kept(2))
    await turns.close()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "storage.turns_lost turns=2")
    ]
