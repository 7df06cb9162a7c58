"""Nothing in the repository is tied to one machine or names the host of a registry."""

import re
from pathlib import Path

import pytest

# Joined here, so that this file does not hold what it looks for.
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "deb." + "debian.org", "npmjs" + ".com")
FOLDERS = (
    "/wo" + "rk",
    "/opt/" + "pypi",
    "/opt/" + "wheels",
    "/opt/" + "tools",
    "/ro" + "ot",
    "/Us" + "ers",
    "/ho" + "me",
)
OPTIONS = ("--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host")
NEIGHBOUR = "../" + "shared"
TIED = re.compile(
    "|".join(
        [
            *map(re.escape, HOSTS),
            *(rf"(?<![\w.~*}}\])-]){re.escape(folder)}(?=/|[\s\"'`]|$)" for folder in FOLDERS),
            *(rf"{re.escape(option)}[= ]" for option in OPTIONS),
            re.escape(NEIGHBOUR),
        ]
    ),
    re.IGNORECASE | re.MULTILINE,
)


def test_no_file_names_a_registry_or_a_place_on_one_machine(repository: Path, own_files: tuple[str, ...]) -> None:
    found = []
    for name in own_files:
        text = (repository / name).read_bytes().decode("utf-8", errors="ignore")
        found += [f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}" for hit in TIED.finditer(text)]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "https://" + HOSTS[0] + "/simple",
        "files." + HOSTS[1],
        "cd " + FOLDERS[0] + "/main",
        '"' + FOLDERS[0] + '"',
        "pip install " + OPTIONS[0] + " x",
        "check --articles " + NEIGHBOUR + "/articles",
    ],
)
def test_place_on_one_machine_is_noticed(text: str) -> None:
    assert TIED.search(text)


@pytest.mark.parametrize("text", ["https://example.org/work/1", "responses/home", "net/work", "the worker's /workers"])
def test_addresses_and_ordinary_words_are_allowed(text: str) -> None:
    assert not TIED.search(text)
