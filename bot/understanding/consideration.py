"""Takes one message through every step, from its reading to one of the three ways out, and notes why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from bot.core.messages import Turn
from bot.core.ports import Understanding
from bot.understanding.allusions import NOBODY, Allusion, Allusions
from bot.understanding.calibration import CAREFUL, STRAY, Calibration
from bot.understanding.decision import FIRM, REFUSALS, Decision, decide, need_of
from bot.understanding.encoder import Encoder
from bot.understanding.entities import EntityFinder
from bot.understanding.explanation import Explanation, Neighbour, Span
from bot.understanding.gates import Passed
from bot.understanding.heads import LEAST
from bot.understanding.knowledge import Knowledge, lessons_key, usage_key
from bot.understanding.linking import EXPLAINING, QUOTING, SAYING, STANDING, FollowUp, Linker
from bot.understanding.model import Lessons, Model
from bot.understanding.nearest import Nearest
from bot.understanding.needs import Need, foremost
from bot.understanding.phrases import Phrases, told_by
from bot.understanding.reading import Reader, Reading, sharing
from bot.understanding.spelling import Spelling
from bot.understanding.store import Store, kept_embeddings
from bot.understanding.tfidf import Floats
from bot.understanding.tongues import Languages
from bot.understanding.usage import Speech, Usage, load_usage

GREETING = "help"  # an intent that a second question takes precedence over
OFTEN = 3  # examples in scope with a word, from which it says nothing of a stranger
SHORT = 6  # letters, below which a word is not mended before the encoder can tell real words
COMMON = 0.01  # of all example questions, from which a word in them tells no quotation
SUPPORTED = 0.1  # the probability that the whole message gives what a sentence asks, from which that is told first
BESIDE = 0.9  # of the threshold of a need, where one sentence tells of it and others may be calm
ASKING = 0.25  # the weight of the sentence that asks, beside the whole message
CLEAR = 0.5  # the probability of what a sentence asks, below which it says nothing of the whole
AT_THE_END = 0.3  # of probability by which the last sentence may be less clear than another, and still be what asks
SURE = 0.95  # the confidence of what a rule tells
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Equipment:
    """What there is so far: no model before one is trained or found, no encoder before it is loaded."""

    model: Model | None
    encoder: Encoder | None
    status: str


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A reading with its calibrated probabilities, and its embedding of shape (dimensions,) where there is one."""

    reading: Reading
    chances: dict[str, float]
    calibration: Calibration
    embedding: Floats | None = None
    allusions: Mapping[str, Allusions] = field(default_factory=dict)

    def alluded(self, intent: str) -> str | None:
        """Whom or what the message speaks of without a name, or `NOBODY`; None where that cannot be told."""
        told = self.allusions.get(intent)
        return None if told is None or self.embedding is None else told.likeliest(self.embedding)


