"""Lines of the log: their form, what they leave out, and that every call of ours can be read as one."""

import ast
import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import SettingsError
from bot.logs import CALL, HIDDEN, Form, Lines, LogStream, keep_logs
from bot.settings import load_log_settings, load_settings

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
FIELDS = {  # counts, kinds, and names of this program's own things: none that is a reader's
    "admins", "bytes", "campaign", "campaigns", "cancelled", "card", "change", "check", "chunk", "error", "file",
    "jobs", "lang", "learning", "news", "private", "readers", "reason", "remaining", "rows", "status", "subscribed",
    "subscriptions", "turns", "waiting",
}  # fmt: skip
TOKEN = "123456789:AAdouble-of-the-Bot-API-for-tests_00"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of ours whose lines are JSON, with one secret to hide."""
    with logger("json") as both:
        yield both


@contextmanager
def logger(form: Form, name: str = "bot.of_a_test") -> Iterator[tuple[logging.Logger, io.StringIO]]:
    written, log = io.StringIO(), logging.getLogger(name)
    handler = LogStream(written)
    handler.setFormatter(Lines(form, ["the-secret-path"], colours=False))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield log, written
    finally:
        log.removeHandler(handler)
        log.propagate = True


def line(written: io.StringIO) -> dict[str, Any]:
    (only,) = written.getvalue().splitlines()
    read = json.loads(only)
    assert isinstance(read, dict)
    return read


def test_call_becomes_event_fields_and_sentence(log: tuple[logging.Logger, io.StringIO]) -> None:
    log[0].warning("telegram.poll_failed error=%s waiting=%d private=%s: trying %s", "NetworkError", 3, True, "again")
    told = line(log[1])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("timestamp"))
    assert told == {
        "level": "warning", "logger": "bot.of_a_test", "event": "telegram.poll_failed", "error": "NetworkError",
        "waiting": 3, "private": True, "note": "trying again",
    }  # fmt: skip


def test_line_breaks_stay_within_the_line(log: tuple[logging.Logger, io.StringIO]) -> None:
    log[0].info("storage.wait: %s", "one\ntwo\u2028three")
    assert line(log[1])["note"] == "one\ntwo\u2028three"


def test_text_form_is_one_line_too() -> None:
    with logger("text") as (log, written):
        log.warning("telegram.poll_failed error=%s: trying %s", "NetworkError", "once\nagain")
        (only,) = written.getvalue().splitlines()
        assert "telegram.poll_failed" in only
        assert "error=NetworkError" in only


def test_exception_is_told_by_types_and_places_alone(log: tuple[logging.Logger, io.StringIO]) -> None:
    try:
        try:
            int("words of a reader")
        except ValueError as cause:
            raise KeyError("words of a reader") from cause
    except KeyError as error:
        log[0].error("delivery.failed error=%s", type(error).__name__, exc_info=error)
    told = line(log[1])
    assert (told["error"], told["causes"]) == ("KeyError", ["ValueError"])
    assert told["places"][0].startswith("tests.unit.test_logs:") or "test_logs" in told["places"][0]
    assert "reader" not in log[1].getvalue()


def test_of_a_library_there_is_the_place_alone() -> None:
    with logger("json", "a_library") as (log, written):
        log.warning("connecting to %s", "words of a reader")
        log.warning("connecting to words of a reader")
        log.warning("words of a reader, and %s", "more")
        told = [json.loads(one) for one in written.getvalue().splitlines()]
        assert [one["event"] for one in told] == ["library"] * 3
        assert all(re.fullmatch(r"test_logs:\d+ test_of_a_library_there_is_the_place_alone", one["at"]) for one in told)
        assert not any(word in written.getvalue() for word in ("reader", "connecting", "more"))


def test_secrets_are_hidden_wherever_they_stand(log: tuple[logging.Logger, io.StringIO]) -> None:
    log[0].info("storage.wait file=%s: at https://x/bot%s/the-secret-path", "the-secret-path", TOKEN)
    told = line(log[1])
    assert (told["file"], told["note"]) == (HIDDEN, f"at https://x/bot{HIDDEN}/{HIDDEN}")


def test_line_that_cannot_be_made_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    written = io.StringIO()
    handler = LogStream(written)
    handler.setFormatter(Lines("json", [], colours=False))
    handler.handle(
        logging.LogRecord("bot.x", logging.INFO, "/a/file.py", 7, "storage.wait: %d", ("of a reader",), None)
    )
    assert written.getvalue() == "log_failed file:7\n"
    assert capsys.readouterr().err == ""


def test_logs_of_a_host_stay_its_own() -> None:
    before = logging.getLogger().handlers[:]
    assert before  # those of this very test
    keep_logs("json", "info")
    assert logging.getLogger().handlers == before


CRASHES = """
import gc, logging, threading, warnings
from bot.logs import keep_logs
keep_logs({form!r}, "info", ["the-secret-path"])
class Bad:
    def __del__(self): raise ValueError("words of a reader")
