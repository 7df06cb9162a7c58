"""The interpreter's first form: the nearest example questions decide, and refuse where none is near."""

from collections.abc import Mapping, Sequence

from bot.core.messages import Turn
from bot.core.ports import Understanding
from bot.factbase.models import Organisation, Person, Term
from bot.factbase.questions import Question
from bot.understanding.names import Names
from bot.understanding.similarity import Similarity, best_by_label
from bot.understanding.words import folded

ANSWER_AT, MARGIN, OFFER_AT = 0.5, 0.06, 0.2
REFUSALS = frozenset({"in_distress", "legal_advice", "other_place", "opinion", "prediction", "not_covered"})
NOTHING = Understanding(Turn("not_covered"), "refuse", 1.0)


class NearestQuestions:
    """Understands by similarity to `questions`; `kinds` are the kinds of entity that each intent takes."""

    def __init__(
        self,
        questions: Sequence[Question],
        entities: Mapping[str, Person | Organisation | Term],
        kinds: Mapping[str, Sequence[str]],
    ) -> None:
        self._questions = questions
        self._kinds = kinds
        self._names = Names(entities)
        self._similarity = Similarity([question.text for question in questions])
        self._intents = [question.intent for question in questions]

    def understand(self, text: str, context: Turn | None = None) -> Understanding:
        """See `bot.core.ports.Interpreter`."""
        if not folded(text) or not self._questions:
            return NOTHING
        scores = self._similarity.scores(text)
        ranked = list(best_by_label(scores, self._intents).items())
        lang = self._questions[int(scores.argmax())].lang if float(scores.max()) > OFFER_AT else None
        found = self._names.find(text)
        (intent, best), (_, second) = ranked[0], ranked[1]
        if intent in REFUSALS or best < OFFER_AT:
            return Understanding(Turn(intent if best >= OFFER_AT else "not_covered"), "refuse", best, lang)
        if best >= ANSWER_AT or best - second >= MARGIN:
            return Understanding(self._turn(intent, found), "answer", best, lang)
        offered = tuple(self._turn(name, found) for name, _ in ranked[:3] if name not in REFUSALS)
        return Understanding(offered[0], "confirm", best, lang, offered)

    def _turn(self, intent: str, found: Sequence[str]) -> Turn:
        fitting = [entity for entity in found if entity.partition(":")[0] in self._kinds.get(intent, ())]
        return Turn(intent, fitting[0] if fitting else None)
