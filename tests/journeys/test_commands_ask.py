"""The command `explainer ask` as a process: one answer, a thousand answers, and whatever a resident may send."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.platforms.markup import parse

Run = Callable[..., "subprocess.CompletedProcess[str]"]
FIELDS = {
    "intent",
    "entity",
    "outcome",
    "confidence",
    "lang",
    "at",
    "html",
    "text",
    "facts",
    "sources",
    "buttons",
    "suggestions",
}


@pytest.fixture
def run(repository: Path, data: Path) -> Run:
    """Runs `explainer` in the repository, with nothing of this machine's settings but what is given."""

    def explainer(*words: str, given: str | bytes = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "LC_ALL"}}
        settings = {**kept, "EXPLAINER_DATA": str(data), **environment}
        raw = given.encode() if isinstance(given, str) else given
        done = subprocess.run(
            [Path(sys.executable).with_name("explainer"), *words],
            cwd=repository,
            env=settings,
            input=raw,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")
        )

    return explainer


def batch(run: Run, lines: Sequence[str | bytes], **environment: str) -> tuple[int, list[dict[str, object]]]:
    raw = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines) + b"\n"
    done = run("ask", "--batch", given=raw, **environment)
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_one_question_is_answered_in_three_forms(run: Run) -> None:
    asked = ("ask", "when is the vote?", "--at", "2025-10-24T18:00")
    text, html, data = (run(*asked, "--as", form) for form in ("text", "html", "json"))
    assert [done.returncode for done in (text, html, data)] == [0, 0, 0]
    answer = json.loads(data.stdout)
    assert set(answer) == FIELDS
    assert (answer["intent"], answer["outcome"], answer["lang"]) == ("when_is_the_vote", "answer", "en")
    assert answer["at"] == "2025-10-24T18:00:00-05:00"
    assert "decision:joining-287g" in answer["facts"]
    assert {"id", "publisher", "title", "url", "published"} == set(answer["sources"][0])
    assert answer["buttons"]
    assert all(set(button) >= {"label"} for button in answer["buttons"])
    assert text.stdout.strip() == answer["text"].strip()
    assert html.stdout.strip() == answer["html"].strip()
    assert parse(answer["html"])
    assert "first week of November 2025" in answer["text"]


def test_the_language_of_the_option_wins(run: Run) -> None:
    answer = json.loads(run("ask", "when is the vote?", "--lang", "es", "--as", "json").stdout)
    assert answer["lang"] == "es"
    assert run("ask", "hi", "--lang", "fr").returncode == 2


def test_a_thousand_questions_are_answered_in_order_by_one_process(run: Run) -> None:
    texts = ["when is the vote?", "¿cuándo es la votación?", "who said what?", "what is 287(g)?", "asdf qwer"]
    days = ["2025-10-24T18:00", "2025-11-05T12:00", "2025-11-06T08:00", "2026-11-21T12:00"]
    lines = [
        json.dumps({"text": f"{texts[number % 5]}", "at": f"{days[number % 4][:14]}{number % 60:02d}"})
        for number in range(1_000)
    ]
    status, answers = batch(run, lines)
    assert status == 0
    assert len(answers) == 1_000
    for number, answer in enumerate(answers):
        assert set(answer) == FIELDS
        assert str(answer["at"])[:16] == f"{days[number % 4][:14]}{number % 60:02d}"
    assert {answer["outcome"] for answer in answers} >= {"answer", "refuse"}


def test_lines_at_fault_are_answered_as_errors_in_their_place(run: Run) -> None:
    wrong: list[str | bytes] = [
        "not json",
        "[]",
        "{}",
        '"text"',
        '{"text": 1}',
        '{"text": "hi", "lang": "fr"}',
        '{"text": "hi", "at": "soon"}',
        '{"text": "hi", "more": 1}',
        '{"text": "hi", "context": {"intent": "x y"}}',
        b'{"text": "\xff"}',
        '{"text": "\\ud800"}',
        '{"text": "hi", "at": "9999-12-31T23:59"}',
        '{"text": null}',
        "{" * 5_000,
    ]
    lines = [line for one in wrong for line in (one, '{"text": "when is the vote?"}')]
    status, answers = batch(run, lines)
    assert status == 1
    assert len(answers) == len(lines)
    assert all(set(answer) == {"error"} for answer in answers[::2])
    assert all(set(answer) == FIELDS for answer in answers[1::2])
    for answer in answers[::2]:
        assert 10 < len(str(answer["error"])) < 200
        assert "hi" not in str(answer["error"]).split()


