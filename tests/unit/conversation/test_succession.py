"""Who understands while the questions of a new content are being learnt."""

from bot.conversation.succession import Succession
from bot.core.messages import Turn
from bot.core.ports import Understanding


class Learner:
    """Understands all words as one turn, by a status that a test sets."""

    def __init__(self, turn: Turn, status: str, *candidates: Turn) -> None:
        self.turn, self.told, self.candidates = turn, status, candidates

    def understand(self, text: str, context: Turn | None = None) -> Understanding:  # noqa: ARG002 - the port's names
        return Understanding(self.turn, "answer", 0.5, candidates=self.candidates)

    def status(self) -> str:
        return self.told


OLD, NEW, GONE = Turn("what_is", "term:old"), Turn("what_is", "term:new"), Turn("what_is", "term:gone")


def knows(turn: Turn) -> bool:
    return turn != GONE


def test_earlier_one_stands_in_until_the_new_one_has_learnt() -> None:
    new = Learner(NEW, "examples")
    succession = Succession(Learner(OLD, "ready"), new, knows)
    assert (succession.understand("x").turn, succession.status()) == (OLD, "earlier")
    new.told = "words"
    assert (succession.understand("x").turn, succession.status()) == (NEW, "words")


def test_what_the_new_content_has_not_is_left_to_the_new_one() -> None:
    for earlier in (Learner(GONE, "ready"), Learner(OLD, "ready", NEW, GONE)):
        assert Succession(earlier, Learner(NEW, "examples"), knows).understand("x").turn == NEW


def test_one_that_has_learnt_nothing_itself_stands_in_for_nobody() -> None:
    succession = Succession(Learner(OLD, "examples"), Learner(NEW, "examples"), knows)
    assert (succession.understand("x").turn, succession.status()) == (NEW, "examples")


def test_one_that_stands_in_may_itself_have_one_that_does() -> None:
    middle = Learner(NEW, "examples")
    last = Succession(Succession(Learner(OLD, "ready"), middle, knows), Learner(GONE, "examples"), knows)
    assert last.understand("x").turn == OLD
    middle.told = "ready"
    assert last.understand("x").turn == NEW