class Considering:
    """Everything that a message is considered with but a model and an encoder; safe to share between threads."""

    def __init__(self, knowledge: Knowledge, store: Store) -> None:
        """With what the `store` keeps of these example questions, which are all read, and kept, where it has none."""
        self._knowledge, self._store = knowledge, store
        rules, questions = knowledge.gates.rules, knowledge.questions
        names = EntityFinder(knowledge.entities)
        self.key = lessons_key(knowledge)
        in_use = usage_key(knowledge, self.key)
        known = load_usage(store, in_use)
        speech = known.speech if known else Speech.of(questions)
        common = {word for word, count in speech.counts.items() if count >= COMMON * len(questions)}
        phrases = Phrases(knowledge.statements, knowledge.entities, names.words | common)
        spelling = Spelling(speech.counts, names.words)
        self._reader = Reader(names, spelling, knowledge.places, rules.openers, rules.pictures)
        self._linker = Linker(phrases, knowledge.kinds, rules, knowledge.subjects)
        self._languages = Languages.of(speech, rules.tongues, rules.of_any_language)
        if known is None:
            known = Usage(speech, self._taught())
            known.save(store, in_use)
        self._covered = names.words | known.covered

    def _taught(self) -> frozenset[str]:
        """The words that questions in scope use: see `Usage`."""
        pairs = list(zip(self._knowledge.questions, self.lessons.readings, strict=True))
        inside = [reading.words for one, reading in pairs if one.intent not in REFUSALS]
        used = Counter(word for words in inside for word in set(words))
        asked = {word for words in inside for word in self._knowledge.gates.asked_of(words)}
        return frozenset(asked | {word for word, count in used.items() if count >= OFTEN})

    @cached_property
    def lessons(self) -> Lessons:
        """What a model learns from: all questions are read when first asked for, which takes two seconds."""
        questions = self._knowledge.questions
        held: dict[str, str] = {}
        readings = [sharing(self._reader.read(one.text, lambda _: True), held) for one in questions]
        said = [Allusion(*one) for one in told_by(self._knowledge.statements, self._knowledge.entities)]
        alluding: dict[str, list[Allusion]] = {QUOTING: said, SAYING: [], STANDING: [], EXPLAINING: []}
        for one, reading in zip(questions, readings, strict=True):
            if one.intent == EXPLAINING:
                # with the names, of which others are mishearings: what the encoder is given else has stand-ins
                alluding[EXPLAINING].append(Allusion(reading.clean, one.entity or self._named(reading)))
            elif one.intent == QUOTING or (one.intent in alluding and (one.entity or not reading.mentions)):
                alluding[one.intent].append(Allusion(reading.encoded, one.entity or NOBODY))
        for at, reading in enumerate(readings):  # nobody learns from the rest, which takes 10 MB
            readings[at] = replace(reading, clean="", mentions=(), places=())
        return Lessons(self.key, questions, readings, alluding)

    def _named(self, reading: Reading) -> str:
        """The one thing that a question for an explanation names; `NOBODY` where it names none or several."""
        named = {self._linker.fitting(mention, EXPLAINING) for mention in reading.mentions} - {None}
        return next(iter(named)) or NOBODY if len(named) == 1 else NOBODY

    def forget_lessons(self) -> None:
        """Frees some 50 MB that hardly anybody needs once there is a model; they can be read again."""
        for name in ("lessons", "_nearest", "_embeddings"):
            self.__dict__.pop(name, None)

    @cached_property
    def _embeddings(self) -> Floats | None:
        """Those of the examples, for explanations alone; None where the store does not have them."""
        kept = kept_embeddings([reading.encoded for reading in self.lessons.readings], self._store)
        self.__dict__.pop("lessons", None)
        return None if kept is None else kept.astype(np.float32)

    @cached_property
    def _nearest(self) -> Nearest:
        """Made when first needed: with heads from the cache that is only for an explanation without the encoder."""
        nearest = Nearest(self._knowledge.questions, self.lessons.readings)
        self.__dict__.pop("lessons", None)
        return nearest

    def consider(self, text: str, context: Turn | None, equipment: Equipment, *, fully: bool = False) -> Explanation:
        """The message's understanding and the reasons for it; the nearest examples only if `fully`."""
        is_word = equipment.encoder.knows if equipment.encoder else _is_short
        reading = self._reader.read(text, is_word)
        if tongue := self._languages.other(reading.clean):
            understood = Understanding(Turn("language"), "refuse", 1.0, tongue.code, sentence=tongue.sentence)
            return Explanation(understood, equipment.status, "language", sentence=tongue.sentence)
        if not reading.words or not self._knowledge.questions:
            return Explanation(Understanding(Turn(STRAY), "refuse", 1.0), equipment.status, "empty")
        reading = self._reader.without_openers(reading, is_word)
        parts = self._reader.parts(reading, is_word)
        weighed = self._weigh([reading, *(parts if len(parts) > 1 else ())], equipment)
        explained = self._explained_whole(_asking(*weighed), context, equipment.status)
        if fully:
            explained = replace(explained, nearest=self._neighbours(weighed[0]))
        if len(weighed) > 1 and explained.rule == "heads":
            explained = self._explained_parts(explained, weighed[0], weighed[1:], context)
        lang = self._languages.of_message(reading.raw)
        return replace(explained, understanding=replace(explained.understanding, lang=lang))

    def _weigh(self, readings: Sequence[Reading], equipment: Equipment) -> list[_Weighed]:
        model, encoder = equipment.model, equipment.encoder
        if model is None:
            nearest = self._nearest
            told = [nearest.chances(nearest.likeness(one)).tolist() for one in readings]
            return [
                _Weighed(one, dict(zip(nearest.labels, row, strict=True)), CAREFUL)
                for one, row in zip(readings, told, strict=True)
            ]
        embeddings = encoder.encode([one.encoded for one in readings]) if encoder else None
        chances, calibration = model.chances(readings, embeddings), model.calibration(embeddings)
        rows = [dict(zip(model.labels, row, strict=True)) for row in chances.tolist()]
        return [
            _Weighed(one, row, calibration, embedding, model.allusions)
            for one, row, embedding in zip(
                readings, rows, [None] * len(readings) if embeddings is None else embeddings, strict=True
            )
        ]

    def _explained_whole(self, weighed: _Weighed, context: Turn | None, status: str) -> Explanation:
        gate = self._gate(weighed.reading)
        decision = decide(weighed.chances, weighed.calibration, gate)
        gated = gate is not None and decision.intents == (gate.intent,)
        rule, understood = "gate" if gated else "heads", self._understood(decision, weighed, context)
        follow = None if gated else self._linker.follow_up(weighed.reading, context)
        if gate and gated and gate.option:
            understood = replace(understood, turn=Turn(gate.intent, gate.option))
        elif follow:
            rule = "follow_up"
            understood = _followed(follow)
        elif rule == "heads" and understood.turn.intent not in REFUSALS and self._asks_of_strangers(weighed.reading):
            rule, understood = "unknown", Understanding(Turn(STRAY), "refuse", SURE)
        ranked = sorted(weighed.chances.items(), key=lambda item: -item[1])[:SHOWN]
        shown = tuple((intent, round(chance, 4)) for intent, chance in ranked)
        return Explanation(
            understanding=understood, status=status, rule=rule, words=" ".join(weighed.reading.words),
            pattern=gate.pattern if gate else None, chances=shown,
            spans=_spans(weighed.reading),
        )  # fmt: skip

    def _neighbours(self, weighed: _Weighed) -> tuple[Neighbour, ...]:
        if weighed.embedding is None or self._embeddings is None:
            likeness = self._nearest.likeness(weighed.reading)
        else:
            likeness = self._embeddings @ weighed.embedding
        best = np.argsort(-likeness)[:SHOWN].tolist()
        asked = self._knowledge.questions
        return tuple(Neighbour(asked[at].text, asked[at].intent, round(float(likeness[at]), 3)) for at in best)

    def _explained_parts(
        self, whole: Explanation, message: _Weighed, parts: Sequence[_Weighed], context: Turn | None
    ) -> Explanation:
        """A need in one of the sentences comes first; where two each ask something plain, the first is answered and the
        second offered. None is told for the sake of what the whole message does not bear out."""
        gates = [self._gate(part.reading) for part in parts]
        decisions = [decide(part.chances, part.calibration, gate) for part, gate in zip(parts, gates, strict=True)]
        rules = [
            gate if gate and one.intents == (gate.intent,) else None for gate, one in zip(gates, decisions, strict=True)
        ]
        needs = [
            self._need(part, one, rule, message, context)
            for part, one, rule in zip(parts, decisions, rules, strict=True)
            if one.outcome == "refuse" and one.intents[0] in FIRM
        ]
        if needs:
            return replace(whole, understanding=foremost(whole.understanding, needs))
        plain = [
            (self._understood(one, part, context), rule or message.chances[one.intents[0]] >= SUPPORTED)
            for part, one, rule in zip(parts, decisions, rules, strict=True)
            if one.outcome != "confirm" and one.intents[0] not in {GREETING, STRAY}
        ]
        first = next((one for one, is_supported in plain if is_supported), None)
        if not first or (len({one.turn for one, _ in plain}) == 1 and whole.understanding.outcome != "confirm"):
            return whole
        others = tuple(dict.fromkeys(one.turn for one, _ in plain if one.turn != first.turn))
        return replace(whole, understanding=replace(first, candidates=others))

    def _need(
        self, part: _Weighed, decision: Decision, rule: Passed | None, message: _Weighed, context: Turn | None
    ) -> Need:
        understood = self._understood(decision, part, context)
        if rule:
            told = replace(understood, turn=Turn(rule.intent, rule.option))
            return Need(is_sure=True, likely=1.0, understood=told)
        likely, of_all = need_of(part.chances), need_of(message.chances)
        is_sure = (likely + of_all) / 2 >= BESIDE * message.calibration.need_at
        return Need(is_sure=is_sure, likely=likely, understood=understood)

    def _gate(self, reading: Reading) -> Passed | None:
        gates = self._knowledge.gates
        mended = gates.find(reading.words)
        return mended or (gates.find(reading.raw) if reading.raw != reading.words else None)

    def _asks_of_strangers(self, reading: Reading) -> bool:
        asked = set(self._knowledge.gates.asked_of(reading.words))
        named = {word for mention in reading.mentions for word in reading.words[mention.start : mention.end]}
        return bool(asked) and not asked & named and not self._covered & {word for word in asked if len(word) > 2}

    def _understood(self, decision: Decision, weighed: _Weighed, context: Turn | None) -> Understanding:
        turns = tuple(self._turn(intent, weighed, context) for intent in decision.intents)
        offered = turns if decision.outcome == "confirm" else ()
        return Understanding(turns[0], decision.outcome, round(decision.confidence, 4), None, offered)

    def _turn(self, intent: str, weighed: _Weighed, context: Turn | None) -> Turn:
        if intent == QUOTING and (speaker := weighed.alluded(QUOTING)) is not None:
            return Turn(intent, self._linker.quoted(weighed.reading) or speaker or None)
        entity = self._linker.entity(intent, weighed.reading, context) or weighed.alluded(intent) or None
        return Turn(intent, entity or (self._knowledge.subjects[0] if intent == EXPLAINING else None))


