"""The content and all that answers from it, as every platform needs it; and the one that takes its place."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.conversation.codes import TurnCodes
from bot.conversation.conversation import Conversation
from bot.conversation.dates import Dates
from bot.conversation.pictures import Pictures
from bot.conversation.reminding import Reminding
from bot.conversation.succession import SUCCEEDING, UNTAUGHT, Learner, Succession
from bot.core.clock import Clock
from bot.core.findings import Finding, errors
from bot.core.messages import Turn
from bot.editorial.check import check_answers
from bot.editorial.content import Content, FaultyContentError, Loaded, load_content
from bot.editorial.version import version_of
from bot.factbase.snapshot import Snapshot
from bot.understanding.encoder import Encoder, SentenceEncoder, load_encoder
from bot.understanding.normalisation import cleaned, folded, named
from bot.understanding.pack_interpreter import PackInterpreter

IN_DISTRESS = "in_distress"
TRIED_AGAIN = (300, 1_800, 7_200)  # seconds after learning came to nothing, as for want of memory
LOOK = 10  # seconds between two looks at whether it is still wanted


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pack and the responses are, where what is trained is kept, and the address of this program's pages
    (None where nobody said)."""

    pack: Path
    responses: Path
    cache: Path
    address: str | None = None


class Loading:
    """Gives what `load` gives, which is loaded once; what could not be loaded is tried again when next asked for."""

    def __init__(self, load: Callable[[], Encoder | None]) -> None:
        self._load = load
        self._encoder: Encoder | None = None

    def __call__(self) -> Encoder | None:
        self._encoder = self._encoder or self._load()
        return self._encoder


@dataclass(frozen=True, slots=True)
class Explainer:
    """What every platform needs: the content, who understands, the conversation over both, the codes of its buttons,
    the clock. `interpreter` is the content's own; `understanding` is what the conversation asks, which until that has
    learnt may be an earlier one. `version` names the content."""

    content: Content
    interpreter: PackInterpreter
    understanding: Learner
    conversation: Conversation
    dates: Dates
    pictures: Pictures
    codes: TurnCodes
    clock: Clock
    version: str
    load: Callable[[], Encoder | None]

    def facts(self) -> Snapshot:
        """What is known now."""
        return self.content.base.at(self.clock.now())

    def file(self, lang: str, item: str | None) -> bytes | None:
        """The calendar file of all dates, or of one, as of now; None where there is no such date."""
        return self.dates.file(self.facts(), lang, item)

    def phrase(self, name: str, lang: str) -> str:
        """A phrase of the responses, about this topic."""
        topic = self.content.base.topic
        values = {"topic": topic.name.get(lang), "place": topic.place_name.get(lang)}
        return self.content.phrasebook.phrase(name, lang, **values)

    def is_urgent(self, text: str) -> bool:
        """Whether the words are of somebody who may be in danger, by rule alone."""
        bare = [word for chunk in cleaned(text).split() for word in named(chunk)]  # “ICE's here” as “ICE here”
        passed = [self.content.knowledge.gates.find(words) for words in (folded(text).split(), bare)]
        return any(one is not None and one.intent == IN_DISTRESS for one in passed)

    def label(self, turn: Turn, lang: str) -> str:
        """What a turn is called now."""
        return self.content.phrasebook.label(turn, self.facts(), lang)

    def reminding(self, reminding: Reminding) -> Conversation:
        """The same conversation, which can also remind."""
        base, phrasebook = self.content.base, self.content.phrasebook
        return Conversation(
            base, phrasebook, self.understanding, self.clock, self.dates, reminding, self.pictures
        )  # fmt: skip

    def learn(self, is_served: Callable[[], bool], pauses: tuple[int, ...] = TRIED_AGAIN) -> None:
        """Learns, for as long as it takes; where that comes to less than it could, tries again after each of the
        `pauses` (seconds), while it is served."""
        status = self.interpreter.warm(is_asked=self._is_asked())
        for pause in pauses if self.content.knowledge.questions else ():
            for _ in range(0 if status == "ready" else pause // LOOK):
                time.sleep(LOOK)
                if not is_served():
                    return
            if status == "ready" or not is_served():
                return
            status = self.interpreter.warm(is_asked=self._is_asked())

    def _is_asked(self) -> bool:
        """Whether texts come to its own interpreter, and not to an earlier one meanwhile."""
        return self.understanding.status() != SUCCEEDING

    def is_learning(self) -> bool:
        """Whether its example questions are not learnt yet."""
        return self.interpreter.status() == UNTAUGHT


def open_explainer(places: Places, clock: Callable[[ZoneInfo], Clock]) -> Explainer:
    """The explainer of the content in these places. Raises ContentError with the findings."""
    loaded = load_content(places.pack, places.responses, lambda zone: clock(zone).now(), try_examples=False)
    content = _sound(loaded)
    load = Loading(partial(load_encoder, partial(SentenceEncoder, places.cache)))
    interpreter = PackInterpreter(content.knowledge, places.cache, load)
    return _explainer(places, content, interpreter, interpreter, clock(loaded.zone), load)


def renew(before: Explainer, places: Places) -> Explainer:
    """The explainer of what stands in these places now, by the same clock and with the same encoder. Takes seconds.

    Every answer is tried as of now. Where the questions are new, it understands as `before` did until its `interpreter`
    is warm. Raises ContentError with the findings.
    """
    now = before.clock.now()
    content = _sound(load_content(places.pack, places.responses, lambda _: now))
    amiss = _moved(before.content, content) or errors(check_answers(content, now, [now.astimezone(content.base.zone)]))
    if amiss:
        raise FaultyContentError(amiss)
    interpreter = PackInterpreter(content.knowledge, places.cache, before.load)
    if interpreter.is_learnt() and (model := interpreter.model) and model.heads.network:  # two seconds at most
        interpreter.warm()
    understanding: Learner = interpreter
    if interpreter.status() == UNTAUGHT and content.knowledge.questions:
        understanding = Succession(before.understanding, interpreter, content.knows)
    return _explainer(places, content, interpreter, understanding, before.clock, before.load)


def _explainer(
    places: Places, content: Content, interpreter: PackInterpreter, understanding: Learner, clock: Clock,
    load: Callable[[], Encoder | None],
) -> Explainer:  # fmt: skip
    dates = Dates(content.base, content.phrasebook, places.address)
    pictures = Pictures(content.phrasebook)
    conversation = Conversation(content.base, content.phrasebook, understanding, clock, dates, pictures=pictures)
    names = {command.name: command.turn for command in content.commands()}
    codes = TurnCodes(conversation.turns(), names)
    version = version_of((places.pack, places.responses))
    return Explainer(content, interpreter, understanding, conversation, dates, pictures, codes, clock, version, load)


def _sound(loaded: Loaded) -> Content:
    if loaded.content is None:
        raise FaultyContentError(errors(loaded.findings))
    return loaded.content


def _moved(before: Content, after: Content) -> list[Finding]:
    """What a running program cannot take up: subscriptions and deliveries belong to one topic and its nights."""
    file = str(after.base.pack.folder / "topic.yaml")
    changed = {"id": before.base.topic.id != after.base.topic.id, "zone": before.base.zone.key != after.base.zone.key}
    remedy = "restart the bot, or set it back"
    return [Finding(file, 1, field, "it is another one now", remedy) for field, is_other in changed.items() if is_other]
