"""The conversation: understands a message, asks the fact base as of the clock, and says it in the reader's language."""

from collections.abc import Iterator, Sequence

from bot.conversation.dates import CALENDAR, Dates
from bot.conversation.reminding import ELSEWHERE, REMIND, REMINDERS, STOP, Reminder, Reminding
from bot.core.clock import Clock
from bot.core.messages import Button, Incoming, Reply, Turn
from bot.core.ports import Interpreter, Understanding
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot, Standing
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.presets import Preset

FALLBACK = "en"
MOST_BUTTONS = 8
OF_THE_CHAT = frozenset({"forget_me", "language"})  # what changes something for all who are in it
REFUSED = Reminder("refused")
LANGUAGE_NAMES = {"en": "English", "es": "Español"}


class Conversation:
    """Expects content without errors. One object serves all readers: it keeps nothing of them."""

    def __init__(
        self,
        base: FactBase,
        phrasebook: Phrasebook,
        interpreter: Interpreter,
        clock: Clock,
        dates: Dates | None = None,
        reminding: Reminding | None = None,
    ) -> None:
        self._base = base
        self._phrasebook = phrasebook
        self._interpreter = interpreter
        self._clock = clock
        self._dates = dates or Dates(base, phrasebook)
        self._reminding = reminding

    async def __call__(self, incoming: Incoming) -> Reply:
        """The reply to one message, at the message's own instant or the clock's. Raises nothing on any text."""
        understood = self._understand(incoming)
        turn, reader = understood.turn, incoming.reader
        if self._reminding is None or reader is None or understood.outcome != "answer":
            return self._reply(incoming, understood, ELSEWHERE)
        if turn.intent in OF_THE_CHAT:  # a group's reminders are erased with what is kept of it, and speak its language
            may = await reader.may_subscribe()
            return self._reply(incoming, understood, ELSEWHERE if may else REFUSED)
        if turn.intent not in REMINDERS:
            return self._reply(incoming, understood, ELSEWHERE)
        facts = self._base.at(self._clock.now())
        reminder = await self._reminding.act(turn, reader, self._language(incoming, understood), facts)
        return self._reply(incoming, understood, reminder)

    def answer(self, incoming: Incoming, reminder: Reminder = ELSEWHERE) -> Reply:
        """The same without waiting, for the editors' tools: to nobody who could be reminded, or as to one whose
        reminders stand like `reminder`."""
        return self._reply(incoming, self._understand(incoming), reminder)

    def _reply(self, incoming: Incoming, understood: Understanding, reminder: Reminder) -> Reply:
        lang = self._language(incoming, understood)
        facts = self._base.at(incoming.at or self._clock.now())
        turn, document = understood.turn, None
        preset = self._phrasebook.presets[turn.intent]
        if understood.outcome == "confirm":
            rendered = self._phrasebook.render(Turn("confirm"), facts, lang, {})
            buttons = [self._button(candidate, facts, lang) for candidate in understood.candidates]
        else:
            gives_dates = turn.intent == CALENDAR or (turn.intent == REMIND and reminder.state == "elsewhere")
            document = self._dates.document(facts, lang) if gives_dates else None
            more = {"sentence": understood.sentence, "reminder": reminder, "dated": document}
            rendered = self._phrasebook.render(turn, facts, lang, {**more, "feed": self._dates.feed(lang)})
            also_asked = [self._button(candidate, facts, lang) for candidate in understood.candidates]
            chosen = [self._button(Turn(REMIND, f"option:{one}"), facts, lang) for one in reminder.options]
            following = [one for one in self._next(turn, facts, lang, reminder) if not (document and _is_dates(one))]
            buttons = list(dict.fromkeys([*also_asked, *chosen, *following]))
        entity = None if preset.option(turn.entity) else turn.entity
        # what is only offered has no effect yet, nor what only an administrator may do
        done = turn.intent if understood.outcome == "answer" and reminder != REFUSED else None
        return Reply(
            intent=turn.intent, entity=entity, outcome=understood.outcome, confidence=understood.confidence,
            lang=lang, at=facts.now, html=rendered.html, facts=rendered.facts, sources=rendered.sources,
            buttons=tuple(buttons), suggestions=_intents(buttons),
            chosen_lang=lang if done == "language" and incoming.lang else None, forget=done == "forget_me",
            document=document,
        )  # fmt: skip

    def _understand(self, incoming: Incoming) -> Understanding:
        if incoming.turn is None:
            return self._interpreter.understand(incoming.text, incoming.context)
        preset = self._phrasebook.presets.get(incoming.turn.intent)
        if preset is None:
            return Understanding(Turn("help"), "answer", 1.0)
        known = preset.option(incoming.turn.entity) or self._base.entity(incoming.turn.entity)
        entity = incoming.turn.entity if known else None
        return Understanding(preset.turn(entity), preset.outcome, 1.0)

    def _language(self, incoming: Incoming, understood: Understanding) -> str:
        wanted = (incoming.lang, understood.lang, incoming.lang_hint)
        return next((lang for lang in wanted if lang in self._base.topic.languages), FALLBACK)

    def _next(self, turn: Turn, facts: Snapshot, lang: str, reminder: Reminder) -> Iterator[Button]:
        preset = self._phrasebook.presets[turn.intent]
        if reminder.subscription and turn.intent == REMIND and "stop_reminders" in self._phrasebook.presets:
            yield self._button(Turn(STOP), facts, lang)
        if turn.intent == "language":
            yield from (Button(LANGUAGE_NAMES.get(code, code), turn, lang=code) for code in facts.topic.languages)
        offered = [*self._entities(preset, turn, facts)]
        offered += [
            Turn(step.intent, f"term:{facts.topic.term}" if step.entity else None)
            for step in preset.next if not step.only or facts.decision.standing is Standing.SCHEDULED
        ]  # fmt: skip
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
            yield from (Turn(preset.id, f"option:{option.id}") for option in preset.options)


def _is_dates(button: Button) -> bool:
    return button.turn is not None and button.turn.intent == CALENDAR


def _intents(buttons: Sequence[Button]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(button.turn.intent for button in buttons if button.turn))
