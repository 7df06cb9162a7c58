"""What an interpreter is made of, and the name of what can be learnt from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.factbase.models import Person, Statement
from bot.factbase.questions import Question
from bot.understanding.entities import Entity
from bot.understanding.gates import Gates
from bot.understanding.phrases import told_by
from bot.understanding.store import digest

VERSION = "25"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What an interpreter is made of. `kinds` are the kinds of entity that each intent takes, `places` those that the
    pack says are not its own, `subjects` what everybody speaks of, the pack's main term first."""

    questions: Sequence[Question]
    entities: Mapping[str, Entity]
    statements: Sequence[Statement]
    kinds: Mapping[str, Sequence[str]]
    gates: Gates
    places: Sequence[str]
    subjects: Sequence[str]


def lessons_key(knowledge: Knowledge) -> str:
    """A hash of all that the lessons of this knowledge are read from, and of nothing else: a new date, say, is no
    reason to learn again."""
    return digest(_parts(knowledge))


def usage_key(knowledge: Knowledge, lessons: str) -> str:
    """A hash of all that the usage is made of: the key of the lessons, and what else tells it."""
    rules = knowledge.gates.rules
    return digest((lessons, repr(rules.asks_of), repr(rules.lists)))


def _parts(knowledge: Knowledge) -> Iterator[str]:
    yield VERSION
    for question in knowledge.questions:
        yield from (question.text, question.intent, question.lang, str(question.group), question.entity or "")
    for entity_id, entity in knowledge.entities.items():
        names = [entity.name, entity.surname] if isinstance(entity, Person) else entity.name.root
        yield from (entity_id, repr(names), repr(entity.aliases))
    for text, speaker in told_by(knowledge.statements, knowledge.entities):
        yield from (text, speaker)
    yield from (repr(knowledge.places), repr(knowledge.gates.rules.pictures), repr(sorted(knowledge.kinds.items())))
