"""What an editor should know of the example questions: too few, too alike, or not understood by the trained model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.core.findings import Finding, Level
from bot.factbase.questions import Question
from bot.understanding.model import Model
from bot.understanding.reading import Reading

FEWEST_ANGLES = 12  # questions of an intent and language that are not paraphrases of one another
TWINS = 0.97  # cosine of two questions of different intents, from which a reader cannot tell them apart
SURELY_WRONG = 0.8  # probability of another intent from which a question is reported
MOST_SHOWN = 40  # findings of a kind; the worst come first


def check_understanding(
    pack: Path, questions: Sequence[Question], readings: Sequence[Reading], model: Model
) -> list[Finding]:
    """Warnings about the questions in the folder `pack`, at their lines; `readings` and `model` are made of them."""
    return sorted(
        [
            *_few_angles(pack, questions),
            *_twins(pack, questions, readings, model),
            *_misunderstood(pack, questions, model),
        ]
    )


def _warning(pack: Path, question: Question, problem: str, remedy: str) -> Finding:
    file = str(pack / "questions" / f"{question.lang}.yaml")
    return Finding(file, question.line, question.intent, problem, remedy, Level.WARNING)


def _few_angles(pack: Path, questions: Sequence[Question]) -> list[Finding]:
    groups: dict[tuple[str, str], set[int]] = {}
    for question in questions:
        groups.setdefault((question.intent, question.lang), set()).add(question.group)
    firsts = {(question.intent, question.lang): question for question in reversed(questions)}
    return [
        _warning(
            pack,
            firsts[key],
            f"only {len(found)} questions that are not paraphrases",
            f"write at least {FEWEST_ANGLES}",
        )
        for key, found in groups.items()
        if len(found) < FEWEST_ANGLES
    ]


def _twins(pack: Path, questions: Sequence[Question], readings: Sequence[Reading], model: Model) -> list[Finding]:
    """Questions of two intents that are the same to the model: alike in meaning, or in every word."""
    first: dict[tuple[str, ...], Question] = {}
    found: list[Finding] = []
    for question, reading in zip(questions, readings, strict=True):
        other = first.setdefault(tuple(sorted(reading.words)) or (question.text,), question)
        if other.intent != question.intent:
            found.append(_twin(pack, question, other))
    ridge, kept = model.heads.ridge, model.heads.kept
    if ridge is not None:
        intents = np.array([questions[at].intent for at in kept])
        for row, at in enumerate(kept.tolist()):
            likeness = ridge.examples[:row] @ ridge.examples[row]
            likeness[intents[:row] == intents[row]] = 0
            if row and likeness.max() >= TWINS:
                found.append(_twin(pack, questions[at], questions[int(kept[int(likeness.argmax())])]))
    return list(dict.fromkeys(found))[:MOST_SHOWN]


def _twin(pack: Path, question: Question, other: Question) -> Finding:
    problem = f"{question.text!r} is nearly {other.text!r} under {other.intent} ({other.lang}.yaml:{other.line})"
    return _warning(pack, question, problem, "keep the one that fits, or word them apart")


def _misunderstood(pack: Path, questions: Sequence[Question], model: Model) -> list[Finding]:
    places = {label: place for place, label in enumerate(model.labels)}
    wrong: list[tuple[float, Finding]] = []
    for question, chances in zip(questions, model.unseen, strict=True):
        best = int(chances.argmax())
        if best != places[question.intent] and chances[best] >= SURELY_WRONG:
            problem = f"without it, {question.text!r} is taken for {model.labels[best]} ({chances[best]:.0%})"
            wrong.append(
                (-float(chances[best]), _warning(pack, question, problem, "move it, or write more questions like it"))
            )
    return [finding for _, finding in sorted(wrong)][:MOST_SHOWN]
