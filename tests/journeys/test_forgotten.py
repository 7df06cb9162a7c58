"""What is kept after a whole journey is what readers are told, and after “Forget me” nothing of it is anywhere."""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from bot.phrasebook.kept import load_kept
from bot.storage.keys import Keys
from tests.double import BotApiDouble, Chat
from tests.journeys.test_reminders import running

KEY: Final = "the secret key of a journey"
# What holds nothing of a person, and why, column by column: a new one is looked at by somebody first.
OF_NOBODY: Final[Mapping[str, tuple[str, str]]] = {
    "alembic_version": ("the schema", "version_num"),
    "sqlite_sequence": ("the last numbers of campaigns and chunks", "name seq"),
    "key_check": ("what the operator's secret is known by", "fingerprint"),
    "retired_key": ("what the operator's older secrets are known by", "fingerprint"),
    "campaign": (
        "what all are told; planned_to is a subscription's random number only while recipients are looked up",
        "id topic key notices state silent told ending created_at closes_at useful_until ended_at round planned_to",
    ),
    "notice": ("what the pack asks to be told, to all", "topic key campaign_id"),
    "seen": ("the pack's dates", "topic item told number"),
    "content": ("the pack's dates", "topic digest replica"),
    "chunk": ("counts", "id campaign_id state run epoch replica total sent rejected skipped"),
    "rate_bucket": ("when the next message may go out", "id next_at closed_from closed_until"),
    "replica": ("processes of this program", "name heartbeat"),
    # Of the durable jobs, which are handed the number of a chunk and of its run, and give nothing back.
    "dbos_migrations": ("the schema of the jobs", "version"),
    "application_versions": (
        "this program",
        "version_id version_name version_timestamp created_at application_name",
    ),
    "queues": (
        "the one queue",
        """
        queue_id name concurrency worker_concurrency rate_limit_max rate_limit_period_sec priority_enabled
        partition_queue polling_interval_sec created_at updated_at application_name partition_concurrency
        partition_worker_concurrency partition_rate_limit_max partition_rate_limit_period_sec
        """,
    ),
    "workflow_status": (
        "numbers of a chunk and its run",
        """
        workflow_uuid status name authenticated_user assumed_role authenticated_roles request output error
        executor_id created_at updated_at application_version application_id class_name config_name
        recovery_attempts queue_name workflow_timeout_ms workflow_deadline_epoch_ms inputs started_at_epoch_ms
        deduplication_id priority queue_partition_key forked_from owner_xid parent_workflow_id serialization
        delay_until_epoch_ms was_forked_from rate_limited completed_at attributes schedule_name
        debounce_deadline_epoch_ms is_debounced application_name creator_xid
        """,
    ),
    "workflow_input": ("numbers of a chunk and its run", "workflow_uuid inputs retention_timestamp"),
    "workflow_output": ("that a job is done: it gives nothing back", "workflow_uuid output error retention_timestamp"),
    "operation_outputs": (
        "empty: a job has no steps",
        """
        workflow_uuid function_id function_name output error child_workflow_id started_at_epoch_ms
        completed_at_epoch_ms serialization application_name retention_timestamp
        """,
    ),
    "event_dispatch_kv": (
        "empty: not used",
        "service_name workflow_fn_name key value update_seq update_time",
    ),
    "notifications": (
        "empty: not used",
        """
        message_uuid destination_uuid topic message created_at_epoch_ms serialization consumed
        consumed_by_function_id
        """,
    ),
    "streams": ("empty: not used", "workflow_uuid key value offset function_id serialization"),
    "workflow_events": ("empty: not used", "workflow_uuid key value serialization"),
    "workflow_events_history": ("empty: not used", "workflow_uuid function_id key value serialization"),
    "workflow_schedules": (
        "empty: not used",
        """
        schedule_id schedule_name workflow_name workflow_class_name schedule status context last_fired_at
        automatic_backfill cron_timezone queue_name application_name
        """,
    ),
}


