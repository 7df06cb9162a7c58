import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Table, insert, select

from bot.reminders.ledger import Recipients
from bot.reminders.subscription import Subscription, Subscriptions
from bot.storage.keys import Keys
from bot.storage.ledger_tables import campaign, chunk, delivery
from bot.storage.subscription_list import Entry
from bot.storage.tables import metadata, subscription
from tests.unit.storage.conftest import SECRET, on_file

pytestmark = pytest.mark.asyncio

TOPIC = "dallas-287g"
CHAT, GROUP = "7305551234", "-1007305551234"
MADE = datetime(2025, 10, 24, 23, 0, tzinfo=UTC)
PLAIN = Subscription("es", MADE)
CHOSEN = Subscription("en", MADE + timedelta(days=3, microseconds=7), frozenset({"week", "hours"}), True, 4321)


async def _fill(storage, *since: datetime) -> list[int]:
    entries = [Entry("telegram", str(number), TOPIC, Subscription("es", at)) for number, at in enumerate(since)]
    assert await storage.subscription_list().add(entries) == len(entries)
    async with storage.database.reading() as connection:
        return list((await connection.execute(select(subscription.c.id))).scalars())


@pytest.mark.parametrize("subscription", [PLAIN, CHOSEN])
async def test_restart_keeps_all_that_was_chosen(opened, subscription):
    async with opened() as storage:
        subscriptions: Subscriptions = storage.subscriptions(TOPIC)
        assert await subscriptions.get("telegram", CHAT) is None
        await subscriptions.put("telegram", CHAT, subscription)
    async with opened() as storage:
        assert await storage.subscriptions(TOPIC).get("telegram", CHAT) == subscription
        assert await storage.subscriptions("another").get("telegram", CHAT) is None
        assert await storage.subscriptions(TOPIC).get("web", CHAT) is None


async def test_change_keeps_the_row_and_so_its_deliveries(opened, rows):
    async with opened() as storage:
        subscriptions = storage.subscriptions(TOPIC)
        await subscriptions.put("telegram", CHAT, PLAIN)
        before = rows("SELECT id FROM subscription")
        await subscriptions.put("telegram", CHAT, CHOSEN)
        assert await subscriptions.get("telegram", CHAT) == CHOSEN
        assert rows("SELECT id FROM subscription") == before
        assert await storage.subscription_list().count(TOPIC) == 1


async def test_removed_subscription_is_gone_and_others_stay(opened):
    async with opened() as storage:
        subscriptions, another = storage.subscriptions(TOPIC), storage.subscriptions("another")
        for store in (subscriptions, another):
            await store.put("telegram", CHAT, PLAIN)
        await subscriptions.put("telegram", "1", PLAIN)
        assert await subscriptions.remove("telegram", CHAT)
        assert not await subscriptions.remove("telegram", CHAT)
        assert await subscriptions.get("telegram", CHAT) is None
        assert await subscriptions.get("telegram", "1") == PLAIN
        assert await another.get("telegram", CHAT) == PLAIN


async def test_forgotten_reader_has_no_subscription_to_any_topic(opened):
    async with opened() as storage:
        for topic in (TOPIC, "another"):
            await storage.subscriptions(topic).put("telegram", CHAT, PLAIN)
        await storage.subscriptions(TOPIC).put("telegram", "1", PLAIN)
        await storage.readers.forget("telegram", CHAT)
        assert await storage.subscription_list().count() == 1


async def test_chosen_language_is_the_subscriptions_too(opened):
    async with opened() as storage:
        await storage.subscriptions(TOPIC).put("telegram", CHAT, CHOSEN)
        await storage.subscriptions(TOPIC).put("telegram", "1", CHOSEN)
        await storage.readers.choose_language("telegram", CHAT, "es")
        assert (await storage.subscriptions(TOPIC).get("telegram", CHAT)).lang == "es"
        assert (await storage.subscriptions(TOPIC).get("telegram", "1")).lang == "en"


