"""What an editor should know of the example questions: too few, too alike, or not understood by the trained model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.core.findings import Finding, Level
from bot.core.wording import counted
from bot.factbase.questions import Question
from bot.understanding.model import Model
from bot.understanding.reading import Reading

FEWEST_ANGLES = 12  # questions of an intent and language that are not paraphrases of one another
TWINS = 0.97  # cosine of two questions of different intents, from which a reader cannot tell them apart
BLOCK = 512  # questions that are looked at together
MOST_SHOWN = 40  # findings of a kind; the worst come first


def check_understanding(
    pack: Path, questions: Sequence[Question], readings: Sequence[Reading], model: Model
) -> list[Finding]:
    """Warnings about the questions in the folder `pack`, at their lines; `readings` and `model` are made of them."""
    return sorted(
        [
            *_few_angles(pack, questions),
            *_twins(pack, questions, readings, model),
            *_misunderstood(pack, questions, readings, model),
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
            f"only {counted(len(found), 'question')} that are not paraphrases",
            f"write at least {FEWEST_ANGLES}",
        )
        for key, found in groups.items()
        if len(found) < FEWEST_ANGLES
    ]


def _twins(pack: Path, questions: Sequence[Question], readings: Sequence[Reading], model: Model) -> list[Finding]:
    """Questions of two intents that are the same to the model: alike in meaning, or in every word."""
    first: dict[tuple[str, ...], Question] = {}
    found: list[tuple[float, Finding]] = []
    for question, reading in zip(questions, readings, strict=True):
        other = first.setdefault(tuple(sorted(reading.words)) or (question.text,), question)
        if other.intent != question.intent:
            found.append((-np.inf, _twin(pack, question, other)))
    ridge, kept = model.heads.ridge, model.heads.kept
    if ridge is not None:
        intents = np.array([questions[at].intent for at in kept])
        for start in range(0, len(kept), BLOCK):
            likeness = ridge.examples[start : start + BLOCK] @ ridge.examples[: start + BLOCK].T
            likeness[intents[start : start + BLOCK, None] == intents[: start + BLOCK]] = 0
            likeness = np.tril(likeness, start - 1)  # each with those before it
            found += [
                (-float(near[at]), _twin(pack, questions[int(kept[start + row])], questions[int(kept[at])]))
                for row, (near, at) in enumerate(zip(likeness, likeness.argmax(axis=1), strict=True))
                if near[at] >= TWINS
            ]
    return list(dict.fromkeys(finding for _, finding in sorted(found)))[:MOST_SHOWN]


def _twin(pack: Path, question: Question, other: Question) -> Finding:
    problem = f"{question.text!r} is nearly {other.text!r} under {other.intent} ({other.lang}.yaml:{other.line})"
    return _warning(pack, question, problem, "keep the one that fits, or word them apart")


def _misunderstood(
    pack: Path, questions: Sequence[Question], readings: Sequence[Reading], model: Model
) -> list[Finding]:
    """Questions that the model takes for something else though it learnt them: others contradict them."""
    ridge, kept = model.heads.ridge, model.heads.kept
    looked_at = np.arange(len(questions)) if ridge is None else kept
    wrong: list[tuple[float, Finding]] = []
    for start in range(0, len(looked_at), BLOCK):
        places = looked_at[start : start + BLOCK]
        likeness = None if ridge is None else ridge.examples[start : start + BLOCK] @ ridge.examples.T
        chances = model.chances([readings[at] for at in places.tolist()], likeness)
        for at, row in zip(places.tolist(), chances, strict=True):
            taken = model.labels[int(row.argmax())]
            if taken != questions[at].intent:
                problem = f"{questions[at].text!r} is taken for {taken} ({row.max():.0%}), as others like it are"
                remedy = "move it, drop it, or write more questions like it"
                wrong.append((-float(row.max()), _warning(pack, questions[at], problem, remedy)))
    return [finding for _, finding in sorted(wrong)][:MOST_SHOWN]
