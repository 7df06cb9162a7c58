"""The check for known vulnerabilities finds what is known, and cannot pass without having asked."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

CANARY = {("jinja2", "2.10"): "PYSEC-2019-217"}
Answers = Callable[[str, str], tuple[int, bytes]]
Audit = Callable[..., subprocess.CompletedProcess[str]]


def found(identifier: str, name: str) -> bytes:
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
    }
    about = {"id": identifier, "aliases": ["CVE-1"], "summary": "It is.", "affected": [affected]}
    return json.dumps({"vulns": [about | {"published": "2019-04-07T00:29:00Z"}]}).encode()


def knowing(known: dict[tuple[str, str], str]) -> Answers:
    """A service that knows these of a name and a version, and nothing of others."""

    def answer(name: str, version: str) -> tuple[int, bytes]:
        identifier = known.get((name, version))
        return 200, found(identifier, name) if identifier else b"{}"

    return answer


@pytest.fixture(scope="module")
def check(repository: Path) -> ModuleType:
    """The check as a module."""
    spec = spec_from_file_location("audit", repository / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["audit"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Service:
    """A double of a service that speaks OSV; `asked` are the names and versions that it was asked about."""

    def __init__(self) -> None:
        self.answer: Answers = knowing(CANARY)
        self.asked: set[tuple[str, str]] = set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                pin = asked["package"]["name"], asked["version"]
                service.asked.add(pin)
                status, body = service.answer(*pin)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/query"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    double = Service()
    yield double
    double.server.shutdown()
    double.server.server_close()


@pytest.fixture
def audit(service: Service, repository: Path, tmp_path: Path) -> Audit:
    """Runs the check over a lock of two packages, or that of the repository, with waivers or none."""

    def run(waivers: str = "", lock: Path | None = None, url: str = "") -> subprocess.CompletedProcess[str]:
        locked, waived = tmp_path / "requirements.lock", tmp_path / "waivers.toml"
        locked.write_text("Six==1.17.0 \\\n    --hash=sha256:00\nidna[x]==3.20 ; python_version > '3'\n", "utf-8")
        waived.write_text(waivers, "utf-8")
        options = ["--lock", lock or locked, "--waivers", waived, "--osv", url or service.url]
        command = [sys.executable, repository / ".ci" / "audit.py", *options]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    return run


def test_lock_of_which_nothing_is_known_passes(audit: Audit, service: Service) -> None:
    done = audit()
    assert done.returncode == 0, done.stderr
    assert done.stdout == "No vulnerability is known of the 2 versions in requirements.lock.\n"
    assert service.asked == {*CANARY, ("six", "1.17.0"), ("idna", "3.20")}


def test_every_version_of_the_repositorys_lock_is_asked_about(audit: Audit, service: Service, repository: Path) -> None:
    lock = repository / "requirements.lock"
    done = audit(lock=lock)
    assert done.returncode == 0, done.stderr
    lines = [line for line in lock.read_text("utf-8").splitlines() if "==" in line and not line.startswith("#")]
    assert len(service.asked - set(CANARY)) == len(lines)


def test_known_vulnerability_fails_with_its_remedy(audit: Audit, service: Service) -> None:
    service.answer = knowing(CANARY | {("six", "1.17.0"): "GHSA-1"})
    done = audit()
    assert done.returncode == 1
    assert done.stdout == "six 1.17.0: CVE-1/GHSA-1: fixed in 99.1: lock that\n"


def test_waiver_with_a_reason_and_a_day_lets_it_pass(audit: Audit, service: Service) -> None:
    service.answer = knowing(CANARY | {("six", "1.17.0"): "GHSA-1"})
    done = audit('[[waiver]]\nid = "CVE-1"\npackage = "six"\nreason = "Not called."\nuntil = 9999-01-01\n')
    assert done.returncode == 0, done.stdout
    assert "1 that are waived" in done.stdout


def test_waiver_of_the_repository_can_be_read(check: ModuleType, repository: Path) -> None:
    assert isinstance(check.read_waivers((repository / ".ci" / "waivers.toml").read_text("utf-8")), list)


@pytest.mark.parametrize(
    ("waiver", "words"),
    [
        ('id = "GHSA-1"\npackage = "six"\nreason = "x"\nuntil = 2026-01-30', "which is over"),
        ('id = "GHSA-1"\npackage = "idna"\nreason = "x"\nuntil = 9999-01-01', "GHSA-1/CVE-1: fixed in 99.1"),
        ('id = "GHSA-2"\npackage = "six"\nreason = "x"\nuntil = 9999-01-01', "take the waiver out"),
    ],
    ids=["over", "of another package", "not needed"],
)
def test_waiver_that_does_not_hold_is_told(check: ModuleType, waiver: str, words: str) -> None:
    known = [check.Known("six", "1.17.0", ("GHSA-1", "CVE-1"), ("99.1",))]
    lines = check.judge(known, check.read_waivers(f"[[waiver]]\n{waiver}\n"), date(2026, 1, 31))
    assert words in "\n".join(lines)


@pytest.mark.parametrize(
    "waiver",
    [
        'id = "GHSA-1"\npackage = "six"\nreason = " "\nuntil = 9999-01-01',
        'id = "GHSA-1"\npackage = "six"\nreason = "x"\nuntil = "soon"',
        'id = "GHSA-1"\npackage = "six"\nreason = "x"',
    ],
    ids=["no reason", "no day", "day left out"],
)
def test_waiver_that_lacks_something_is_refused(audit: Audit, waiver: str) -> None:
    done = audit(f"[[waiver]]\n{waiver}\n")
    assert done.returncode == 1
    assert "a waiver needs" in done.stderr


def fails_for_six(name: str, version: str) -> tuple[int, bytes]:
    return (503, b"") if name == "six" else knowing(CANARY)(name, version)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _name, _version: (500, b""), "Not asked"),
        (lambda _name, _version: (200, b"<html>Log in to the network</html>"), "Not asked"),
        (lambda _name, _version: (200, b"{}"), "it knows nothing"),
        (fails_for_six, "Not asked"),
    ],
    ids=["fails", "a portal", "knows nothing", "fails halfway"],
)
def test_service_that_does_not_answer_is_no_pass(audit: Audit, service: Service, answer: Answers, words: str) -> None:
    service.answer = answer
    done = audit()
    assert done.returncode == 3
    assert words in done.stderr
    assert done.stdout == ""


def test_service_that_is_away_is_no_pass(audit: Audit, service: Service) -> None:
    service.server.shutdown()
    service.server.server_close()
    done = audit()
    assert done.returncode == 3
    assert "Not asked" in done.stderr
    assert done.stdout == ""
