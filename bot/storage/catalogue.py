"""Lists every column that this program's own tables have, and what it holds."""

from collections.abc import Mapping

from sqlalchemy import Column

from bot.storage.ledger_tables import delivery


def columns() -> Mapping[str, str]:
    """What each column holds, in words for operators, by `table.column`; the tables in the order of their names."""
    tables = sorted(delivery.metadata.tables.values(), key=lambda table: table.name)
    return {f"{table.name}.{column.name}": _held(column) for table in tables for column in table.columns}


def _held(column: Column[object]) -> str:
    named = ", ".join(key.column.table.name for key in column.foreign_keys)
    return column.comment or (f"the id of its {named}" if named else column.name)
