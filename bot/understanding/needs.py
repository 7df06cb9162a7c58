"""Weighs a need that one sentence of a message tells of against what the whole message says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.ports import Understanding
from bot.understanding.calibration import STRAY
from bot.understanding.decision import DISTRESS, FIRM, MOST_OFFERED


@dataclass(frozen=True, slots=True)
class Need:
    """What one sentence tells of; `is_sure` where a rule or the whole message says so, too. `likely` is the probability
    of any need, 1 where a rule tells it."""

    is_sure: bool
    likely: float
    understood: Understanding


def foremost(whole: Understanding, needs: Sequence[Need]) -> Understanding:
    """What to tell of needs in single sentences. One that a sentence alone tells of, and neither a rule nor the whole
    message, may only be the way to a question: both are offered."""
    told = whole.turn.intent if whole.outcome == "refuse" else None
    first = max(needs, key=lambda one: (one.is_sure, one.likely, one.understood.turn.intent == DISTRESS))
    if told in FIRM and not (first.is_sure and first.understood.turn.intent == DISTRESS):
        return whole
    if first.is_sure or told == STRAY:
        return first.understood
    likeliest = (whole.candidates if whole.outcome == "confirm" else (whole.turn,))[: MOST_OFFERED - 1]
    return replace(whole, outcome="confirm", candidates=tuple(dict.fromkeys((*likeliest, first.understood.turn))))
