import asyncio

import pytest

from bot.core.messages import Turn
from bot.core.ports import Readers
from bot.storage.keys import Keys
from tests.unit.storage.conftest import SECRET, on_file

pytestmark = pytest.mark.asyncio

CHAT = "7305551234"
VOTE = Turn("when_is_the_vote")
ICE = Turn("what_is", "term:ice")


ROWS = "SELECT key, language, turn, turn_at FROM reader"


async def test_restart_keeps_the_language(opened):
    async with opened() as storage:
        readers: Readers = storage.readers
        assert (await readers.recall("telegram", CHAT)).language is None
        await readers.choose_language("telegram", CHAT, "es")
    async with opened() as storage:
        assert (await storage.readers.recall("telegram", CHAT)).language == "es"
        assert (await storage.readers.recall("telegram", "7305551235")).language is None
        assert (await storage.readers.recall("web", CHAT)).language is None


async def test_new_choice_replaces_the_old(opened, rows):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", CHAT, "es")
        await storage.readers.choose_language("telegram", CHAT, "en")
        assert (await storage.readers.recall("telegram", CHAT)).language == "en"
        assert len(rows(ROWS)) == 1


async def test_restart_keeps_the_last_turn(opened):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", CHAT, VOTE)
        await storage.readers.remember_turn("telegram", CHAT, ICE)
    async with opened() as storage:
        assert (await storage.readers.recall("telegram", CHAT)).turn == ICE


async def test_language_and_turn_do_not_disturb_each_other(opened, clock):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", CHAT, VOTE)
        clock.move(minutes=6)
        await storage.readers.choose_language("telegram", CHAT, "es")
        assert (await storage.readers.recall("telegram", CHAT)).turn == VOTE
        clock.move(minutes=6)  # choosing a language gave the turn no longer life
        assert (await storage.readers.recall("telegram", CHAT)).turn is None
        assert (await storage.readers.recall("telegram", CHAT)).language == "es"


@pytest.mark.parametrize("is_written", [False, True])
async def test_turn_lives_ten_minutes_whether_it_is_written_yet_or_not(opened, clock, is_written):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", CHAT, VOTE)
        if is_written:
            await storage.readers.flush()
        clock.move(minutes=10, microseconds=-1)
        assert (await storage.readers.recall("telegram", CHAT)).turn == VOTE
        clock.move(microseconds=1)
        assert (await storage.readers.recall("telegram", CHAT)).turn is None


@pytest.mark.parametrize("is_written", [False, True])
async def test_turn_of_a_clock_that_was_set_back_is_over(opened, clock, rows, is_written):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", CHAT, VOTE)
        if is_written:
            await storage.readers.flush()
        clock.move(days=-300)
        assert (await storage.readers.recall("telegram", CHAT)).turn is None
        assert await storage.sweep() == 1
        assert rows(ROWS) == []


async def test_sweep_erases_what_is_over_and_nothing_else(opened, clock, rows):
    async with opened() as storage:
        readers = storage.readers
        await readers.remember_turn("telegram", "over", VOTE)
        await readers.remember_turn("telegram", "over, with a language", VOTE)
        await readers.choose_language("telegram", "over, with a language", "es")
        clock.move(minutes=5)
        await readers.remember_turn("telegram", "live", ICE)
        clock.move(minutes=5)
        assert await readers.sweep(clock.now()) == 2
        assert await readers.sweep(clock.now()) == 0
        assert (await readers.recall("telegram", "live")).turn == ICE
        assert (await readers.recall("telegram", "over, with a language")).language == "es"
        assert sorted(row[1] or "" for row in rows(ROWS)) == ["", "es"]


async def test_forgotten_reader_has_no_row_and_others_keep_theirs(opened, rows):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", "other", "es")
        await storage.readers.choose_language("telegram", CHAT, "es")
        await storage.readers.remember_turn("telegram", CHAT, VOTE)
        await storage.readers.flush()
        await storage.readers.forget("telegram", CHAT)
        assert (await storage.readers.recall("telegram", CHAT)).language is None
        assert (await storage.readers.recall("telegram", CHAT)).turn is None
        assert (await storage.readers.recall("telegram", "other")).language == "es"
        assert len(rows(ROWS)) == 1
        await storage.readers.forget("telegram", "who never wrote")


