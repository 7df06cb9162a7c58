"""The example questions: their lines, their groups, and what is wrong with them."""

from pathlib import Path

import pytest

from bot.core.findings import Finding, Level
from bot.factbase.questions import FEWEST, LONGEST, Question, load_questions

INTENTS = ("what_happened", "opinion")


def read(tmp_path: Path, **files: str) -> tuple[list[Question], list[Finding]]:
    """Reads questions by language, and gives the errors among the findings."""
    folder = tmp_path / "questions"
    folder.mkdir(exist_ok=True)
    for lang, text in files.items():
        (folder / f"{lang}.yaml").write_text(text, encoding="utf-8")
    questions, found = load_questions(tmp_path, INTENTS, ("en", "es"))
    return questions, [finding for finding in found if finding.level is Level.ERROR]


def test_paraphrases_share_a_group_and_know_their_lines(tmp_path: Path) -> None:
    questions, found = read(
        tmp_path, en="what_happened:\n  - [What happened?, What's up?]\n  - Tell me\nopinion:\n  - Who is right?\n"
    )
    assert found == []
    assert [(one.text, one.intent, one.line) for one in questions] == [
        ("What happened?", "what_happened", 2), ("What's up?", "what_happened", 2), ("Tell me", "what_happened", 3),
        ("Who is right?", "opinion", 5),
    ]  # fmt: skip
    groups = [one.group for one in questions]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 3


def test_groups_of_two_languages_do_not_mix(tmp_path: Path) -> None:
    questions, _ = read(tmp_path, en="what_happened: [A, B]\n", es="what_happened: [C, D]\n")
    assert len({one.group for one in questions}) == 4
    assert {one.lang for one in questions} == {"en", "es"}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("opinion: [x]\nwhat_hapened:\n  - y\n", 2, "there is no intent 'what_hapened'"),
        ("opinion: just words\n", 1, "this is not a list"),
        ("opinion:\n  - a\n  - {b: c}\n", 3, "this is not a question"),
        ("opinion:\n  - a\n  - ''\n", 3, "this is not a question"),
        ("opinion:\n  - [a, [b]]\n", 2, "this is not a question"),
        ("opinion:\n  - " + "x" * (LONGEST + 1) + "\n", 2, f"more than {LONGEST}"),
        ("opinion:\n  - Why?\nwhat_happened:\n  - ' why? '\n", 4, "the same question stands under opinion"),
        ("opinion: [a]\nopinion: [b]\n", 2, "'opinion' stands twice"),
        ("- a\n", 1, "this is not a list of intents"),
        ("opinion: [\n", 2, "not YAML"),
    ],
)
def test_a_fault_is_found_at_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    _, found = read(tmp_path, en=text)
    assert [(finding.line, problem in finding.problem) for finding in found] == [(line, True)], found


def test_a_language_that_the_topic_lacks_is_an_error(tmp_path: Path) -> None:
    questions, found = read(tmp_path, en="opinion: [a]\n", fr="opinion: [b]\n")
    assert [finding.problem for finding in found] == ["the topic has no language 'fr'"]
    assert [one.lang for one in questions] == ["en"]


def test_the_second_of_two_equal_questions_names_the_first(tmp_path: Path) -> None:
    _, (found,) = read(tmp_path, en="opinion:\n  - Why?\nwhat_happened:\n  - Why?\n")
    assert found.remedy.endswith("the other is in line 2")


def test_too_few_questions_and_a_missing_language_are_warnings(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    many = "".join(f"  - question {number}\n" for number in range(FEWEST))
    (tmp_path / "questions" / "en.yaml").write_text(f"opinion:\n{many}what_happened:\n  - one\n")
    _, found = load_questions(tmp_path, INTENTS, ("en", "es"))
    assert {(finding.level, finding.problem) for finding in found} == {
        (Level.WARNING, "only 1 question"),
        (Level.WARNING, "no questions in 'es'"),
    }


def test_no_folder_of_questions_is_a_warning_for_each_language(tmp_path: Path) -> None:
    questions, found = load_questions(tmp_path, INTENTS, ("en", "es"))
    assert questions == []
    assert [finding.level for finding in found] == [Level.WARNING, Level.WARNING]
