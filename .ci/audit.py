"""Asks a vulnerability service about every version in requirements.lock; passes only where it surely answered.

Exit status 0: all were asked about, and nothing is known but what is waived; 1: something is known, or a waiver is
over; 3: the service could not be asked, or not about everything, which is no pass.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Known for long to be vulnerable: a service that does not say so answers no question, whatever it answers.
CANARY = "jinja2==2.10"
SERVICES = ("pypi", "osv")
PATIENCE, ALL = 15, 600  # seconds for one answer, and for all of them
FIELDS = {"id", "package", "reason", "until"}


class NotAskedError(Exception):
    """The service could not be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Known:
    """A vulnerability of a locked version, by all the ids that it has."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        remedy = f"fixed in {', '.join(self.fixed_in)}: lock that"
        mended = remedy if self.fixed_in else "not fixed yet: replace it, or waive it"
        return f"{self.package} {self.version}: {'/'.join(self.ids)}: {mended}"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A known vulnerability that is lived with, for a reason, until a day."""

    id: str
    package: str
    reason: str
    until: date


def pins(lock: str) -> list[str]:
    """The exact requirements of a lock, with their markers and without their hashes."""
    lines = [line.rstrip(" \\").split(" ;")[0] for line in lock.splitlines() if re.match(r"[\w.\[\],-]+==", line)]
    return [re.sub(r"\[.*?\]", "", line.strip()) for line in lines]


def rounds(requirements: list[str]) -> list[list[str]]:
    """The requirements in as few lists as have each name once: a lock may hold versions for several Pythons."""
    lists: list[dict[str, str]] = []
    for pin in dict.fromkeys(requirements):
        name = pin.partition("==")[0]
        free = next((one for one in lists if name not in one), None)
        if free is None:
            lists.append(free := {})
        free[name] = pin
    return [list(one.values()) for one in lists]


def read_waivers(text: str) -> list[Waiver]:
    """The waivers of a file. Raises ValueError where one lacks its reason or its day."""
    waivers = []
    for entry in tomllib.loads(text).get("waiver", []):
        if set(entry) != FIELDS or not str(entry["reason"]).strip() or type(entry["until"]) is not date:
            raise ValueError(f"a waiver needs {', '.join(sorted(FIELDS))}, the last a day like 2026-01-31: {entry}")
        waivers.append(Waiver(**entry))
    return waivers


def ask(requirements: list[str], how: list[str]) -> list[dict[str, Any]]:
    """What pip-audit reports of each requirement. Raises NotAskedError."""
    with tempfile.TemporaryDirectory() as name:  # and no cache: what was true an hour ago is not asked
        file = Path(name) / "requirements.txt"
        file.write_text("\n".join(requirements) + "\n", "utf-8")
        command = [
            sys.executable, "-m", "pip_audit", "--requirement", file, "--no-deps", "--disable-pip", "--format", "json",
            "--progress-spinner", "off", "--timeout", str(PATIENCE), "--cache-dir", Path(name) / "cache", *how,
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=ALL, check=False)  # noqa: S603
            return list(json.loads(done.stdout)["dependencies"])
        except subprocess.TimeoutExpired as error:
            raise NotAskedError(f"it took longer than {ALL} s") from error
        except (ValueError, KeyError, TypeError) as error:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise NotAskedError(said[:300]) from error


def audit(requirements: list[str], how: list[str]) -> list[Known]:
    """What the service knows of all requirements. Raises NotAskedError where it does not answer for each of them, or
    does not know what everybody knows."""
    if not any(one.get("vulns") for one in ask([CANARY], how)):
        raise NotAskedError(f"it knows nothing of {CANARY}, which is known to be vulnerable, so it knows nothing")
    reported = [one for round_ in rounds(requirements) for one in ask(round_, how)]
    skipped = [one["name"] for one in reported if "vulns" not in one]
    missing = len(set(requirements)) - len(reported)
    if skipped or missing > 0:
        raise NotAskedError(f"it did not answer for {len(skipped) + max(0, missing)} of {len(set(requirements))}")
    return [known for one in reported for known in _known(one)]


def _known(one: Mapping[str, Any]) -> Iterator[Known]:
    for found in one["vulns"]:
        yield Known(one["name"], one["version"], (found["id"], *found["aliases"]), tuple(found["fix_versions"]))


def judge(known: list[Known], waivers: list[Waiver], today: date) -> list[str]:
    """What is to be done: a line for each that is not waived, and for each waiver that is over or not needed."""
    lines = [str(one) for one in known if not any(_covers(waiver, one) for waiver in waivers)]
    for waiver in waivers:
        if waiver.until < today:
            lines.append(f"{waiver.package}: {waiver.id}: waived until {waiver.until}, which is over: look at it again")
        if not any(_covers(waiver, one) for one in known):
            lines.append(f"{waiver.package}: {waiver.id}: waived, but not known of what is locked: take the waiver out")
    return lines


def _covers(waiver: Waiver, one: Known) -> bool:
    return waiver.package == one.package and waiver.id in one.ids


def ask_one_after_another(requirements: list[str], ways: Mapping[str, list[str]]) -> list[Known]:
    """What the first service knows that answers. Raises NotAskedError where none does."""
    faults = []
    for name, how in ways.items():
        try:
            return audit(requirements, how)
        except NotAskedError as error:
            faults.append(f"{name}: {error}")
    raise NotAskedError("; ".join(faults))


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description="Look for known vulnerabilities of what is locked.")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    parser.add_argument("--waivers", type=Path, default=ROOT / ".ci" / "waivers.toml")
    parser.add_argument("--osv", metavar="URL", help="ask only this server, which speaks OSV")
    given = parser.parse_args()
    requirements = pins(given.lock.read_text("utf-8"))
    own = {"the server given": ["--vulnerability-service", "osv", "--osv-url", given.osv]}
    usual = {name: ["--vulnerability-service", name] for name in SERVICES}
    try:
        waivers = read_waivers(given.waivers.read_text("utf-8"))
        known = ask_one_after_another(requirements, own if given.osv else usual)
    except ValueError as error:
        print(f"{given.waivers.name}: {error}", file=sys.stderr)
        return 1
    except NotAskedError as error:
        print(f"Not asked, so nothing is known of what is locked ({error}): ask again from where the service answers.",
              file=sys.stderr)  # fmt: skip
        return 3
    lines = judge(known, waivers, datetime.now(UTC).date())
    for line in lines:
        print(line)
    if lines:
        return 1
    waived = f", but for {len(waivers)} that are waived" if waivers else ""
    print(f"No vulnerability is known of the {len(requirements)} versions in {given.lock.name}{waived}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
