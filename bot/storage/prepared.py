"""A statement compiled once and given to the driver as it is, for what runs for every few messages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ClauseElement, Dialect

Converters = Mapping[Any, Callable[[Any], Any]]


class Prepared:
    """A statement as the driver of `dialect` takes it. Parameters and columns are converted as their types say."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup
        self._fixed: Mapping[str, Any] = compiled.params
        bound = [(name, bind.type.dialect_impl(dialect)) for name, bind in compiled.binds.items()]
        self._to_driver = _without_none((name, kind.bind_processor(dialect)) for name, kind in bound)
        self._statement = statement
        self._dialect = dialect

    def given(self, values: Mapping[str, Any]) -> Any:
        """Its parameters in the driver's form."""
        named = {**self._fixed, **values}
        for name, convert in self._to_driver.items():
            named[name] = convert(named[name])
        return named if self._order is None else [named[name] for name in self._order]

    def rows(self, found: Iterable[Sequence[Any]]) -> list[list[Any]]:
        """What was selected, as a driver gives it that tells no types."""
        rows = [list(row) for row in found]
        for place, convert in self._from_driver.items():
            for row in rows:
                row[place] = convert(row[place])
        return rows

    @cached_property
    def _from_driver(self) -> Converters:
        columns: Sequence[Any] = getattr(self._statement, "selected_columns", ())
        kinds = enumerate(column.type.dialect_impl(self._dialect) for column in columns)
        return _without_none((place, kind.result_processor(self._dialect, None)) for place, kind in kinds)


def _without_none(converters: Iterable[tuple[Any, Callable[[Any], Any] | None]]) -> Converters:
    return {at: convert for at, convert in converters if convert is not None}