class Kept:
    """All that is in a database, past the program."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self._folder = folder
        self._url = url

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        if self._url:
            with psycopg.connect(self._url) as server:
                return server.execute(statement.encode()).fetchall()
        with closing(sqlite3.connect(f"file:{self._folder / 'explainer.db'}?mode=ro", uri=True)) as file:
            return file.execute(statement).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - its own tables

    def columns(self) -> dict[str, list[str]]:
        """By table, with its schema in front where that is not the usual one."""
        if self._url:
            found = self.rows(
                "SELECT table_schema, table_name, column_name FROM information_schema.columns "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
        else:
            found = self.rows(
                "SELECT 'public', t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c "
                "WHERE t.type = 'table'"
            )
        tables: dict[str, list[str]] = {}
        for schema, table, column in found:
            tables.setdefault(f'"{schema}"."{table}"' if self._url else f'"{table}"', []).append(column)
        return tables

    def cells(self) -> Iterator[str]:
        """Every value of every table, as text; bytes in hexadecimal."""
        for table in self.columns():
            for row in self.rows(f"SELECT * FROM {table}"):  # noqa: S608
                for value in row:
                    yield bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)

    def files(self) -> bytes:
        """All bytes of the database's files, the log and what is free in them included."""
        return b"".join(path.read_bytes() for path in sorted(self._folder.glob("explainer.db*")))


def table_name(written: str) -> str:
    return written.rpartition(".")[2].strip('"')


class Traces:
    """What of a chat could be found: its number in any form, the keys and the numbers of its rows, what is sealed."""

    def __init__(self, chat: Chat, kept: Kept) -> None:
        (row_key,) = Keys([KEY]).row_keys("telegram", str(chat.id))
        mine = [row for row in kept.rows("SELECT id, key, sealed FROM subscription") if bytes(row[1]) == row_key]
        turns = [row for row in kept.rows("SELECT key, turn FROM reader") if bytes(row[0]) == row_key]
        self.numbers = [chat.id, *(row[0] for row in mine)]
        self.secrets = [row_key, *(bytes(row[2]) for row in mine), *(bytes(row[1]) for row in turns if row[1])]

    def in_cells(self, cells: Iterator[str]) -> set[str]:
        words = {*map(str, self.numbers), *(number.to_bytes(8).hex() for number in self.numbers)}
        words |= {secret.hex() for secret in self.secrets}
        return {word for cell in cells for word in words if word in cell}

    def in_files(self, content: bytes) -> set[bytes]:
        forms = [form for number in self.numbers for form in written_forms(number)]
        forms += [part for secret in self.secrets for part in (secret[:12], secret[-12:])]
        return {form for form in forms if form in content}


def written_forms(number: int) -> Sequence[bytes]:
    """A number as text, as SQLite writes it into a row, and as it writes it as the row's own number."""
    size = next(size for size in (4, 6, 8) if number < 1 << (8 * size - 1))
    groups = [number >> shift & 0x7F for shift in range(0, number.bit_length(), 7)][::-1]
    own = bytes(group | 0x80 for group in groups[:-1]) + bytes(groups[-1:])
    if number >= 1 << 56:  # the ninth byte holds eight bits
        high = number >> 8
        own = bytes((high >> shift & 0x7F) | 0x80 for shift in range(49, -1, -7)) + bytes([number & 0xFF])
    return [str(number).encode(), number.to_bytes(size), own]


