import asyncio
from collections.abc import Sequence

import pytest

from bot.core.errors import ServiceError
from bot.storage.read_batches import BATCH, ReadBatches

pytestmark = pytest.mark.asyncio


class Table:
    """Rows that say their own key, given out once `gate` is open; `asked` keeps the keys of each read."""

    def __init__(self, *errors: Exception | None) -> None:
        self.gate = asyncio.Event()
        self.asked: list[list[bytes]] = []
        self._errors = list(errors)

    async def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        self.asked.append(list(keys))
        error = self._errors.pop(0) if self._errors else None
        await self.gate.wait()
        if error:
            raise error
        return {key: key for key in keys}


def _key(number: int) -> bytes:
    return str(number).encode()


async def _ask(batches: ReadBatches, number: int) -> object:
    return (await batches.find((_key(number),)))[_key(number)]


async def _step() -> None:
    """Until all that can go on has gone on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_first_waits_for_nobody_and_the_others_go_together():
    table = Table()
    batches = ReadBatches(table.find)
    first = asyncio.create_task(_ask(batches, 0))
    await _step()
    assert table.asked == [[b"0"]]
    others = [asyncio.create_task(_ask(batches, number)) for number in range(1, 2 * BATCH + 2)]
    await _step()
    assert len(table.asked) == 1
    table.gate.set()
    assert await asyncio.gather(first, *others) == [_key(number) for number in range(2 * BATCH + 2)]
    assert [len(keys) for keys in table.asked] == [1, BATCH, BATCH, 1]


async def test_each_of_a_failed_read_is_told_and_the_next_read_goes_on():
    table = Table(ServiceError("The database is away."))
    table.gate.set()
    batches = ReadBatches(table.find)
    failed = await asyncio.gather(*(_ask(batches, number) for number in range(3)), return_exceptions=True)
    assert [str(error) for error in failed] == ["The database is away."] * 3
    assert len({id(error) for error in failed}) == 3
    assert await _ask(batches, 7) == b"7"


async def test_error_of_the_program_itself_leaves_nobody_waiting():
    table = Table(ZeroDivisionError())
    table.gate.set()
    batches = ReadBatches(table.find)
    with pytest.raises(ZeroDivisionError):
        await _ask(batches, 1)
    assert await _ask(batches, 2) == b"2"


async def test_one_who_goes_away_takes_nobody_along():
    table = Table()
    batches = ReadBatches(table.find)
    waiting = [asyncio.create_task(_ask(batches, number)) for number in range(3)]
    await _step()
    waiting[0].cancel()
    await _step()
    table.gate.set()
    async with asyncio.timeout(20):
        assert await asyncio.gather(*waiting[1:]) == [b"1", b"2"]


async def test_nobody_waits_for_a_read_that_hangs():
    table = Table()
    batches = ReadBatches(table.find, patience=0.05)
    with pytest.raises(ServiceError, match="busy"):
        await _ask(batches, 1)
    table.gate.set()
    assert await _ask(batches, 2) == b"2"
