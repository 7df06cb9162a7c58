"""Codes of buttons: short, stable for ever, and never shared."""

import re

import pytest

from bot.conversation.codes import TurnCodes
from bot.core.errors import ContentError
from bot.core.messages import Turn

VOTE = Turn("when_is_the_vote")
TERM = Turn("what_is", "term:287g")


def test_codes_stay_as_they_were_when_they_were_first_sent() -> None:
    codes = TurnCodes([VOTE, TERM], {})
    assert (codes.code(VOTE), codes.code(TERM)) == (TurnCodes([], {}).code(VOTE), TurnCodes([TERM], {}).code(TERM))
    assert codes.code(VOTE) == "P7JEMIy4Lq_F"
    assert codes.code(TERM) == "DkFujynrPZSg"


def test_codes_fit_a_button_and_a_link() -> None:
    codes = TurnCodes([], {})
    turns = [Turn("what_is", f"term:{'x' * 59}{number % 10}") for number in range(10)]
    found = {codes.code(turn) for turn in turns}
    assert len(found) == 10
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{12}", code) for code in found)


def test_an_old_code_of_a_turn_that_is_gone_leads_nowhere() -> None:
    codes = TurnCodes([VOTE], {"vote": VOTE})
    assert codes.turn(codes.code(VOTE)) == codes.turn("vote") == VOTE
    for code in (codes.code(TERM), "", "no such code", "💥", codes.code(VOTE)[:-1]):
        assert codes.turn(code) is None


def test_two_turns_under_one_code_are_refused() -> None:
    with pytest.raises(ContentError, match="share the code"):
        TurnCodes([VOTE], {TurnCodes([], {}).code(VOTE): TERM})
