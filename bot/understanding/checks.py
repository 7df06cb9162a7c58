"""What an editor should know of the example questions: too few, too alike, or not understood by the trained model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.core.findings import Finding, Level
from bot.core.wording import counted
from bot.factbase.questions import Question
from bot.understanding.model import Model
from bot.understanding.reading import Reading
from bot.understanding.tfidf import Embeddings

FEWEST_ANGLES = 12  # questions of an intent and language that are not paraphrases of one another
TWINS = 0.97  # cosine of two questions of different intents, from which a reader cannot tell them apart
BLOCK = 512  # questions that are looked at together
MOST_SHOWN = 40  # findings of a kind; the worst come first


def check_understanding(
    pack: Path,
    questions: Sequence[Question],
    readings: Sequence[Reading],
    embeddings: Embeddings | None,
    model: Model,
) -> list[Finding]:
    """Warnings about the questions in the folder `pack`, at their lines; `readings`, `embeddings`, None without an
    encoder, and `model` are made of them."""
    return sorted(
        [
            *_few_angles(pack, questions),
            *_twins(pack, questions, readings, embeddings),
            *_misunderstood(pack, questions, readings, embeddings, model),
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


def _twins(
    pack: Path, questions: Sequence[Question], readings: Sequence[Reading], embeddings: Embeddings | None
) -> list[Finding]:
    """Questions of two intents that are the same to the model: alike in meaning, or in every word."""
    first: dict[tuple[str, ...], Question] = {}
    found: list[tuple[float, Finding]] = []
    for question, reading in zip(questions, readings, strict=True):
        other = first.setdefault(tuple(sorted(reading.words)) or (question.text,), question)
        if other.intent != question.intent:
            found.append((-np.inf, _twin(pack, question, other)))
    if embeddings is not None:
        intents, points = np.array([question.intent for question in questions]), embeddings.astype(np.float32)
        for start in range(0, len(questions), BLOCK):
            likeness = points[start : start + BLOCK] @ points[: start + BLOCK].T
            likeness[intents[start : start + BLOCK, None] == intents[: start + BLOCK]] = 0
            likeness = np.tril(likeness, start - 1)  # each with those before it
            found += [
                (-float(near[at]), _twin(pack, questions[start + row], questions[int(at)]))
                for row, (near, at) in enumerate(zip(likeness, likeness.argmax(axis=1), strict=True))
                if near[at] >= TWINS
            ]
    return list(dict.fromkeys(finding for _, finding in sorted(found)))[:MOST_SHOWN]


def _twin(pack: Path, question: Question, other: Question) -> Finding:
    problem = f"{question.text!r} is nearly {other.text!r} under {other.intent} ({other.lang}.yaml:{other.line})"
    return _warning(pack, question, problem, "keep the one that fits, or word them apart")


def _misunderstood(
    pack: Path,
    questions: Sequence[Question],
    readings: Sequence[Reading],
    embeddings: Embeddings | None,
    model: Model,
) -> list[Finding]:
    """Questions that the model takes for something else though it learnt them: others contradict them."""
    wrong: list[tuple[float, Finding]] = []
    for start in range(0, len(questions), BLOCK):
        some = slice(start, start + BLOCK)
        chances = model.chances(readings[some], None if embeddings is None else embeddings[some])
        for question, row in zip(questions[some], chances, strict=True):
            taken = model.labels[int(row.argmax())]
            if taken != question.intent:
                problem = f"{question.text!r} is taken for {taken} ({row.max():.0%}), as others like it are"
                remedy = "move it, drop it, or write more questions like it"
                wrong.append((-float(row.max()), _warning(pack, question, problem, remedy)))
    return [finding for _, finding in sorted(wrong)][:MOST_SHOWN]
