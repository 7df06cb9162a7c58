"""The commands in this process: what they print, what they end with, what they write."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.factbase.loader import load_pack
from bot.factbase.quotes import check_quotes

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(
    write_pack: Callable[..., Path], responses_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Invoke:
    """Runs a command over the small pack."""
    for name in ("EXPLAINER_CLOCK", "TELEGRAM_BOT_TOKEN", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPLAINER_FACTS", str(tmp_path / "old-bridge"))
    monkeypatch.setenv("EXPLAINER_RESPONSES", str(responses_folder))
    monkeypatch.chdir(tmp_path)
    write_pack()

    def run(*words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=given)

    return run


@pytest.fixture
def locked(invoke: Invoke, articles: Path, tmp_path: Path) -> None:
    """The small pack with its lock, so that it can be served."""
    pack, _ = load_pack(tmp_path / "old-bridge")
    assert pack is not None
    (tmp_path / "old-bridge" / "quotes.lock").write_text(check_quotes(pack, articles).lock or "")


@pytest.fixture
def proven(invoke: Invoke, articles: Path) -> Result:
    """The small pack with its lock written."""
    return invoke("check", "--articles", str(articles), "--at", "2025-12-01T12:00")


def test_a_check_with_the_articles_writes_the_lock_and_says_so(proven: Result, tmp_path: Path) -> None:
    assert proven.exit_code == 0, proven.output
    assert "3 quoted passages stand letter for letter in their articles; quotes.lock written" in proven.output
    assert json.loads((tmp_path / "old-bridge" / "quotes.lock").read_text())["quotes"]
    assert "warning: no questions in 'en'" in proven.output


def test_findings_name_files_as_a_person_in_this_folder_would(invoke: Invoke) -> None:
    result = invoke("check")
    assert result.exit_code == 1
    assert result.output.startswith("old-bridge/questions/en.yaml:1: warning: ")
    assert "old-bridge/quotes.lock:1: no proof of the quotations" in result.output


def test_a_lock_that_is_no_file_is_a_finding(invoke: Invoke, articles: Path, tmp_path: Path) -> None:
    (tmp_path / "old-bridge" / "quotes.lock").mkdir()
    result = invoke("check", "--articles", str(articles), "--at", "2025-12-01T12:00")
    assert result.exit_code == 1
    assert "old-bridge/quotes.lock:1: " in result.output
    assert "old-bridge: 1 error, " in result.output


def test_one_proven_passage_is_singular(invoke: Invoke, write_pack: Callable[..., Path], articles: Path) -> None:
    alone = "- {id: lee-silent, by: lee, quote: No comment., translation: {es: Sin comentarios.}, sources: [paper]}\n"
    write_pack(files={"statements.yaml": alone})
    result = invoke("check", "--articles", str(articles), "--at", "2025-12-01T12:00")
    assert "1 quoted passage stands letter for letter in its article; quotes.lock written" in result.output, (
        result.output
    )


def test_a_pack_with_errors_is_refused_with_at_most_twenty_of_them(
    invoke: Invoke, write_pack: Callable[..., Path]
) -> None:
    wrong = "".join(f"- {{id: s{number}, by: nobody, quote: x, sources: [paper]}}\n" for number in range(30))
    write_pack(files={"statements.yaml": wrong})
    result = invoke("ask", "hi")
    assert result.exit_code == 1
    assert result.output.count("there is no 'nobody'") == 19
    assert "… and " in result.output


@pytest.mark.usefixtures("locked")
def test_an_answer_in_every_form_is_the_same_answer(invoke: Invoke) -> None:
    data = json.loads(invoke("ask", "x", "--as", "json", "--lang", "es", "--at", "2025-11-05T10:00").output)
    assert data["lang"] == "es"
    assert data["at"] == "2025-11-05T10:00:00-06:00"
    assert invoke("ask", "x", "--as", "html", "--lang", "es", "--at", "2025-11-05T10:00").output.strip() == data["html"]


@pytest.mark.usefixtures("locked")
def test_a_batch_skips_blank_lines_and_keeps_the_order(invoke: Invoke) -> None:
    result = invoke(
        "ask",
        "--batch",
        given='{"text": "a", "at": "2025-11-05T10:00"}\n\n   \nwrong\n{"text": "b", "at": "2025-11-05T11:00"}\n',
    )
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert [answer.get("at", "error")[:13] for answer in answers] == ["2025-11-05T10", "error", "2025-11-05T11"]
    assert result.exit_code == 1


@pytest.mark.usefixtures("locked")
def test_an_empty_batch_is_done_at_once(invoke: Invoke) -> None:
    result = invoke("ask", "--batch", given="")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize(
    "words",
    [
        ("ask",),
        ("ask", "x", "--batch"),
        ("ask", "x", "--lang", "fr"),
        ("ask", "x", "--at", "soon"),
        ("ask", "x", "--as", "pdf"),
        ("ask", "x", "--context", "{"),
        ("ask", "x", "--context", "[]"),
        ("ask", "x", "--at", "9999-12-31T23:59"),
        ("chat", "--lang", "fr"),
        ("check", "--at", "soon"),
        ("check", "--articles", "nowhere"),
        ("nothing",),
    ],
)
def test_a_call_at_fault_ends_with_2(invoke: Invoke, words: tuple[str, ...]) -> None:
    result = invoke(*words)
    assert result.exit_code == 2, result.output
    assert result.output.strip()


@pytest.mark.usefixtures("locked")
def test_context_is_handed_on(invoke: Invoke) -> None:
    result = invoke("ask", "x", "--context", '{"intent": "what_is", "entity": "term:girder"}', "--as", "json")
    assert result.exit_code == 0
    assert json.loads(result.output)["intent"]
