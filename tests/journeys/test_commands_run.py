"""The command `explainer run` as a process: it says where it serves, answers, and ends when it is told to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

Server = tuple["subprocess.Popen[str]", str]


def start(repository: Path, data: Path, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [Path(sys.executable).with_name("explainer"), "run"],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "EXPLAINER_DATA": str(data),
            "EXPLAINER_PORT": "0",
            "PYTHONUNBUFFERED": "1",
            **settings,
        },
    )


def address(process: "subprocess.Popen[str]") -> str:
    """Where the process says that it serves."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise AssertionError(process.stderr.read() if process.stderr else "it said nothing")


@pytest.fixture
def server(repository: Path, data: Path) -> Iterator[Server]:
    process = start(repository, data, EXPLAINER_CLOCK="2025-11-05T12:00")
    try:
        yield process, address(process)
    finally:
        process.kill()
        process.communicate()


def get(url: str, question: dict[str, object] | None = None) -> tuple[int, str]:
    data = json.dumps(question).encode() if question is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_serves_and_ends_on_sigterm(server: Server) -> None:
    process, url = server
    assert get(f"{url}/healthz")[0] == 200
    status, ready = get(f"{url}/readyz")
    assert status == 200
    assert "ok" in ready
    status, page = get(url)
    assert status == 200
    assert "287(g)" in page
    status, answer = get(f"{url}/api/ask", {"text": "when is the vote?", "lang": "en"})
    assert status == 200
    assert "Tomorrow" in json.loads(answer)["text"]
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - begun < 10


def test_a_second_interrupt_is_not_needed(server: Server) -> None:
    process, _ = server
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0


def test_it_says_that_telegram_is_not_served(server: Server) -> None:
    process, _ = server
    assert process.stdout is not None
    assert "No TELEGRAM_BOT_TOKEN" in process.stdout.readline()


def test_logs_hold_nothing_of_what_was_asked(server: Server) -> None:
    process, url = server
    get(f"{url}/api/ask", {"text": "is my cousin Xochitl safe", "lang": "en"})
    get(f"{url}/api/ask", {"text": 5})
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert "Xochitl" not in output + errors
    assert "127.0.0.1:" not in errors


def test_a_port_that_is_taken_is_one_sentence(repository: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(repository, tmp_path / "var", EXPLAINER_PORT=str(taken.getsockname()[1]))
        _, errors = process.communicate(timeout=30)
    assert process.returncode in {2, 3}
    assert "EXPLAINER_PORT" in errors
    assert "Traceback" not in errors


def test_a_wrong_setting_stops_the_start_before_anything_is_written(repository: Path, tmp_path: Path) -> None:
    process = start(repository, tmp_path / "var", EXPLAINER_CLOCK="tomorrow")
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert output == ""
    assert errors.startswith("explainer: EXPLAINER_CLOCK: ")
    assert not (tmp_path / "var").exists()
