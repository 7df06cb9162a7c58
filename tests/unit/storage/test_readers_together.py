import asyncio

import psycopg
import pytest

from bot.core.errors import ServiceError
from bot.core.messages import Turn
from bot.core.ports import Recalled
from bot.storage.keys import Keys
from bot.storage.readers import ReaderStore
from tests.unit.storage.conftest import SECRET, on_server

pytestmark = pytest.mark.asyncio

CHAT = "7305551234"
VOTE = Turn("when_is_the_vote")
ICE = Turn("what_is", "term:ice")
OLD, NEW = "an old secret of an operator", "a new secret of an operator"


async def test_five_hundred_readers_at_once_all_get_their_own(opened):
    everybody = range(500)

    async def visit(readers: ReaderStore, number: int) -> None:
        before = await readers.recall("telegram", str(number))
        assert before == Recalled(f"l{number}" if number % 50 == 0 else None)
        await readers.remember_turn("telegram", str(number), Turn("what_is", f"term:{number}"))
        assert (await readers.recall("telegram", str(number))).turn == Turn("what_is", f"term:{number}")

    async with opened() as storage:
        for number in everybody[::50]:
            await storage.readers.choose_language("telegram", str(number), f"l{number}")
        await asyncio.gather(*(visit(storage.readers, number) for number in everybody))
    async with opened() as storage:
        kept = await asyncio.gather(*(storage.readers.recall("telegram", str(number)) for number in everybody))
    assert [recalled.turn for recalled in kept] == [Turn("what_is", f"term:{number}") for number in everybody]
    assert [recalled.language for recalled in kept[::50]] == [f"l{number}" for number in everybody[::50]]


async def test_forget_erases_a_turn_that_is_not_written_yet(opened, rows):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", CHAT, VOTE)
        await storage.readers.forget("telegram", CHAT)
        assert await storage.readers.recall("telegram", CHAT) == Recalled()
        await storage.readers.flush()
        assert rows("SELECT count(*) FROM reader") == [(0,)]


async def test_forget_erases_a_turn_that_is_just_being_written(opened, rows):
    async with opened() as storage:
        for yields in range(12):
            await storage.readers.remember_turn("telegram", CHAT, VOTE)
            writing = asyncio.create_task(storage.readers.flush())
            for _ in range(yields):
                await asyncio.sleep(0)
            await storage.readers.forget("telegram", CHAT)
            await writing
            assert rows("SELECT count(*) FROM reader") == [(0,)]


async def test_language_chosen_while_a_turn_is_pending_leaves_both(opened):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", CHAT, VOTE)
        await storage.readers.choose_language("telegram", CHAT, "es")
        assert await storage.readers.recall("telegram", CHAT) == Recalled("es", VOTE)
        await storage.readers.flush()
        await storage.readers.choose_language("telegram", CHAT, "en")
        await storage.readers.remember_turn("telegram", CHAT, ICE)
    async with opened() as storage:
        assert await storage.readers.recall("telegram", CHAT) == Recalled("en", ICE)


async def test_turn_is_seen_by_another_program_without_anybody_asking_for_it(opened):
    async with opened() as one, opened() as other:
        await one.readers.remember_turn("telegram", CHAT, VOTE)
        for _ in range(1000):
            if (await other.readers.recall("telegram", CHAT)).turn == VOTE:
                return
            await asyncio.sleep(0.02)
    pytest.fail("it was never written")


@on_server
async def test_batch_that_the_server_breaks_off_is_written_whole_by_the_next(opened, url, caplog):
    async with opened() as storage:
        for number in range(100):
            await storage.readers.remember_turn("telegram", str(number), VOTE)
        last = max(Keys([SECRET]).row_keys("telegram", str(n))[0] for n in range(100))
        with psycopg.connect(url) as other:
            other.execute("INSERT INTO reader (key, language, changed_at) VALUES (%s, 'es', now())", [last])
            with pytest.raises(ServiceError, match="busy"):
                await storage.readers.flush()  # ninety-nine rows are in when it comes to the one that is held
            assert other.execute("SELECT count(*) FROM reader").fetchone() == (1,)
        assert (await storage.readers.recall("telegram", "5")).turn == VOTE
        await storage.readers.flush()
        with psycopg.connect(url) as other:
            assert other.execute("SELECT count(*), count(turn), count(language) FROM reader").fetchone() == (
                100,
                100,
                1,
            )