async def test_group_that_moved_is_followed_with_its_thread(opened, rows):
    async with opened() as storage:
        subscriptions = storage.subscriptions(TOPIC)
        await subscriptions.put("telegram", "-5", CHOSEN)
        before = rows("SELECT id FROM subscription")
        await subscriptions.move("telegram", "-5", GROUP)
        assert await subscriptions.get("telegram", "-5") is None
        assert await subscriptions.get("telegram", GROUP) == CHOSEN
        assert rows("SELECT id FROM subscription") == before
        [address] = (await subscriptions.addresses([before[0][0]])).values()
        assert (address.chat, address.subscription) == (GROUP, CHOSEN)


async def test_group_that_moved_where_one_is_already_leaves_that(opened):
    async with opened() as storage:
        subscriptions = storage.subscriptions(TOPIC)
        await subscriptions.put("telegram", "-5", PLAIN)
        await subscriptions.put("telegram", GROUP, CHOSEN)
        for _ in range(2):
            await subscriptions.move("telegram", "-5", GROUP)
            assert await subscriptions.get("telegram", "-5") is None
            assert await subscriptions.get("telegram", GROUP) == CHOSEN


async def test_subscription_under_an_older_key_is_found_changed_and_moved(opened, rows):
    old, new = "an old secret of an operator", "a new secret of an operator"
    async with opened([old]) as storage:
        for chat in ("1", "2", "3"):
            await storage.subscriptions(TOPIC).put("telegram", chat, CHOSEN)
        before = rows("SELECT id FROM subscription ORDER BY id")
    async with opened([new, old]) as storage:
        subscriptions = storage.subscriptions(TOPIC)
        assert await subscriptions.get("telegram", "1") == CHOSEN
        await subscriptions.put("telegram", "1", PLAIN)
        await subscriptions.move("telegram", "2", "22")
        assert await subscriptions.remove("telegram", "3")
        assert await storage.subscription_list().add([Entry("telegram", "22", TOPIC, PLAIN)]) == 0
        assert set(rows("SELECT id FROM subscription")) < set(before)
    async with opened([new]) as storage:
        assert await storage.subscriptions(TOPIC).get("telegram", "1") == PLAIN
        assert await storage.subscriptions(TOPIC).get("telegram", "22") == CHOSEN
        assert await storage.subscription_list().count() == 2


async def test_addresses_are_those_that_still_exist_and_can_be_read(opened, rows):
    async with opened() as storage:
        recipients: Recipients = storage.subscriptions(TOPIC)
        one, two, three = await _fill(storage, MADE, MADE, MADE)
        rows("UPDATE subscription SET sealed = (SELECT sealed FROM subscription WHERE id = %s) WHERE id = %s", one, two)
        found = await recipients.addresses([one, two, three, 12345])
        assert found.keys() == {one, three}
        assert {address.channel for address in found.values()} == {"telegram"}
        assert not await recipients.addresses([])
        assert not await storage.subscriptions("another").addresses([one])


async def test_ended_subscriptions_are_erased_in_pages_and_renewed_ones_stay(opened, monkeypatch):
    monkeypatch.setattr("bot.storage.subscriptions.BATCH", 7)
    async with opened() as storage:
        ended = MADE + timedelta(days=1)
        await _fill(storage, *[MADE] * 30, ended, ended + timedelta(days=1))
        assert await storage.subscriptions("another").erase_ended(ended) == 0
        assert await storage.subscriptions(TOPIC).erase_ended(ended) == 30
        assert await storage.subscriptions(TOPIC).erase_ended(ended) == 0
        assert await storage.subscription_list().count(TOPIC) == 2


async def test_put_at_once_from_two_programs_keeps_one_row(opened):
    async with opened() as one, opened() as other:
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                store = (one, other)[number % 2].subscriptions(TOPIC)
                group.create_task(store.put("telegram", CHAT, Subscription(f"l{number}", MADE)))
        assert await one.subscription_list().count() == 1


async def test_ids_do_not_tell_who_came_first(opened, rows):
    async with opened() as storage:
        for number in range(12):
            await storage.subscriptions(TOPIC).put("telegram", str(number), Subscription(f"l{number:02}", MADE))
    ids = [row[0] for row in rows("SELECT id FROM subscription ORDER BY language")]
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)
    assert max(ids) > 2**40
    assert all(0 <= number < 2**62 for number in ids)


