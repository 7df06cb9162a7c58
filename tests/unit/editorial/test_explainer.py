"""A content read anew: served by the same clock where it is sound, refused with its findings where it is not."""

import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.clock import FixedClock
from bot.core.messages import Incoming, Turn
from bot.editorial.content import FaultyContentError, load_content
from bot.editorial.explainer import Explainer, Places, open_explainer, renew
from bot.editorial.version import version_of
from bot.factbase.quotes import LOCK_NAME
from bot.platforms.plaintext import to_text
from bot.understanding import training

NOON = datetime(2025, 11, 5, 12, tzinfo=ZoneInfo("America/Chicago"))
QUESTIONS = "when_is_the_vote:\n  - when is the vote\nnot_covered:\n  - what is the weather\n"


@pytest.fixture
def places(write_pack: Callable[..., Path], articles: Path, responses_folder: Path, tmp_path: Path) -> Places:
    """The small pack with its quotations proven, and words to edit."""
    words = Path(shutil.copytree(responses_folder, tmp_path / "responses"))
    pack = write_pack()
    (pack / "questions").mkdir()
    quotes = load_content(pack, words, lambda _: NOON, articles).quotes
    assert quotes is not None
    assert quotes.lock
    (pack / LOCK_NAME).write_text(quotes.lock, "utf-8")
    return Places(pack, words, tmp_path / "cache")


@pytest.fixture
def served(places: Places) -> Explainer:
    return open_explainer(places, lambda _: FixedClock(NOON))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def told(explainer: Explainer) -> str:
    return to_text(explainer.conversation.answer(Incoming(turn=Turn("when_is_the_vote"), lang="en")).html)


def test_corrected_date_is_told_by_the_same_clock(places: Places, served: Explainer) -> None:
    change(places.pack / "decisions.yaml", "when: 2025-11-06T09:00", "when: 2025-11-06T10:30")
    renewed = renew(served, places)
    assert "9:00" in told(served)
    assert "10:30" in told(renewed)
    assert renewed.clock is served.clock
    assert renewed.version != served.version
    assert renewed.label(Turn("what_is", "term:girder"), "en") == "What is girder?"


def test_changed_words_are_told(places: Places, served: Explainer) -> None:
    (places.responses / "when_is_the_vote.html.j2").write_text("<p>Other words.</p>", "utf-8")
    assert told(renew(served, places)) == "Other words."


@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        ("topic.yaml", "id: old-bridge", "id: new-bridge", "topic.yaml:1: id: "),
        ("topic.yaml", "zone: America/Chicago", "zone: America/Denver", "topic.yaml:1: zone: "),
        ("decisions.yaml", "2025-11-06T09:00", "2025-11-31T09:00", "decisions.yaml:"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_place(
    places: Places, served: Explainer, file: str, old: str, new: str, where: str
) -> None:
    change(places.pack / file, old, new)
    with pytest.raises(FaultyContentError) as refused:
        renew(served, places)
    assert any(where in str(finding) for finding in refused.value.findings)


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("{of: person:nobody, asked: [who said so]}", "of: there is no 'person:nobody'"),
        ("{of: term:girder, asked: [who said so]}", "of: who_said_what is not asked of a term"),
    ],
)
def test_question_of_what_the_pack_does_not_have_is_refused_at_its_line(
    places: Places, served: Explainer, item: str, problem: str
) -> None:
    (places.pack / "questions" / "en.yaml").write_text(f"who_said_what:\n  - who said what\n  - {item}\n", "utf-8")
    with pytest.raises(FaultyContentError) as refused:
        renew(served, places)
    assert f"en.yaml:3: who_said_what: {problem}" in str(refused.value)


def test_template_that_asks_in_vain_is_refused_before_a_reader_comes_upon_it(places: Places, served: Explainer) -> None:
    (places.responses / "sources.html.j2").write_text("<p>x</p>\n<p>{{ facts.none }}</p>", "utf-8")
    with pytest.raises(FaultyContentError) as refused:
        renew(served, places)
    assert "sources.html.j2:2: " in str(refused.value)


def test_new_questions_are_known_to_be_unlearnt(places: Places, served: Explainer) -> None:
    (places.pack / "questions" / "en.yaml").write_text(QUESTIONS, "utf-8")
    renewed = renew(served, places)
    assert renewed.is_learning()
    assert renewed.interpreter is not served.interpreter
    assert renewed.conversation.answer(Incoming("when is the vote")).intent == "when_is_the_vote"


@pytest.mark.parametrize(("is_served", "began", "status"), [(True, 2, "ready"), (False, 1, "examples")])
def test_learning_that_was_ended_is_tried_again_while_it_is_wanted(
    places: Places, monkeypatch: pytest.MonkeyPatch, is_served: bool, began: int, status: str
) -> None:
    (places.pack / "questions" / "en.yaml").write_text(QUESTIONS, "utf-8")
    commands, learnt = [[sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]], training._command

    def command(*given: Any) -> list[str]:
        begun.append(given)
        return commands.pop() if commands else learnt(*given)

    begun: list[object] = []
    monkeypatch.setattr(training, "_command", command)
    explainer = open_explainer(places, lambda _: FixedClock(NOON))
    explainer.learn(lambda: is_served, pauses=(0, 0))
    assert (len(begun), explainer.interpreter.status()) == (began, status)


def test_version_names_the_bytes_of_what_is_served(places: Places) -> None:
    folders = (places.pack, places.responses)
    first = version_of(folders)
    (places.pack / ".draft").write_text("x", "utf-8")
    assert version_of(folders) == first
    change(places.responses / "phrases.yaml", "Back", "back")
    second = version_of(folders)
    (places.pack / "questions" / "es.yaml").write_text("", "utf-8")
    assert len({first, second, version_of(folders)}) == 3
