"""The conversation: understands a message, asks the fact base as of the clock, and says it in the reader's language."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.conversation.dates import Dates
from bot.conversation.pictures import Pictures
from bot.conversation.present import Present
from bot.conversation.reminding import ELSEWHERE, PREVIEWED, REMINDERS, Reminder, Reminding
from bot.conversation.rendering import ERASING, Asked, Rendering
from bot.core.clock import Clock
from bot.core.messages import Button, Incoming, Reply, Turn
from bot.core.ports import Interpreter, Understanding
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import Phrasebook
from bot.understanding.normalisation import folded

FALLBACK = "en"
FORGET = "forget_me"
OF_THE_CHAT = frozenset({FORGET, "language"})  # what changes something for all who are in it
REFUSED = Reminder("refused")


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
        pictures: Pictures | None = None,
    ) -> None:
        self._base = base
        self._phrasebook = phrasebook
        self._interpreter = interpreter
        self._clock = clock
        self._reminding = reminding
        self._pictures = pictures or Pictures(phrasebook)
        retention = reminding.retention if reminding else None
        self._rendering = Rendering(phrasebook, dates or Dates(base, phrasebook), self._pictures, retention)
        self._present = Present(base, clock, self._rendering.reply)

    async def __call__(self, incoming: Incoming) -> Reply:
        """The reply to one message, at the message's own instant or the clock's. Raises nothing on any text."""
        understood = self._understand(incoming)
        if self._pictures.card(understood.turn):
            facts = self._facts(incoming)
            await self._pictures.prepare(understood.turn, facts, self._language(incoming, understood))
            return self._reply(incoming, understood, ELSEWHERE, facts)
        return self._reply(incoming, understood, await self._done(incoming, understood))

    def answer(self, incoming: Incoming, reminder: Reminder = ELSEWHERE) -> Reply:
        """The same without waiting, for the editors' tools: to nobody who could be reminded, or as to one whose
        reminders stand like `reminder`. Raises ContentError for a picture that cannot be drawn."""
        understood = self._understand(incoming)
        if not self._pictures.card(understood.turn):
            return self._reply(incoming, understood, reminder)
        facts = self._facts(incoming)
        self._pictures.draw(understood.turn, facts, self._language(incoming, understood))
        return self._reply(incoming, understood, reminder, facts)

    def suggest(self, lang: str, at: datetime | None = None) -> tuple[Button, ...]:
        """What to offer before anything was asked: the buttons below `help`. Language and instant as in `Incoming`."""
        return self.answer(Incoming(turn=Turn("help"), lang=lang, at=at)).buttons

    def turns(self) -> Iterator[Turn]:
        """Every turn that a button of this pack can stand for."""
        for preset in self._phrasebook.presets.values():
            yield Turn(preset.id)
            yield from (Turn(preset.id, entity) for entity in self._base.entities() if preset.takes(entity))
            yield from (Turn(preset.id, f"option:{option.id}") for option in preset.options)

    async def _done(self, incoming: Incoming, understood: Understanding) -> Reminder:
        """Does what is asked about what is kept of the chat; how its reminders stand then."""
        turn, reader = understood.turn, incoming.reader
        if self._reminding is None or reader is None or understood.outcome != "answer":
            return ELSEWHERE
        if incoming.at is not None:
            return PREVIEWED
        if turn.intent in OF_THE_CHAT:  # a group's reminders are erased with what is kept of it, and speak its language
            if not await reader.may_subscribe():
                return REFUSED
            return await self._reminding.forget(reader) if turn.intent == FORGET else ELSEWHERE
        if turn.intent not in REMINDERS:
            return ELSEWHERE
        facts = self._base.at(self._clock.now())  # of this very instant: it is kept as the subscription's own
        return await self._reminding.act(turn, reader, self._language(incoming, understood), facts)

    def _facts(self, incoming: Incoming) -> Snapshot:
        return self._base.at(incoming.at) if incoming.at else self._present.facts

    def _reply(
        self, incoming: Incoming, understood: Understanding, reminder: Reminder, facts: Snapshot | None = None
    ) -> Reply:
        """As of `facts`, which a picture was drawn of, or the message's own instant."""
        turn, lang = understood.turn, self._language(incoming, understood)
        chooses = turn.intent == "language" and bool(incoming.lang)
        asked = Asked(
            turn, understood.outcome, lang, understood.candidates, understood.sentence, reminder, chooses
        )  # fmt: skip
        if facts or incoming.at or reminder.subscription:  # one chat's own, and not kept
            reply = self._rendering.reply(asked, facts or self._facts(incoming))
        else:
            reply = self._present.reply(asked)
        same = reply.confidence == understood.confidence
        return reply if same else replace(reply, confidence=understood.confidence)

    def _understand(self, incoming: Incoming) -> Understanding:
        if incoming.turn is None:
            understood = self._interpreter.understand(incoming.text, incoming.context)
            return self._asked_back(understood) if self._would_erase(incoming, understood) else understood
        turn = incoming.turn
        if incoming.only_look:  # what would be changed, without its change
            turn = Turn("privacy") if turn.intent in ERASING else _without_option(turn)
        preset = self._phrasebook.presets.get(turn.intent)
        if preset is None:
            return Understanding(Turn("help"), "answer", 1.0)
        known = preset.option(turn.entity) or self._base.entity(turn.entity)
        entity = turn.entity if known else None
        return Understanding(preset.turn(entity), preset.outcome, 1.0)

    def _would_erase(self, incoming: Incoming, understood: Understanding) -> bool:
        """Whether a chat would lose all that is kept of it by words that are taken for that, and do not say just that:
        “I forgot” is near to “forget me”."""
        if incoming.reader is None or understood.turn.intent != FORGET or understood.outcome != "answer":
            return False
        said = folded(incoming.text)
        return all(said != folded(label) for label in self._phrasebook.presets[FORGET].label.root.values())

    @staticmethod
    def _asked_back(understood: Understanding) -> Understanding:
        return replace(understood, outcome="confirm", candidates=(Turn(FORGET), Turn("privacy")))

    def _language(self, incoming: Incoming, understood: Understanding) -> str:
        wanted = (incoming.lang, understood.lang, incoming.lang_hint)
        return next((lang for lang in wanted if lang in self._base.topic.languages), FALLBACK)


def _without_option(turn: Turn) -> Turn:
    """The turn without a choice (`option:start`)."""
    return Turn(turn.intent) if (turn.entity or "").startswith("option:") else turn