async def test_length_of_what_is_stored_does_not_tell_chats_apart(opened, rows):
    async with opened() as storage:
        await storage.subscriptions(TOPIC).put("telegram", "1", PLAIN)
        await storage.subscriptions(TOPIC).put("telegram", GROUP, CHOSEN)
    assert len({len(sealed) for (sealed,) in rows("SELECT sealed FROM subscription")}) == 1


async def test_chat_id_never_reaches_the_disk(opened, on_disk):
    async with opened() as storage:
        await storage.subscriptions(TOPIC).put("telegram", CHAT, CHOSEN)
        await storage.subscriptions(TOPIC).put("telegram", "-5", CHOSEN)
        await storage.subscriptions(TOPIC).move("telegram", "-5", GROUP)
        await storage.readers.choose_language("telegram", CHAT, "es")
        running = on_disk()
    assert Keys([SECRET]).row_keys("telegram", CHAT)[0] in running  # the search finds what is there
    for chat in (CHAT, GROUP):
        for word in (chat.encode(), abs(int(chat)).to_bytes(8).lstrip(b"\0"), abs(int(chat)).to_bytes(8, "little")[:5]):
            assert word not in running
            assert word not in on_disk()


@on_file
@pytest.mark.parametrize("erase", ["remove", "forget", "erase_ended"])
async def test_erased_subscription_leaves_no_trace_in_any_file(opened, on_disk, rows, erase):
    async with opened() as storage:
        subscriptions = storage.subscriptions(TOPIC)
        await subscriptions.put("telegram", CHAT, PLAIN)
        await subscriptions.put("telegram", "1", Subscription("es", MADE + timedelta(days=9)))
        [(sealed,)] = rows(
            "SELECT sealed FROM subscription WHERE key = %s", Keys([SECRET]).row_keys("telegram", CHAT)[0]
        )
        assert sealed in on_disk()
        match erase:
            case "remove":
                await subscriptions.remove("telegram", CHAT)
            case "forget":
                await storage.readers.forget("telegram", CHAT)
            case "erase_ended":
                await subscriptions.erase_ended(MADE + timedelta(days=1))
        assert sealed[:16] not in on_disk()
        assert Keys([SECRET]).row_keys("telegram", CHAT)[0][:16] not in on_disk()
        assert await subscriptions.get("telegram", "1") is not None


async def test_every_table_that_names_a_subscription_loses_its_rows_with_it_and_finds_them_by_an_index():
    keys = [key for table in metadata.tables.values() for key in table.foreign_keys if key.column.table is subscription]
    assert {key.parent.table.name for key in keys} >= {"delivery"}
    for key in keys:
        assert key.ondelete == "CASCADE"
        assert key.parent in [index.columns.values()[0] for index in key.parent.table.indexes]


async def test_erased_subscription_takes_its_deliveries_along(opened, rows):
    async with opened() as storage:
        subscriptions = storage.subscriptions(TOPIC)
        await _fill(storage, MADE, MADE, MADE + timedelta(days=2))
        async with storage.database.writing() as connection:
            for table in (campaign, chunk):
                await connection.execute(insert(table).values(**_something(table) | {"id": 0}))
            found = (await connection.execute(select(subscription.c.id))).scalars()
            told = [_something(delivery) | {"subscription_id": number} for number in found]
            await connection.execute(insert(delivery), told)
        assert await subscriptions.remove("telegram", "0")
        assert rows("SELECT count(*) FROM delivery") == [(2,)]
        assert await subscriptions.erase_ended(MADE + timedelta(days=1)) == 1
        assert rows("SELECT count(*) FROM delivery") == [(1,)]
        await storage.readers.forget("telegram", "2")
        assert rows("SELECT count(*) FROM delivery") == [(0,)]


def _something(table: Table) -> dict[str, object]:
    """A value for each column that must have one."""
    of_type = {int: 0, bool: False, str: "x", object: MADE, float: 0.0}  # an object: an instant
    return {column.name: of_type[column.type.python_type] for column in table.columns if not column.nullable}