def test_written_forms_are_those_of_sqlite(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "forms.db")) as file:
        file.execute("CREATE TABLE form (id INTEGER PRIMARY KEY, number INTEGER)")
        numbers = (7_305_551_234, 4_000_000_001, 3_036_190_289_660_509_095, 88_001_002)
        for number in numbers:
            file.execute("INSERT INTO form VALUES (?, ?)", (number, number))
        file.commit()
    content = (tmp_path / "forms.db").read_bytes()
    for number in numbers:
        _, in_a_row, own = written_forms(number)
        assert in_a_row in content
        assert own in content


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])  # the latter takes half a minute
def database(request: pytest.FixtureRequest) -> str | None:
    """The address of the database; None for the file in the data folder."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def untold(kept: Kept, told: set[str]) -> set[str]:
    """The columns that are neither told to readers nor known to hold nothing of them."""
    found = {f"{table_name(table)}.{column}" for table, columns in kept.columns().items() for column in columns}
    known = {f"{table}.{column}" for table, (_, columns) in OF_NOBODY.items() for column in columns.split()}
    assert not known & told
    return found - known - told


@pytest.mark.asyncio(loop_scope="function")
async def test_forgotten_after_a_delivery_leaves_nothing_and_what_was_kept_is_told(
    data: Path, database: str | None, responses_folder: Path
) -> None:
    settings = {"EXPLAINER_SECRET_KEY": KEY} | ({"DATABASE_URL": database} if database else {})
    kept = Kept(data, database)
    async with BotApiDouble() as double:
        mine, theirs = double.private(lang="en"), double.private(lang="en")
        async with running(double, data, "2025-11-06T07:30", **settings):
            for chat in (mine, theirs):
                chat.press("Yes, remind me", await chat.ask("/remind"))
                await chat.reply()
                chat.press("Español", await chat.ask("/language"))
                await chat.reply()
        async with running(double, data, "2025-11-06T08:00:01", **settings):
            for chat in (mine, theirs):
                assert (await chat.reply(30)).text.startswith("Recordatorio")
            await acknowledged(kept, 2)
            traces = Traces(mine, kept)
            assert_found(traces, kept, database)
            assert untold(kept, {column for item in load_kept(responses_folder)[0] for column in item.columns}) == set()
            assert {table for table in kept.columns() if is_said_empty(table) and kept.count(table)} == set()
            assert (await mine.ask("/forgetme")).text.startswith("Listo.")
            assert_nothing(traces, kept, database)
            assert Traces(theirs, kept).in_cells(kept.cells())
        assert_nothing(traces, kept, database)
        assert len(kept.rows("SELECT key FROM subscription")) == len(kept.rows("SELECT state FROM delivery")) == 1


async def acknowledged(kept: Kept, count: int) -> None:
    """Wait until as many messages are known to have arrived."""
    async with asyncio.timeout(20):
        while True:
            if kept.count("delivery WHERE message_id IS NOT NULL") == count:
                return
            await asyncio.sleep(0.1)


def is_said_empty(table: str) -> bool:
    return OF_NOBODY.get(table_name(table), ("", ""))[0].startswith("empty")


def assert_found(traces: Traces, kept: Kept, database: str | None) -> None:
    """The search finds what is there; the chat's own number is not."""
    assert len(traces.numbers) == 2
    assert len(traces.in_cells(kept.cells())) >= len(traces.secrets)
    assert str(traces.numbers[0]) not in "\n".join(kept.cells())
    if database is None:
        assert len(traces.in_files(kept.files())) > len(traces.secrets)


def assert_nothing(traces: Traces, kept: Kept, database: str | None) -> None:
    assert traces.in_cells(kept.cells()) == set()
    if database is None:  # a server forgets by its own vacuum
        assert traces.in_files(kept.files()) == set()


@pytest.mark.asyncio(loop_scope="function")
async def test_forgetting_while_the_database_is_away_is_said_not_to_have_happened(data: Path) -> None:
    async with BotApiDouble() as double:
        chat = double.private(lang="en")
        async with running(double, data, "2025-11-06T07:30", EXPLAINER_SECRET_KEY=KEY):
            chat.press("Español", await chat.ask("/language"))
            await chat.reply()
            with closing(sqlite3.connect(data / "explainer.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                answer = await chat.ask("/forgetme")
            assert answer.text.startswith("Todavía no está borrado")
            assert Kept(data, None).rows("SELECT language FROM reader") == [("es",)]
            assert (await chat.ask("/forgetme")).text.startswith("Listo.")
            assert Kept(data, None).rows("SELECT language FROM reader") == []
        assert double.refused == []


def test_each_column_that_is_told_of_is_there_and_each_other_has_its_reason(responses_folder: Path) -> None:
    from bot.storage.catalogue import columns  # noqa: PLC0415 - with SQLAlchemy, which the journeys do without

    known = {f"{table}.{column}" for table, (_, names) in OF_NOBODY.items() for column in names.split()}
    assert columns().keys() - known == {column for item in load_kept(responses_folder)[0] for column in item.columns}
    assert all(reason for reason, _ in OF_NOBODY.values())
