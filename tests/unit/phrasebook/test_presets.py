"""The preset intents, and what can be wrong with their file."""

import shutil
from pathlib import Path

import pytest

from bot.core.messages import Turn
from bot.phrasebook.presets import FILE, NEEDED, load_presets


@pytest.fixture
def words(responses_folder: Path, tmp_path: Path) -> Path:
    """A copy of the repository's words, to be spoilt."""
    return Path(shutil.copytree(responses_folder, tmp_path / "responses"))


def spoil(words: Path, old: str, new: str) -> list[str]:
    text = (words / FILE).read_text(encoding="utf-8")
    assert old in text
    (words / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    return [str(finding) for finding in load_presets(words)[1]]


def test_the_repositorys_own_are_sound(responses_folder: Path) -> None:
    presets, findings = load_presets(responses_folder)
    assert findings == []
    assert set(NEEDED) <= set(presets)
    assert presets["what_is"].turn("term:287g") == Turn("what_is", "term:287g")
    assert presets["who_decides"].turn("term:287g") == Turn("who_decides")
    assert not presets["what_did_they_say"].takes("term:287g")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("command: who\n", "command: what\n", "/what is also the command of what_happened"),
        ("command: who\n", "command: Who!\n", "command"),
        ("- id: who_said_what", "- id: what_happened", "the id 'what_happened' stands twice"),
        ("- id: who_said_what", "- id: who_sang_what", "there is no template who_sang_what.html.j2"),
        ("next: [where_they_stand,", "next: [where_they_sit,", "there is no intent 'where_they_sit'"),
        ("needs: [events]", "needs: [parties]", "a pack has no file 'parties'"),
        ("outcome: refuse", "outcome: shrug", "'shrug' is not one of the choices"),
        ("- id: opinion", "- id: opinions", "the intent 'opinion' is missing"),
        ("entities: [person, org]", "entities: [planet]", "'planet' is not one of the choices"),
        ("picture: timeline", "picture: clock", "there is no template cards/clock.svg.j2"),
        ("picture: timeline", "picture: clock", "there is no template cards/clock.html.j2"),
        ("picture: timeline", "picture: ../x", "picture"),
        ("{id: picture,", "{id: painting,", "nobody can ask for it"),
        ("label: {en: \"What happened?\"", "lable: {en: \"What happened?\"", "did you mean 'label'?"),
    ],
)  # fmt: skip
def test_a_fault_is_found(words: Path, old: str, new: str, problem: str) -> None:
    found = spoil(words, old, new)
    assert any(problem in line and f"{FILE}:" in line for line in found), found


@pytest.mark.parametrize("name", ["confirm.html.j2", "page.html.j2", "help.html.j2"])
def test_a_missing_template_is_found(words: Path, name: str) -> None:
    (words / name).unlink()
    assert [finding.problem for finding in load_presets(words)[1]] == [f"there is no template {name}"]


@pytest.mark.parametrize("content", ["", "a: b\n", "- [\n", None])
def test_a_file_of_another_shape_is_a_finding(words: Path, content: str | None) -> None:
    if content is None:
        (words / FILE).unlink()
    else:
        (words / FILE).write_text(content)
    presets, findings = load_presets(words)
    assert presets == {}
    assert len(findings) == 1
