"""What the tests of the understanding are made of: the Dallas pack whole, and a part of it that trains in seconds."""

import json
from functools import cache
from pathlib import Path
from zlib import crc32

from bot.factbase.base import FactBase
from bot.factbase.loader import load_pack
from bot.factbase.questions import load_questions
from bot.phrasebook.presets import load_presets
from bot.understanding.gates import load_gates
from bot.understanding.knowledge import Knowledge

REPOSITORY = Path(__file__).resolve().parents[3]
PACK, RESPONSES = REPOSITORY / "facts" / "dallas-287g", REPOSITORY / "responses"


@cache
def dallas(every: int = 1) -> Knowledge:
    """The Dallas pack's knowledge, with one of `every` groups of example questions: always the same of those that stay,
    whatever is added to the pack."""
    pack, _ = load_pack(PACK)
    assert pack is not None
    presets, _ = load_presets(RESPONSES)
    questions, _ = load_questions(PACK, presets, pack.topic.languages)
    gates, places, findings = load_gates(RESPONSES, PACK, list(presets))
    assert gates is not None, findings
    first = {question.group: question.text for question in reversed(questions)}
    base = FactBase(pack)
    return Knowledge(
        questions=[question for question in questions if crc32(first[question.group].encode()) % every == 0],
        entities=base.entities(),
        statements=pack.statements,
        kinds={preset.id: preset.entities for preset in presets.values()},
        gates=gates,
        places=places,
        subjects=base.subjects(),
    )


def written(name: str) -> list[dict[str, str]]:
    """The messages of a file of JSON lines beside this one."""
    return [json.loads(line) for line in (Path(__file__).parent / name).read_text("utf-8").splitlines()]
