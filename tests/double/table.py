"""Knows the methods in use and their parameters, and refuses what the Bot API's types and limits refuse."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_ENTRY = re.compile(r"(?P<types>.+?)(?P<required>[!~])?(?: (?P<low>\d+)\.\.(?P<high>\d+)(?P<bytes> bytes)?)?")
_METHODS = Path(__file__).parent / "methods.json"
_ARRAY = "Array of "
_TRUTH = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


class RefusedError(Exception):
    """A call that the Bot API refuses: HTTP status, description, and `parameters` that say how to go on.

    `fault` names what the test has ordered (flood control, an old server) where the bot could not know better.
    """

    def __init__(
        self, description: str, status: int = 400, parameters: dict[str, int] | None = None, fault: str = ""
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters
        self.fault = fault or ("limit" if parameters else "")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in a form."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One parameter or field: the types that it may have, and its limits (characters, bytes, items, or the value).

    What is required is marked `!`, or `~` where it may be empty.
    """

    types: tuple[str, ...]
    required: bool
    may_be_empty: bool
    low: int | None
    high: int | None
    in_bytes: bool

    @classmethod
    def read(cls, written: str) -> "Entry":
        found = _ENTRY.fullmatch(written)
        if found is None:
            raise ValueError(f"not an entry of the table: {written}")
        low, high = (int(found[end]) if found[end] else None for end in ("low", "high"))
        mark = found["required"]
        return cls(tuple(found["types"].split("|")), bool(mark), mark != "!", low, high, bool(found["bytes"]))


class Table:
    """The compact table of `methods.json`: methods and object types by name, each a map of entries.

    A union is a map of what an object has (a field, or a field with its value) to the type that it then is.
    """

    @cached_property
    def _written(self) -> dict[str, dict[str, dict[str, str]]]:
        written: dict[str, dict[str, dict[str, str]]] = json.loads(_METHODS.read_text("utf-8"))
        return written

    @cached_property
    def methods(self) -> dict[str, dict[str, Entry]]:
        return self._read("methods")

    @cached_property
    def types(self) -> dict[str, dict[str, Entry]]:
        return self._read("types")

    @cached_property
    def unions(self) -> dict[str, dict[str, str]]:
        return self._written["unions"]

    def _read(self, kind: str) -> dict[str, dict[str, Entry]]:
        return {
            name: {field: Entry.read(entry) for field, entry in entries.items()}
            for name, entries in self._written[kind].items()
        }

    def checked(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The parameters with their types; raises RefusedError for what the method does not take."""
        if method not in self.methods:
            raise RefusedError("Not Found: method not found", 404)
        return self._fields(self.methods[method], parameters, "parameter")

    def _fields(self, entries: dict[str, Entry], given: dict[str, Any], kind: str) -> dict[str, Any]:
        if unknown := set(given) - set(entries):
            raise RefusedError(f"Bad Request: unknown {kind} {min(unknown)}")
        for name, entry in entries.items():
            if entry.required and given.get(name) in ((None,) if entry.may_be_empty else (None, "")):
                raise RefusedError(f"Bad Request: {name} is empty")
        return {name: self._value(name, entries[name], value) for name, value in given.items()}

    def _value(self, name: str, entry: Entry, value: Any) -> Any:
        for kind in entry.types:
            try:
                read = self._typed(name, kind, value)
            except TypeError:
                continue
            _check_limits(name, entry, read)
            return read
        raise RefusedError(f"Bad Request: {name} must be of type {' or '.join(entry.types)}")

    def _typed(self, name: str, kind: str, value: Any) -> Any:
        """The value as `kind`; TypeError where it is none. A form field's text is read as JSON where it holds more."""
        if kind == "String":
            return _only(str, value)
        if kind == "InputFile":
            return _only(Upload, value)
        if kind == "Integer":
            return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d+", value) else _only(int, value)
        if kind == "Boolean":
            return _TRUTH[value] if isinstance(value, str) and value in _TRUTH else _only(bool, value)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise RefusedError(f"Bad Request: can't parse {name} JSON object") from None
        if kind.startswith(_ARRAY):
            inner = Entry.read(kind.removeprefix(_ARRAY))
            return [self._value(name, inner, item) for item in _only(list, value)]
        if kind in self.unions:
            kind = self._member(name, kind, _only(dict, value))
        if kind not in self.types:
            raise RefusedError(f"Bad Request: the double knows no {kind}: add it to the table")
        return self._fields(self.types[kind], _only(dict, value), f"field of {name}:")

    def _member(self, name: str, union: str, value: dict[str, Any]) -> str:
        """The type of the union that an object is."""
        for mark, kind in self.unions[union].items():
            field, is_valued, wanted = mark.partition("=")
            if field in value and (not is_valued or value[field] == wanted):
                return kind
        raise RefusedError(f"Bad Request: can't parse {name}: it is no {union} that the double knows")


def _only(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _check_limits(name: str, entry: Entry, value: Any) -> None:
    if entry.low is None or entry.high is None:
        return
    size = value if isinstance(value, int) else len(value.encode() if entry.in_bytes else value)
    if not entry.low <= size <= entry.high:
        raise RefusedError(f"Bad Request: {name} must be {entry.low} to {entry.high}, not {size}")