def _asking(message: _Weighed, *parts: _Weighed) -> _Weighed:
    """The message, in whose chances the sentence that asks counts for more than the story around it: of those that are
    clear by themselves the last or, where it is clearer by far, another. A need that the whole tells of stays."""
    clear = [max((chance for intent, chance in part.chances.items() if intent != STRAY), default=0) for part in parts]
    likely = {at: chance + AT_THE_END * (at == len(parts) - 1) for at, chance in enumerate(clear) if chance >= CLEAR}
    if not likely or need_of(message.chances) >= message.calibration.need_at:
        return message
    told = parts[max(likely, key=likely.__getitem__)].chances
    raised = {
        intent: max(chance, LEAST) ** (1 - ASKING) * max(told[intent], LEAST) ** ASKING
        for intent, chance in message.chances.items()
    }
    total = sum(raised.values())
    return replace(message, chances={intent: chance / total for intent, chance in raised.items()})


def _followed(follow: FollowUp) -> Understanding:
    if follow.sure:
        return Understanding(follow.turns[0], "answer", SURE)
    return Understanding(follow.turns[0], "confirm", 0.5, candidates=follow.turns)


def _is_short(word: str) -> bool:
    return len(word) < SHORT


def _spans(reading: Reading) -> tuple[Span, ...]:
    named = [Span(" ".join(reading.words[one.start : one.end]), one.ids) for one in reading.mentions]
    return (*named, *(Span(place, ("elsewhere",)) for place in reading.places))
