"""Reads and writes the rows of many readers at once, so that a language and a turn never wipe each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Insert, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.clock import Clock
from bot.core.messages import Turn
from bot.core.ports import Recalled
from bot.storage.database import Database, inserting
from bot.storage.keys import Keys, lock_names, mark
from bot.storage.tables import reader as table
from bot.storage.tables import subscription

TURN_LIFE: Final = timedelta(minutes=10)
TURN_BYTES: Final = 128  # turns are filled up to a multiple of this, so that their length does not tell them apart

RowKeys = tuple[bytes, ...]  # the keys that one reader's rows may stand under, the first secret's first


class ReaderRow(NamedTuple):
    """What is kept of a reader under one key; `turn` is sealed, and there with `turn_at`."""

    key: bytes
    language: str | None
    turn: bytes | None
    turn_at: datetime | None


Found = Mapping[bytes, ReaderRow]
READ: Final = select(*(table.c[name] for name in ReaderRow._fields))


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A turn of the reader with these row keys, and when it was."""

    row_keys: RowKeys
    turn: Turn
    at: datetime

    def live_at(self, now: datetime) -> Turn | None:
        """The turn while its ten minutes last; a clock that has not reached it yet was set back."""
        return self.turn if timedelta(0) <= now - self.at < TURN_LIFE else None


class ReaderRows:
    """The table of readers. Every method raises ServiceError when the database does not answer."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._mark = mark(keys.fingerprints[0])
        self._reads: dict[int, Select[Any]] = {}  # by how many keys are asked for
        self._keep_turn = self._upsert({name: self._given(name) for name in ("turn", "turn_at")})

    async def find(self, keys: Sequence[bytes]) -> Found:
        """The rows under any of `keys`, by key, in one statement."""
        size = 1 << (len(keys) - 1).bit_length()  # few lengths, so that the database has few statements to prepare
        filled = [*keys, *[keys[-1]] * (size - len(keys))]
        if size not in self._reads:
            self._reads[size] = READ.where(table.c.key.in_([bindparam(f"key_{number}") for number in range(size)]))
        values = {f"key_{number}": key for number, key in enumerate(filled)}
        rows = map(ReaderRow._make, await self._database.fetch(self._reads[size], values))
        return {row.key: row for row in rows}

    def recalled(self, row_keys: RowKeys, found: Found) -> Recalled:
        """What a reader's rows say together; the first key's row has the last word."""
        language = turn = None
        for row in (found[key] for key in row_keys if key in found):
            language = language or row.language
            turn = turn or self._live(row)
        return Recalled(language, turn)

    async def write_turns(self, turns: Sequence[KeptTurn]) -> None:
        """Keep each in place of its reader's turn before; of each reader at most one, some hundred at once."""
        ordered = sorted(turns, key=lambda kept: kept.row_keys[0])  # for all alike, so that no two wait for each other
        if any(len(kept.row_keys) > 1 for kept in ordered):
            async with self._database.writing() as connection:
                await self._move(connection, [kept.row_keys for kept in ordered])
        rows = [
            self._values(kept.row_keys[0], None, self._seal(kept.row_keys[0], kept.turn), kept.at) for kept in ordered
        ]
        await self._database.write_all(self._keep_turn, rows)

    async def choose_language(self, row_keys: RowKeys, lang: str) -> None:
        """Keep `lang`, for reminders too."""
        async with self._database.writing() as connection:
            await self._database.lock(connection, *lock_names(row_keys))
            await self._move(connection, [row_keys])
            rows = [self._values(row_keys[0], lang, None, None)]
            await connection.execute(self._upsert({"language": self._given("language")}), rows)
            subscribed = update(subscription).where(subscription.c.key.in_(row_keys))
            await connection.execute(subscribed.values(language=lang))

    async def erase(self, row_keys: RowKeys) -> None:
        """Erase the reader's rows, subscriptions and their deliveries too, from the disk as well."""
        async with self._database.writing() as connection:
            await self._database.lock(connection, *lock_names(row_keys))
            for kept in (table, subscription):
                await connection.execute(delete(kept).where(kept.c.key.in_(row_keys)))
        await self._database.erase_log()  # also where there was no row: an earlier call may have failed between the two

    async def sweep(self, now: datetime) -> int:
        """Erase, from the disk too, every turn that at `now` is older than ten minutes; how many those were.

        One that is being written at that moment is passed over.
        """
        over = or_(table.c.turn_at <= now - TURN_LIFE, table.c.turn_at > now)
        free = table.c.key.in_(select(table.c.key).where(over).with_for_update(skip_locked=True))
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(table).where(over, free, table.c.language.is_(None)))
            cleared = await connection.execute(update(table).where(over, free).values(turn=None, turn_at=None))
        count = gone.rowcount + cleared.rowcount
        if count:
            await self._database.erase_log()
        return count

    async def _move(self, connection: AsyncConnection, readers: Sequence[RowKeys]) -> None:
        """Put what stands under older keys under the first, where nothing of the kind stands yet."""
        older = {key: row_keys for row_keys in readers for key in row_keys[1:]}
        if not older:
            return
        statement = READ.where(table.c.key.in_(older)).order_by(table.c.key).with_for_update()
        rows = [ReaderRow._make(row) for row in await connection.execute(statement)]
        if not rows:
            return
        await connection.execute(delete(table).where(table.c.key.in_([row.key for row in rows])))
        ordered = sorted(rows, key=lambda row: (older[row.key][0], older[row.key].index(row.key)))
        moved = [self._moved(row, older[row.key][0]) for row in ordered]
        kept = {name: func.coalesce(table.c[name], self._given(name)) for name in ("language", "turn", "turn_at")}
        if held := [row for row in moved if row["language"] or row["turn"]]:
            await connection.execute(self._upsert(kept), held)

    def _moved(self, row: ReaderRow, row_key: bytes) -> dict[str, object]:
        turn = self._live(row)
        sealed, turn_at = (self._seal(row_key, turn), row.turn_at) if turn else (None, None)
        return self._values(row_key, row.language, sealed, turn_at)

    def _values(
        self, row_key: bytes, language: str | None, sealed: bytes | None, turn_at: datetime | None
    ) -> dict[str, object]:
        """A row under a first key; `turn_at` is there with `sealed`."""
        kept = {"key": row_key, "language": language, "turn": sealed, "turn_at": turn_at}
        return {**kept, "changed_at": self._clock.now(), "mark": self._mark}

    def _upsert(self, kept: Mapping[str, ColumnElement[Any]]) -> Insert:
        """Inserts rows; where one stands already, it changes only `kept` of it."""
        return inserting(table, self._database.backend).on_conflict_do_update(
            index_elements=[table.c.key],
            set_={**kept, "changed_at": self._given("changed_at"), "mark": self._given("mark")},
        )

    def _given(self, name: str) -> ColumnElement[Any]:
        """What the row that came has in this column."""
        column: ColumnElement[Any] = inserting(table, self._database.backend).excluded[name]
        return column

    def _seal(self, row_key: bytes, turn: Turn) -> bytes:
        plain = json.dumps([turn.intent, turn.entity]).encode()
        padded = plain.ljust(-(-len(plain) // TURN_BYTES) * TURN_BYTES)
        return self._keys.seal(padded, bound_to=row_key)

    def _live(self, row: ReaderRow) -> Turn | None:
        if row.turn is None or row.turn_at is None:
            return None
        plain = self._keys.unseal(row.turn, bound_to=row.key)
        if plain is None:
            return None
        return KeptTurn((row.key,), Turn(*json.loads(plain)), row.turn_at).live_at(self._clock.now())