async def test_neither_chat_id_nor_intent_ever_reaches_the_disk(opened, on_disk):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", CHAT, "es")
        await storage.readers.remember_turn("telegram", CHAT, ICE)
        await storage.readers.flush()
        running = on_disk()
    [row_key] = Keys([SECRET]).row_keys("telegram", CHAT)
    assert row_key in running  # the search finds what is there
    for word in (CHAT.encode(), int(CHAT).to_bytes(5), b"telegram:", b"what_is", b"term:ice"):
        assert word not in running
        assert word not in on_disk()


@on_file
async def test_forget_leaves_no_trace_in_any_file_even_before_the_end(opened, on_disk):
    chats = [str(7305550000 + number) for number in range(300)]
    keys = Keys([SECRET])
    async with opened() as storage:
        for chat in chats:  # enough for a tree of pages, which deleting then joins
            await storage.readers.remember_turn("telegram", chat, ICE)
        await storage.readers.flush()
        assert keys.row_keys("telegram", chats[0])[0][:8] in on_disk()
        for chat in chats[::2]:
            await storage.readers.forget("telegram", chat)
        running = on_disk()
    for chat in chats[::2]:
        [row_key] = keys.row_keys("telegram", chat)
        assert row_key[:8] not in running
        assert row_key[:8] not in on_disk()
    assert all(keys.row_keys("telegram", chat)[0] in on_disk() for chat in chats[1::2])


@on_file
async def test_swept_turn_leaves_no_trace_in_any_file(opened, clock, on_disk, rows):
    async with opened() as storage:
        await storage.readers.choose_language("telegram", CHAT, "es")
        await storage.readers.remember_turn("telegram", CHAT, ICE)
        await storage.readers.flush()
        [(_, _, sealed, _)] = rows(ROWS)
        assert sealed in on_disk()
        clock.move(minutes=10)
        assert await storage.sweep() == 1
        assert sealed[:16] not in on_disk()
        assert sealed[-16:] not in on_disk()


async def test_length_of_what_is_stored_does_not_tell_turns_apart(opened, rows):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", "1", Turn("help"))
        await storage.readers.remember_turn("telegram", "2", Turn("what_is", "term:warrant-service-officer-model"))
        await storage.readers.flush()
        assert len({len(row[2]) for row in rows(ROWS)}) == 1


async def test_turn_moved_to_another_reader_counts_as_none(opened, rows):
    async with opened() as storage:
        await storage.readers.remember_turn("telegram", "1", VOTE)
        await storage.readers.remember_turn("telegram", "2", ICE)
        await storage.readers.flush()
        [row_key] = Keys([SECRET]).row_keys("telegram", "1")
        rows("UPDATE reader SET turn = (SELECT turn FROM reader WHERE key <> %s)", row_key)
        assert (await storage.readers.recall("telegram", "1")).turn is None
        assert (await storage.readers.recall("telegram", "2")).turn == ICE


@pytest.mark.parametrize("count", [50])
async def test_readers_who_write_at_once_all_keep_their_own(opened, count):
    async with opened() as storage, asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(storage.readers.choose_language("telegram", str(number), f"l{number}"))
            group.create_task(storage.readers.remember_turn("telegram", str(number), Turn("what_is", f"term:{number}")))
    async with opened() as storage:
        for number in range(count):
            assert (await storage.readers.recall("telegram", str(number))).language == f"l{number}"
            assert (await storage.readers.recall("telegram", str(number))).turn == Turn("what_is", f"term:{number}")


async def test_two_programs_on_one_database_lose_no_write(opened):
    async with opened() as one, opened() as other, asyncio.TaskGroup() as group:
        for number in range(25):
            group.create_task(one.readers.choose_language("telegram", str(number), "es"))
            group.create_task(other.readers.remember_turn("telegram", str(number), ICE))
    async with opened() as storage:
        for number in range(25):
            assert (await storage.readers.recall("telegram", str(number))).language == "es"
            assert (await storage.readers.recall("telegram", str(number))).turn == ICE
