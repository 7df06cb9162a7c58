"""Joins an intent with whom or what it is asked of: from the message, its quotation, or the turn before."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from bot.core.messages import Turn
from bot.understanding.entities import DETERMINERS, Mention
from bot.understanding.gates import Rules
from bot.understanding.normalisation import folded
from bot.understanding.phrases import Phrases
from bot.understanding.reading import Reading

SAYING, STANDING, EXPLAINING, QUOTING = "what_did_they_say", "where_they_stand", "what_is", "who_said_what"
PREFERRED = {EXPLAINING: ("term", "person", "org")}
KINDS = ("person", "org", "term")
FEWEST_QUOTED = 3  # words in a row that are surely a quotation, whatever the embeddings say
MOST_BETWEEN = 3  # words between somebody and what is said


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a short message asks in view of the turn before; several turns where it may ask each."""

    turns: tuple[Turn, ...]
    sure: bool


class Linker:
    """`kinds` are the kinds of entity that each intent takes, `subjects` what others speak of: they are asked of where
    nobody else is named."""

    def __init__(
        self, phrases: Phrases, kinds: Mapping[str, Sequence[str]], rules: Rules, subjects: Iterable[str]
    ) -> None:
        self._phrases = phrases
        self._kinds = kinds
        self._subjects = frozenset(subjects)
        self._linking = sorted((tuple(folded(words).split()) for words in rules.linking), key=len, reverse=True)
        self._pronouns = frozenset(folded(word) for word in rules.pronouns)
        self._reasons = frozenset(folded(words) for words in rules.reasons)
        self._asking = frozenset(map(folded, rules.asking))
        self._speaking = frozenset(map(folded, rules.speaking))
        self._between = frozenset(map(folded, rules.between))
        self._who = frozenset(map(folded, rules.who))

    def entity(self, intent: str, reading: Reading, context: Turn | None) -> str | None:
        """The entity that the message asks of, among the kinds that `intent` takes; None where it names none."""
        kinds = self._kinds.get(intent, ())
        if not kinds:
            return None
        if intent == QUOTING:
            return next(iter(self._phrases.quoted(reading.words) or self._phrases.quoted(reading.raw)), None)
        fitting = [(entity, one) for one in reading.mentions if (entity := self.fitting(one, intent))]
        if fitting:
            rank = self._explained if intent == EXPLAINING else self._asked
            return min(fitting, key=lambda pair: rank(pair[0], pair[1], reading.words))[0]
        if context and context.entity and self._takes(intent, context.entity) and self._pronouns & set(reading.words):
            return context.entity
        return None

    def _explained(self, entity: str, _: Mention, words: Sequence[str]) -> tuple[bool, bool]:
        """The less, the likelier it is that the words ask what this is: a term rather than who speaks of it, and of two
        terms the narrower one; but a person where they ask who."""
        is_other = entity.startswith("person:") != bool(self._who.intersection(words))
        return is_other, entity in self._subjects

    def _asked(self, entity: str, mention: Mention, words: Sequence[str]) -> tuple[bool, bool]:
        """The less, the likelier it is that the words ask what this one says: "what did … say"."""
        before, after = reversed(words[: mention.start]), words[mention.end :]
        is_asked = self._is_beside(self._asking, before) or self._is_beside(self._speaking, after)
        return not is_asked, entity in self._subjects

    def _is_beside(self, wanted: Set[str], words: Iterable[str]) -> bool:
        """Whether the first of the words, but for some in between, is wanted."""
        near = islice(words, MOST_BETWEEN + 1)
        return next((word in wanted for word in near if word in wanted or word not in self._between), False)

    def quoted(self, reading: Reading) -> str | None:
        """The first speaker of a quotation of which the message has several words in a row; None where it has none."""
        phrase = self._phrases.phrase
        return next(iter(phrase(reading.words, FEWEST_QUOTED) or phrase(reading.raw, FEWEST_QUOTED)), None)

    def follow_up(self, reading: Reading, context: Turn | None) -> FollowUp | None:
        """What a bare name, a bare pronoun or a bare "why?" asks; None for any other message."""
        if " ".join(reading.words) in self._reasons:
            named = context and context.entity and self._takes(SAYING, context.entity)
            return FollowUp((Turn(SAYING, context.entity),), sure=True) if context and named else None
        rest, at = self._unlinked(reading.words)
        bare = [word for word in rest if word not in DETERMINERS]
        if (
            context
            and context.entity
            and bare
            and set(bare) <= self._pronouns
            and at + len(rest) == len(reading.words)
            and at
        ):
            intent = context.intent if self._takes(context.intent, context.entity) else SAYING
            return FollowUp((Turn(intent, context.entity),), sure=True)
        mention = self._only_mention(reading, at)
        return self._asked_of(mention, context) if mention else None

    def _asked_of(self, mention: Mention, context: Turn | None) -> FollowUp:
        if context and self._kinds.get(context.intent) and (entity := self.fitting(mention, context.intent)):
            return FollowUp((Turn(context.intent, entity),), sure=True)
        if "term" in mention.kinds():
            return FollowUp((Turn(EXPLAINING, self.fitting(mention, EXPLAINING)),), sure=True)
        intents = (SAYING, STANDING, EXPLAINING)
        return FollowUp(tuple(Turn(intent, self.fitting(mention, intent)) for intent in intents), sure=False)

    def _only_mention(self, reading: Reading, at: int) -> Mention | None:
        inside = [mention for mention in reading.mentions if mention.end > at]
        if len(inside) != 1:
            return None
        outside = [
            word
            for place, word in enumerate(reading.words)
            if place >= at and not inside[0].start <= place < inside[0].end
        ]
        return inside[0] if set(outside) <= DETERMINERS else None

    def _unlinked(self, words: Sequence[str]) -> tuple[Sequence[str], int]:
        at = 0
        while found := next((link for link in self._linking if tuple(words[at : at + len(link)]) == link), None):
            at += len(found)
        return words[at:], at

    def fitting(self, mention: Mention, intent: str) -> str | None:
        """The entity among those that a mention can stand for which `intent` takes; None where there is none."""
        for kind in PREFERRED.get(intent, KINDS):
            for entity in mention.ids:
                if entity.partition(":")[0] == kind and self._takes(intent, entity):
                    return entity
        return None

    def _takes(self, intent: str, entity: str) -> bool:
        return entity.partition(":")[0] in self._kinds.get(intent, ())