warnings.warn("words of a reader")
threading.Thread(target=int, args=("words of a reader",)).start()
Bad()
raise RuntimeError("words of a reader")
"""


@pytest.mark.parametrize("form", ["json", "text", None])
def test_crashes_of_program_and_threads_hold_no_values(form: str | None) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASHES.format(form=form)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("crashed") == 3
    assert "RuntimeError" in done.stderr
    assert "reader" not in done.stderr
    assert done.stderr.startswith("{") == (form != "text")  # no terminal: JSON


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in {"log", "logger"}:
                yield node


def faults(tree: ast.Module) -> list[str]:
    """What of the calls of a module is not in the form, or names a field that is not known to be nobody's."""
    wrong = []
    for call in calls(tree):
        words = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        found = CALL.fullmatch(words) if isinstance(words, str) else None
        named = set(re.findall(r"(\w+)=%", found["fields"])) if found else set()
        expected = len(re.findall(r"%[sd]", words)) if isinstance(words, str) else -1
        if (
            not found
            or named - FIELDS
            or expected != len(call.args) - 1
            or {k.arg for k in call.keywords} - {"exc_info"}
        ):
            wrong.append(f"{call.lineno}: {ast.unparse(call)}")
    return wrong


def test_every_call_is_an_event_with_known_fields(repository: Path) -> None:
    trees: Mapping[str, ast.Module] = {
        str(path.relative_to(repository)): ast.parse(path.read_text("utf-8"))
        for path in (repository / "bot").rglob("*.py")
    }
    assert sum(1 for tree in trees.values() for _ in calls(tree)) > 80
    assert not {name: wrong for name, tree in trees.items() if (wrong := faults(tree))}


@pytest.mark.parametrize(
    "code",
    ['log.info("an event")', 'log.info("a.b text=%s", x)', 'log.info(f"a.b {x}")', 'log.info("a.b: %s")',
     'log.info("a.b", extra={})', "log.info(error)"],
)  # fmt: skip
def test_call_in_another_form_is_noticed(code: str) -> None:
    assert faults(ast.parse(code))


def test_settings_of_the_logs_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLAINER_LOG_LEVEL", "Warning")
    assert load_log_settings().explainer_log_level == "warning"
    monkeypatch.setenv("EXPLAINER_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError, match=r"^EXPLAINER_LOG_FORMAT: "):
        load_log_settings()


def hidden(monkeypatch: pytest.MonkeyPatch, **given: str) -> set[str]:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return set(load_settings().hidden)


def test_everything_secret_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    found = hidden(
        monkeypatch, TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_WEBHOOK_URL="https://x.org/telegram/hidden-path",
        TELEGRAM_WEBHOOK_SECRET="a-webhook-secret-0", EXPLAINER_SECRET_KEY="key-number-1,key-number-2",
    )  # fmt: skip
    assert {TOKEN, "a-webhook-secret-0", "key-number-1", "key-number-2"} <= found


def test_path_of_the_webhook_is_hidden_whole_and_by_its_last_part(monkeypatch: pytest.MonkeyPatch) -> None:
    found = hidden(
        monkeypatch, TELEGRAM_WEBHOOK_URL="https://x.org/telegram/hidden-path",
        TELEGRAM_WEBHOOK_SECRET="a-webhook-secret-0",
    )  # fmt: skip
    assert {"telegram/hidden-path", "hidden-path"} <= found
    assert "telegram" not in found


@pytest.mark.parametrize(
    "url", ["postgresql://me:pass%40word@db/x", "postgresql+psycopg://db/x?password=pass%40word", "postgresql://[me:x"]
)
def test_password_of_the_database_is_hidden_as_written_and_as_meant(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    found = hidden(monkeypatch, DATABASE_URL=url)
    assert ({"pass%40word", "pass@word"} if "pass" in url else {url}) <= found


@pytest.mark.parametrize(
    "name",
    ["TELEGRAM_API_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "EXPLAINER_PUBLIC_URL"],
)
def test_names_and_passwords_of_endpoints_are_hidden(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    found = hidden(monkeypatch, **{name: "https://some%2Bone:pass%40word@x.org/path"})
    assert found == {"some%2Bone", "some+one", "pass%40word", "pass@word"}


def test_headers_of_traces_are_hidden_whole_and_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = hidden(monkeypatch, OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20a-long-token,x-team=another-one")
    assert {"authorization=Bearer%20a-long-token,x-team=another-one", "a-long-token", "another-one"} <= found
    assert "authorization" not in found
