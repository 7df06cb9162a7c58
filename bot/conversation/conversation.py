"""The conversation: understands a message, asks the fact base as of the clock, and says it in the reader's language."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.core.clock import Clock
from bot.core.messages import Button, Incoming, Reply, Turn
from bot.core.ports import Interpreter, Understanding
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.presets import Preset

FALLBACK = "en"
MOST_BUTTONS = 8
LANGUAGE_NAMES = {"en": "English", "es": "Español"}


class Conversation:
    """Expects content without errors. One object serves all readers: it keeps nothing of them."""

    def __init__(self, base: FactBase, phrasebook: Phrasebook, interpreter: Interpreter, clock: Clock) -> None:
        self._base = base
        self._phrasebook = phrasebook
        self._interpreter = interpreter
        self._clock = clock

    async def __call__(self, incoming: Incoming) -> Reply:
        """The reply to one message, at the message's own instant or the clock's. Raises nothing on any text."""
        return self.answer(incoming)

    def answer(self, incoming: Incoming) -> Reply:
        """The same without waiting, for the editors' tools."""
        understood = self._understand(incoming)
        lang = self._language(incoming, understood)
        facts = self._base.at(incoming.at or self._clock.now())
        turn = understood.turn
        if understood.outcome == "confirm":
            rendered = self._phrasebook.render(Turn("confirm"), facts, lang, {})
            buttons = [self._button(candidate, facts, lang) for candidate in understood.candidates]
        else:
            rendered = self._phrasebook.render(turn, facts, lang, {"sentence": understood.sentence})
            also_asked = [self._button(candidate, facts, lang) for candidate in understood.candidates]
            buttons = list(dict.fromkeys([*also_asked, *self._next(turn, facts, lang)]))
        done = turn.intent if understood.outcome == "answer" else None  # what is only offered has no effect yet
        return Reply(
            intent=turn.intent, entity=turn.entity, outcome=understood.outcome, confidence=understood.confidence,
            lang=lang, at=facts.now, html=rendered.html, facts=rendered.facts, sources=rendered.sources,
            buttons=tuple(buttons), suggestions=_intents(buttons),
            chosen_lang=lang if done == "language" and incoming.lang else None, forget=done == "forget_me",
        )  # fmt: skip

    def _understand(self, incoming: Incoming) -> Understanding:
        if incoming.turn is None:
            return self._interpreter.understand(incoming.text, incoming.context)
        preset = self._phrasebook.presets.get(incoming.turn.intent)
        if preset is None:
            return Understanding(Turn("help"), "answer", 1.0)
        entity = incoming.turn.entity if self._base.entity(incoming.turn.entity) else None
        return Understanding(preset.turn(entity), preset.outcome, 1.0)

    def _language(self, incoming: Incoming, understood: Understanding) -> str:
        wanted = (incoming.lang, understood.lang, incoming.lang_hint)
        return next((lang for lang in wanted if lang in self._base.topic.languages), FALLBACK)

    def _next(self, turn: Turn, facts: Snapshot, lang: str) -> Iterator[Button]:
        preset = self._phrasebook.presets[turn.intent]
        if turn.intent == "language":
            yield from (Button(LANGUAGE_NAMES.get(code, code), turn, lang=code) for code in facts.topic.languages)
        offered = [*self._entities(preset, turn, facts)]
        offered += [Turn(step.intent, f"term:{facts.topic.term}" if step.entity else None) for step in preset.next]
        for one in list(dict.fromkeys(offered))[:MOST_BUTTONS]:
            if one != turn:
                yield self._button(one, facts, lang)

    @staticmethod
    def _entities(preset: Preset, turn: Turn, facts: Snapshot) -> Sequence[Turn]:
        """Where an intent was asked of nobody in particular, those of whom it can be asked."""
        if turn.entity or not preset.label_of:
            return ()
        if "term" in preset.entities:
            return [
                preset.turn(f"term:{term.id}") for term in facts.base.terms.values() if facts.known(term.definition)
            ]
        speakers = [stand.speaker for stand in facts.stands]
        return [preset.turn(f"{speaker.kind}:{speaker.id}") for speaker in speakers][: MOST_BUTTONS - 2]

    def _button(self, turn: Turn, facts: Snapshot, lang: str) -> Button:
        return Button(self._phrasebook.label(turn, facts, lang), turn)

    def turns(self) -> Iterator[Turn]:
        """Every turn that a button of this pack can stand for."""
        for preset in self._phrasebook.presets.values():
            yield Turn(preset.id)
            yield from (Turn(preset.id, entity) for entity in self._base.entities() if preset.takes(entity))

    def walk(self, instants: Sequence[datetime]) -> Iterator[tuple[Turn, str, datetime, Any]]:
        """Renders every turn in every language at every instant: a reply, or the error that it raised."""
        for instant in instants:
            for lang in self._base.topic.languages:
                for turn in self.turns():
                    try:
                        yield turn, lang, instant, self.answer(Incoming(turn=turn, lang=lang, at=instant))
                    except Exception as error:  # whatever a template does is a finding
                        yield turn, lang, instant, error


def _intents(buttons: Sequence[Button]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(button.turn.intent for button in buttons if button.turn))