ODD = {
    "empty": "",
    "blank": " \n\t ",
    "long": "when is the vote? " * 6_000,
    "one long word": "a" * 100_000,
    "emoji": "😀🎈🗳️❓",
    "telling emoji": "😀👮🏽‍♀️🗳️❓",
    "nul": "when \x00 is \x00 the vote",
    "right to left": "متى التصويت؟ \u202eetov eht si nehw",
    "zalgo": "w" + "\u0317\u0300\u0334" * 400 + "hen is the vote",
    "markup": "<script>alert(1)</script> {{ 7*7 }} {% raw %} &lt;b&gt;",
    "sql": "'; DROP TABLE readers; --",
    "half an emoji in words": "vote \U0001f5f3",
    "control": "".join(chr(code) for code in range(1, 32)),
    "digits": "9" * 5_000,
    "punctuation": "?!?!?!…—",
    "other script": "投票はいつですか",
}


def test_whatever_is_sent_gets_a_calm_answer(run: Run) -> None:
    status, answers = batch(run, [json.dumps({"text": text}) for text in ODD.values()])
    assert status == 0
    for name, answer in zip(ODD, answers, strict=True):
        assert set(answer) == FIELDS, name
        blocks = parse(str(answer["html"]))
        assert len(blocks) > 1, name
        assert "<script" not in str(answer["html"]), name
        assert "49" not in str(answer["text"]).split(), name
        assert answer["buttons"] or answer["intent"] == "in_distress", name
    for name in ("empty", "blank", "emoji", "punctuation", "control"):
        assert answers[list(ODD).index(name)]["outcome"] == "refuse", name


def test_bytes_that_are_no_text_get_a_calm_answer_too(repository: Path, data: Path) -> None:
    done = subprocess.run(
        [os.fsencode(Path(sys.executable).with_name("explainer")), b"ask", b"\xff\xfe vote", b"--as", b"json"],
        cwd=repository,
        env={**os.environ, "EXPLAINER_DATA": str(data)},
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == FIELDS


def test_a_long_message_is_answered_within_seconds(run: Run) -> None:
    long = json.dumps({"text": "¿qué pasó con la votación y el alcalde? " * 2_600})
    assert len(long) > 100_000
    status, answers = batch(run, [long] * 20)
    assert (status, len(answers)) == (0, 20)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["ask"], "give a question"),
        (["ask", "hi", "--at", "yesterday"], "at"),
        (["ask", "hi", "--context", '{"intent": "A B"}'], "context"),
        (["asq"], "asq"),
    ],
)
def test_a_call_at_fault_ends_with_2_and_says_what(run: Run, words: list[str], named: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXPLAINER_CLOCK", "yesterday"),
        ("EXPLAINER_CLOCK", "9999-12-31T23:59"),
        ("EXPLAINER_PORT", "abc"),
        ("EXPLAINER_FACTS", "/nonexistent/facts"),
        ("EXPLAINER_RESPONSES", "/nonexistent/responses"),
        ("TELEGRAM_BOT_TOKEN_FILE", "/nonexistent/token"),
    ],
)
def test_a_wrong_variable_is_one_sentence_that_names_it(run: Run, name: str, value: str) -> None:
    done = run("ask", "hi", **{name: value})
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"explainer: {name}: ")
    assert sentence.endswith(".")


def test_a_set_clock_answers_as_of_then(run: Run) -> None:
    done = run("ask", "when is the vote?", "--as", "json", EXPLAINER_CLOCK="2025-11-06T08:00")
    answer = json.loads(done.stdout)
    assert answer["at"].startswith("2025-11-06T08:00:")
    assert "Today" in answer["text"]


def test_help_names_the_commands(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("run", "chat", "ask", "check"):
        assert command in done.stdout
    assert "--articles" in run("check", "--help").stdout
