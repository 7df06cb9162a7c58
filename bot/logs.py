"""Writes what the program and its libraries have to say, a line an event, and nothing that a person wrote or is.

A line of ours is made of the words of its call, `log.warning("telegram.poll_failed error=%s: trying again", …)`: an
event, fields, a sentence; a test holds every call to that form and to fields that name nobody. Of a library's line only
the place of the call is told: its words may hold values already, and those may be anybody's. Of an exception there are
the types and the places that it passed, never its text, which may hold what a reader wrote.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterator, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO, TypeAlias

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter

Form = Literal["text", "json"]
Fields: TypeAlias = dict[str, Any]

OWN: Final = "bot"
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
CALL: Final = re.compile(r"(?P<event>[a-z_]+(?:\.[a-z_]+)*)(?P<fields>(?: [a-z_]+=%[sd])*)(?:: (?P<note>.+))?")
HIDDEN: Final = "[hidden]"
TOKEN: Final = re.compile(r"[0-9]{5,}:[A-Za-z0-9_-]{20,}")  # of a bot, as BotFather gives them
SHORTEST: Final = 6  # characters of a secret that is looked for; a shorter one stands in words that are none
DEEPEST: Final = 30  # frames of a stack, the innermost


@dataclass(frozen=True, slots=True)
class Told:
    """A processor of structlog that makes the fields of a line from a record; `secrets` are hidden in all of them."""

    secrets: tuple[str, ...]

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> Fields:
        record: logging.LogRecord = event["_record"]
        given = event.pop("positional_args", ())
        error = event.pop("exc_info", None)
        event.pop("stack_info", None)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = {"timestamp": at, "level": record.levelname.lower(), "logger": record.name}
        own = record.name == OWN or record.name.startswith(f"{OWN}.")
        told = _own(str(record.msg), given) if own else _foreign(record)
        fields = told | (_failure(error) if error and error[1] else {})
        return {**event, **head, **{name: self._hidden(value) for name, value in fields.items()}}

    def _hidden(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._hidden(one) for one in value]
        if not isinstance(value, str):
            return value
        for secret in self.secrets:
            value = value.replace(secret, HIDDEN)
        return TOKEN.sub(HIDDEN, value)


def _own(words: str, given: Any) -> Fields:
    """The event, the fields and the sentence (`note`) of one of our calls."""
    values = given if isinstance(given, tuple) else (given,)
    found = CALL.fullmatch(words)
    if found is None:
        return {"event": "unnamed"}
    names = re.findall(r"(\w+)=%", found["fields"])
    fields: Fields = {"event": found["event"]}
    fields |= {name: _plain(value) for name, value in zip(names, values, strict=False)}
    return fields | ({"note": found["note"] % values[len(names) :]} if found["note"] else {})


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float) else str(value)


def _foreign(record: logging.LogRecord) -> Fields:
    """Where a library speaks."""
    return {"event": "library", "at": f"{record.module}:{record.lineno} {record.funcName}"}


def _failure(error: Any) -> Fields:
    """The type of an exception, those that led to it, and the places that it passed, the innermost last."""
    kinds = [type(one).__name__ for one in _chain(error[1])]
    frames = list(traceback.walk_tb(error[2]))[-DEEPEST:]
    places = [f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}" for frame, line in frames]
    return {"error": kinds[0], **({"causes": kinds[1:]} if kinds[1:] else {}), "places": places}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class Lines(logging.Formatter):
    """Makes a line of a record. structlog is loaded for the first: most commands have nothing to say."""

    def __init__(self, form: Form, secrets: Collection[str], colours: bool) -> None:
        super().__init__()
        self._form = form
        self._told = Told(tuple(sorted((one for one in secrets if len(one) >= SHORTEST), key=len, reverse=True)))
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        return self._structured.format(record)

    @cached_property
    def _structured(self) -> "ProcessorFormatter":
        from structlog.dev import ConsoleRenderer  # noqa: PLC0415 - a tenth of a second
        from structlog.processors import JSONRenderer  # noqa: PLC0415
        from structlog.stdlib import ProcessorFormatter  # noqa: PLC0415

        is_json = self._form == "json"
        renderer: Callable[..., str | bytes] = (
            JSONRenderer() if is_json else ConsoleRenderer(colors=self._colours, pad_event_to=0, sort_keys=False)
        )
        return ProcessorFormatter(
            foreign_pre_chain=[self._told],
            processors=[ProcessorFormatter.remove_processors_meta, renderer],
            pass_foreign_args=True,
            use_get_message=False,
        )


class LogStream(logging.StreamHandler[TextIO]):
    """Writes the program's lines; of one that cannot be made, no more than that."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - so the library calls it
        with suppress(OSError, ValueError):  # nothing can be said where the stream itself is closed
            self.stream.write(f"log_failed {record.module}:{record.lineno}{self.terminator}")


def keep_logs(form: Form | None, level: str, secrets: Collection[str] = (), stream: TextIO | None = None) -> None:
    """From now on lines go to `stream` (standard error), in the form given, else as text to a terminal and as JSON to
    all others. `level` is one of LEVELS; libraries are heard from `warning` on, at `debug` from there.

    May be called again, with more to hide. Where another program keeps the logs already, they stay its own.
    """
    root = logging.getLogger()
    if any(not isinstance(handler, LogStream) for handler in root.handlers):
        return
    stream = stream or sys.stderr
    is_terminal = stream.isatty()
    handler = LogStream(stream)
    handler.setFormatter(Lines(form or ("text" if is_terminal else "json"), secrets, is_terminal))
    for before in root.handlers[:]:
        root.removeHandler(before)
    root.addHandler(handler)
    lowest = LEVELS[level]
    root.setLevel(lowest if lowest == logging.DEBUG else max(lowest, logging.WARNING))
    logging.getLogger(OWN).setLevel(lowest)
    _keep_crashes()


def _keep_crashes() -> None:
    """What ends a thread or the program, and what is warned of, goes the same way: Python would print its values."""
    log = logging.getLogger(OWN)

    def crashed(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None and not issubclass(kind, KeyboardInterrupt):
            log.critical("crashed", exc_info=(kind, error, trace))

    logging.captureWarnings(capture=True)
    sys.excepthook = crashed
    sys.unraisablehook = lambda one: crashed(one.exc_type, one.exc_value, one.exc_traceback)
    threading.excepthook = lambda one: crashed(one.exc_type, one.exc_value, one.exc_traceback)
