"""Whatever a stranger's pack holds: findings come of it, in bounded time and memory, and never a trace."""

import shutil
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.findings import Finding
from bot.editorial.check import check_answers
from bot.editorial.content import load_content
from bot.factbase.checks import check_pack
from bot.factbase.loader import LISTS, load_pack
from bot.factbase.questions import load_questions
from bot.factbase.yaml_tree import read_tree
from bot.phrasebook.phrases import load_phrases
from bot.phrasebook.presets import load_presets
from bot.understanding.gates import load_gates
from tests.faults.fuzzing import peak, tried
from tests.faults.pack_files import PACK, RESPONSES, files, small_files
from tests.unit.conftest import FILES as SMALL_PACK

NOW = datetime(2025, 11, 5, 12, tzinfo=ZoneInfo("America/Chicago"))
MOST_SECONDS = 10.0  # of the processor for one file; it takes milliseconds


def read(folder: Path, name: str) -> list[Finding]:
    """What the loader of this file finds in it."""
    if name in LISTS or name == "topic":
        pack, found = load_pack(folder)
        return found + (check_pack(pack, NOW) if pack else [])
    if name.startswith("questions"):
        return load_questions(folder, ["what_is", "what_happened", "opinion"], ["en"])[1]
    if name == "intents":
        return load_presets(folder)[1]
    if name == "phrases":
        return load_phrases(folder)[1]
    return load_gates(folder if name == "gates" else RESPONSES, folder, ["opinion"], try_examples=name == "gates")[2]


def is_sound(found: list[Finding]) -> bool:
    return all(one.file and one.line > 0 and one.problem and one.remedy and "\n" not in str(one) for one in found)


def try_files(folder: Path, examples: int) -> None:
    """So many real files, each alone: what others name in it is not there, so almost all have findings."""

    def gives_findings(file: tuple[str, bytes]) -> None:
        name, body = file
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "questions").mkdir(parents=True)
        shutil.copy(PACK / "topic.yaml", folder)
        (folder / f"{name}.yaml").write_bytes(body)
        began = time.process_time()
        found = read(folder, name)
        assert time.process_time() - began < MOST_SECONDS
        assert is_sound(found)

    tried(files(), gives_findings, examples)


def try_small_packs(folder: Path, examples: int) -> tuple[int, int]:
    """Of so many packs that differ from the small sound one in what a file holds: how many had no findings, and how
    many had."""
    seen = [0, 0]
    folder.mkdir(parents=True)
    for name, text in SMALL_PACK.items():
        (folder / name).write_text(text, "utf-8")
    assert read(folder, "topic") == []  # else all would have findings, whatever they hold
    sound = {name: read_tree(folder / name, name).data for name in SMALL_PACK}

    def gives_findings(file: tuple[str, bytes]) -> None:
        name, body = f"{file[0]}.yaml", file[1]
        (folder / name).write_bytes(body)
        began = time.process_time()
        found = read(folder, file[0])
        assert time.process_time() - began < MOST_SECONDS
        assert is_sound(found)
        if read_tree(folder / name, name).data != sound[name]:
            seen[bool(found)] += 1
        (folder / name).write_text(SMALL_PACK[name], "utf-8")

    tried(small_files(), gives_findings, examples)
    return seen[0], seen[1]


def try_packs(folder: Path, examples: int) -> None:
    """The whole check, of a whole pack with one such file in it."""

    def is_checked(file: tuple[str, bytes]) -> None:
        name, body = file
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PACK, folder / "pack")
        shutil.copytree(RESPONSES, folder / "responses")
        place = folder / ("responses" if name in {"intents", "phrases", "gates"} else "pack")
        (place / f"{name}.yaml").write_bytes(body)
        loaded = load_content(folder / "pack", folder / "responses", lambda _: NOW, try_examples=False)
        assert is_sound(loaded.findings)
        if loaded.content:
            assert is_sound(list(check_answers(loaded.content, NOW, [NOW])))

    tried(files(), is_checked, examples)


def test_any_file_of_a_pack_gives_findings(tmp_path: Path) -> None:
    try_files(tmp_path / "one", 120)


def test_a_small_pack_with_any_file_is_sound_or_says_why_not(tmp_path: Path) -> None:
    sound, faulty = try_small_packs(tmp_path / "small", 150)
    assert sound > 0
    assert faulty > 50


def test_a_pack_with_any_file_in_it_is_checked(tmp_path: Path) -> None:
    try_packs(tmp_path / "all", 4)


@pytest.mark.long
def test_very_many_files_give_findings(tmp_path: Path, is_bounded: bool) -> None:
    before = peak()
    try_files(tmp_path / "one", 1_000 if is_bounded else 50_000)
    sound, faulty = try_small_packs(tmp_path / "small", 1_000 if is_bounded else 50_000)
    print(f"\nsound, with findings: {(sound, faulty)}")
    assert sound > faulty / 100 > 1
    try_packs(tmp_path / "all", 20 if is_bounded else 500)
    assert peak() - before < 300
