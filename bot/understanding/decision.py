"""The three ways out: answer, ask back, or refuse, from calibrated probabilities and the gates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.messages import Outcome
from bot.understanding.calibration import NEEDS, STRAY, Calibration
from bot.understanding.gates import Passed

# Where two fit, the earlier counts.
REFUSALS = (*NEEDS, "other_place", "opinion", "prediction", STRAY)
DISTRESS, LEGAL = FIRM = NEEDS  # gates that no head overrules lightly
CLEARLY_LEGAL = 2  # times the probability of distress that a legal question's has, to come before it
OVERRULED_AT = 0.9  # the probability of another intent from which the heads overrule a gate
FIRM_OVERRULED_AT = 0.97  # likewise for a legal question's gate; nothing overrules that of distress
FITTING = 0.2  # of the refusals' probability that one of them must have, to count before a likelier one
OFFERED_AT = 0.04  # the probability from which an intent is offered
MOST_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """One intent to tell or, with the outcome `confirm`, several to offer, best first."""

    outcome: Outcome
    intents: tuple[str, ...]
    confidence: float


def decide(chances: Mapping[str, float], calibration: Calibration, gate: Passed | None) -> Decision:
    """Weighs calibrated `chances` by intent against the gate that the message passed, if any."""
    ranked = sorted(chances, key=lambda intent: -chances[intent])
    first = ranked[0]
    if gate and (decided := _gated(gate.intent, first, chances)):
        return decided
    if firm := _in_need(chances, calibration):
        return Decision("refuse", (firm,), chances[firm])
    kinds = [intent for intent in REFUSALS if intent != STRAY and intent in chances]
    mass = sum(chances[intent] for intent in kinds)
    if first in kinds and mass >= calibration.answer_at:
        earliest = next(intent for intent in kinds if chances[intent] >= FITTING * mass)
        return Decision("refuse", (earliest if earliest in FIRM else first,), mass)
    if first != STRAY and chances[first] >= calibration.answer_at:
        return Decision("answer", (first,), chances[first])
    if chances.get(STRAY, 0.0) >= calibration.refuse_at:
        return Decision("refuse", (STRAY,), chances[STRAY])
    return Decision("confirm", _offered(ranked, chances), chances[first])


def need_of(chances: Mapping[str, float]) -> float:
    """The probability of distress and legal questions together."""
    return sum(chances.get(intent, 0.0) for intent in NEEDS)


def _in_need(chances: Mapping[str, float], calibration: Calibration) -> str | None:
    """Distress or a legal question, told on less than any other intent: to ask back here would be to miss it."""
    distress, legal = (chances.get(intent, 0.0) for intent in FIRM)
    rival = max((chance for intent, chance in chances.items() if intent not in {*NEEDS, STRAY}), default=0.0)
    if need_of(chances) < max(calibration.need_at, rival):
        return None
    return DISTRESS if CLEARLY_LEGAL * distress >= legal else LEGAL


def _gated(intent: str, first: str, chances: Mapping[str, float]) -> Decision | None:
    """The gate's refusal, unless the heads are sure of an earlier refusal or very sure of something else."""
    if first in REFUSALS and REFUSALS.index(first) < _rank(intent) and chances[first] >= 0.5:
        return None
    limit = FIRM_OVERRULED_AT if intent in FIRM else OVERRULED_AT
    if first != intent and chances[first] >= limit and intent != DISTRESS:
        return None
    return Decision(
        "refuse" if intent in REFUSALS else "answer", (intent,), max(chances.get(intent, 0.0), OVERRULED_AT)
    )


def _rank(intent: str) -> int:
    return REFUSALS.index(intent) if intent in REFUSALS else len(REFUSALS)


def _offered(ranked: Sequence[str], chances: Mapping[str, float]) -> tuple[str, ...]:
    fitting = [intent for intent in ranked if intent != STRAY]
    likely = [intent for intent in fitting if chances[intent] >= OFFERED_AT]
    return tuple((likely if len(likely) > 1 else fitting[:2])[:MOST_OFFERED])