@on_server
async def test_programs_that_write_the_same_readers_in_opposite_order_both_get_through(opened):
    everybody = [str(number) for number in range(150)]
    async with opened() as one, opened() as other:
        for _ in range(8):
            for here, there in zip(everybody, reversed(everybody), strict=True):
                await one.readers.remember_turn("telegram", here, VOTE)
                await other.readers.remember_turn("telegram", there, ICE)
            await asyncio.gather(one.readers.flush(), other.readers.flush(), one.sweep(), other.sweep())
        kept = await asyncio.gather(*(one.readers.recall("telegram", reader) for reader in everybody))
    assert {recalled.turn for recalled in kept} <= {VOTE, ICE}


@on_server
async def test_sweep_passes_over_a_turn_that_is_being_written(opened, clock, url, rows):
    async with opened() as storage:
        for reader in ("1", "2"):
            await storage.readers.remember_turn("telegram", reader, VOTE)
        await storage.readers.flush()
        clock.move(minutes=10)
        [row_key] = Keys([SECRET]).row_keys("telegram", "1")
        with psycopg.connect(url) as other:
            other.execute("SELECT * FROM reader WHERE key = %s FOR UPDATE", [row_key])
            assert await storage.sweep() == 1
        assert await storage.sweep() == 1
        assert rows("SELECT count(*) FROM reader") == [(0,)]


async def test_turn_under_a_new_key_takes_the_language_along(opened, rows):
    async with opened([OLD]) as storage:
        for reader in ("1", "2", "3"):
            await storage.readers.choose_language("telegram", reader, "es")
            await storage.readers.remember_turn("telegram", reader, ICE)
    async with opened([NEW, OLD]) as storage:
        for reader in ("1", "2"):
            await storage.readers.remember_turn("telegram", reader, VOTE)
        await storage.readers.flush()
        assert len(rows("SELECT key FROM reader")) == 3
        assert await storage.readers.recall("telegram", "3") == Recalled("es", ICE)
    async with opened([NEW]) as storage:
        for reader in ("1", "2"):
            assert await storage.readers.recall("telegram", reader) == Recalled("es", VOTE)
        assert await storage.readers.recall("telegram", "3") == Recalled()


async def test_row_under_the_first_key_has_the_last_word_when_two_are_joined(opened, rows):
    async with opened([NEW, OLD]) as one, opened([OLD, NEW]) as other:
        await one.readers.choose_language("telegram", "1", "en")
        await other.readers.remember_turn("telegram", "1", ICE)  # moves the row to the other key
        await other.readers.flush()
        await one.readers.choose_language("telegram", "1", "es")
        assert await one.readers.recall("telegram", "1") == await other.readers.recall("telegram", "1")
        assert await one.readers.recall("telegram", "1") == Recalled("es", ICE)
        [(former,)] = rows("SELECT key FROM reader")
        [copy] = Keys([OLD]).row_keys("telegram", "1")
        rows(
            "INSERT INTO reader (key, language, turn, turn_at, changed_at) "
            "SELECT %s, 'de', %s, turn_at, changed_at FROM reader",
            copy,
            Keys([OLD]).seal(b'["help", null]', bound_to=copy),
        )
        assert await one.readers.recall("telegram", "1") == Recalled("es", ICE)
        assert await other.readers.recall("telegram", "1") == Recalled("de", Turn("help"))
        await one.readers.remember_turn("telegram", "1", VOTE)
        await one.readers.flush()
        assert rows("SELECT key FROM reader") == [(former,)]
        assert await one.readers.recall("telegram", "1") == Recalled("es", VOTE)
