"""What templates may ask of the values that they are handed; whatever is not named here they cannot reach."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, LoopContext, TemplateReference
from jinja2.utils import Namespace
from pydantic import BaseModel

from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot

OURS: Final = "bot."
OWN_NAMES: Final = (Namespace, TemplateModule, TemplateReference)  # they hold what the template put there
DAY: Final = frozenset({"year", "month", "day", "weekday", "isoformat"})
NAMES: Final[tuple[tuple[type, frozenset[str]], ...]] = (
    (Enum, frozenset({"name", "value"})),
    (str, frozenset({"lower", "upper", "capitalize", "strip", "startswith", "endswith"})),
    (Mapping, frozenset({"get", "keys", "values", "items"})),
    (datetime, DAY | {"hour", "minute", "date", "astimezone", "tzinfo"}),
    (date, DAY),
    (time, frozenset({"hour", "minute"})),
    (timedelta, frozenset({"days", "seconds"})),
    (LoopContext, frozenset({"index", "index0", "revindex", "first", "last", "length", "previtem", "nextitem"})),
    (BlockReference, frozenset({"super"})),
    (FactBase, frozenset({"terms", "places", "people", "organisations", "sources", "decisions"})),
    (Snapshot, frozenset({"now", "instant", "topic", "base"})),
)


def is_allowed(value: Any, name: str) -> bool:
    """Whether a template may ask `value` for `name`: a field or method of the facts, or what is harmless of words,
    numbers and days."""
    if isinstance(value, OWN_NAMES):
        return not name.startswith("_") and (not isinstance(value, TemplateModule) or name in vars(value))
    kind: Any = type(value)
    return _is_allowed_of(kind, name)


@lru_cache(maxsize=4_000)
def _is_allowed_of(kind: type, name: str) -> bool:
    if name.startswith("_"):
        return False
    return any(issubclass(kind, known) and name in names for known, names in NAMES) or name in _own(kind)


def _own(kind: type) -> frozenset[str]:
    """The fields of a model or frozen record of this program, and what its own classes define."""
    if not kind.__module__.startswith(OURS) or issubclass(kind, FactBase):
        return frozenset()
    fields: set[str] = set()
    if issubclass(kind, BaseModel):
        fields.update(kind.model_fields)
    elif kind is not Snapshot and not (is_dataclass(kind) and kind.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        return frozenset()
    own = [vars(base) for base in kind.__mro__ if base.__module__.startswith(OURS)]
    defined = {name for names in own for name in names if not name.startswith(("_", "model_"))}
    return frozenset(fields | defined)
