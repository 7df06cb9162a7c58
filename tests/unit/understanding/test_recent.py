"""What the latest messages were taken for: found again without the messages, and forgotten with what told it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.messages import Turn
from bot.core.ports import Understanding
from bot.understanding.encoder import SentenceEncoder
from bot.understanding.pack_interpreter import PackInterpreter
from bot.understanding.recent import Recent
from tests.unit.understanding.conftest import PART
from tests.unit.understanding.packs import dallas

Hear = Callable[..., Understanding]


@pytest.fixture
def heard() -> list[str]:
    """The texts that had to be understood, one after another."""
    return []


@pytest.fixture
def hear(heard: list[str]) -> Hear:
    """Asks for a text among the latest two, which are understood one by one."""
    recent = Recent(most=2)

    def understood(text: str, context: Turn | None = None) -> Understanding:
        def understand() -> Understanding:
            heard.append(text)
            return Understanding(Turn(f"heard_{len(heard)}"), "answer", 1.0)

        return recent.understood(text, context, understand)

    return understood


def test_text_is_understood_once(hear: Hear, heard: list[str]) -> None:
    assert hear("when?") is hear("when?")
    assert heard == ["when?"]


def test_follow_up_is_another_question(hear: Hear, heard: list[str]) -> None:
    contexts = (None, Turn("what_is"), Turn("what_is", "term:287g"), None)
    assert len({hear("and that?", context).turn for context in contexts[:3]}) == 3
    assert heard == ["and that?"] * 3


@pytest.mark.parametrize(("one", "other"), [("", " "), ("a", "A"), ("\ud800", "\udfff"), ("\ud800", "\\ud800")])
def test_texts_that_differ_are_not_confused(hear: Hear, one: str, other: str) -> None:
    assert hear(one) is not hear(other)


def test_oldest_of_the_texts_is_forgotten(hear: Hear, heard: list[str]) -> None:
    for text in ("a", "b", "a", "c", "a", "b"):
        hear(text)
    assert heard == ["a", "b", "c", "b"]


def test_no_text_can_be_found_in_what_is_kept() -> None:
    one, other = Recent(), Recent()
    for recent in (one, other):
        recent.understood("Xochitl", Turn("what_is", "person:xochitl"), lambda: Understanding(Turn("x"), "answer", 1.0))
    assert "ochitl" not in repr(vars(one)).casefold()
    assert not one._kept.keys() & other._kept.keys()


def test_failure_is_not_kept() -> None:
    recent, failing = Recent(), Understanding(Turn("x"), "answer", 1.0)

    def fail() -> Understanding:
        raise MemoryError

    with pytest.raises(MemoryError):
        recent.understood("a", None, fail)
    assert recent.understood("a", None, lambda: failing) is failing


def test_better_equipped_interpreter_understands_anew(cache: Path, encoder: SentenceEncoder) -> None:
    interpreter = PackInterpreter(dallas(PART), cache, lambda: encoder)
    before = interpreter.understand("who decides")
    assert interpreter.understand("who decides") is before
    assert interpreter.warm() == "ready"
    after = interpreter.understand("who decides")
    assert after is not before
    assert interpreter.understand("who decides") is after
    assert interpreter.explain("who decides").understanding == after
