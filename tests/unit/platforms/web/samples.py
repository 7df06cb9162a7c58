"""A conversation of fixed answers in both languages, rich in markup, for tests of the page."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.conversation.codes import TurnCodes
from bot.core.clock import Clock
from bot.core.messages import Button, Incoming, Reply, SourceNote, Turn
from bot.platforms.web.crowd import Crowd, Door
from bot.platforms.web.page import Site

DALLAS = ZoneInfo("America/Chicago")
AT = datetime(2025, 10, 24, 18, tzinfo=DALLAS)

LABELS = {
    "what_happened": {"en": "What happened?", "es": "¿Qué pasó?"},
    "when_is_the_vote": {"en": "When is the vote?", "es": "¿Cuándo es la votación?"},
    "who_said_what": {"en": "Who said what?", "es": "¿Quién dijo qué?"},
    "what_is": {"en": "What is 287(g)?", "es": "¿Qué es 287(g)?"},
    "how_to_take_part": {"en": "How to take part", "es": "Cómo participar"},
    "remind_me": {"en": "Remind me", "es": "Recuérdame"},
    "where_they_stand": {"en": "Where they stand", "es": "Las posturas"},
    "privacy": {"en": "Your privacy", "es": "Tu privacidad"},
    "language": {"en": "Español", "es": "English"},
}
NEXT = {
    "help": ("what_happened", "when_is_the_vote", "who_said_what", "what_is", "how_to_take_part", "privacy"),
    "when_is_the_vote": ("remind_me", "who_said_what", "how_to_take_part", "what_is"),
    "who_said_what": ("where_they_stand", "when_is_the_vote", "what_happened"),
    "what_is": ("what_happened", "when_is_the_vote", "language"),
    "not_covered": ("what_happened", "when_is_the_vote", "who_said_what"),
}
ENTITIES = {"what_is": "term:287g"}

ANSWERS = Path(__file__).parent / "answers"
HTML = {
    intent: {
        lang: "".join((ANSWERS / f"{intent}.{lang}.html").read_text(encoding="utf-8").splitlines())
        for lang in ("en", "es")
    }
    for intent in NEXT
}
KEYWORDS = {
    "vote": ("when_is_the_vote", "en"),
    "votación": ("when_is_the_vote", "es"),
    "qué es": ("what_is", "es"),
    "287": ("what_is", "en"),
    "said": ("who_said_what", "en"),
    "quién": ("who_said_what", "es"),
    "clima": ("not_covered", "es"),
}
SOURCE = SourceNote("cbs-backlash", "CBS News Texas", None, "https://www.cbsnews.com/texas/", "2025-10-24~")


def chip(intent: str, lang: str) -> Button:
    """The button that asks an intent; that of `language` switches to the other one."""
    other = {"en": "es", "es": "en"}[lang] if intent == "language" else None
    return Button(LABELS[intent][lang], Turn(intent, ENTITIES.get(intent)), lang=other)


def reply_of(intent: str, lang: str) -> Reply:
    """The fixed answer to an intent; what has none is told as not covered."""
    told = intent if intent in HTML else "not_covered"
    buttons = tuple(chip(each, lang) for each in NEXT[told])
    if told == "when_is_the_vote":
        buttons += (Button("Calendar" if lang == "en" else "Calendario", url="https://example.org/vote.ics"),)
    return Reply(
        intent=intent,
        entity=ENTITIES.get(intent),
        outcome="refuse" if told == "not_covered" else "answer",
        confidence=0.97,
        lang=lang,
        at=AT,
        html=HTML[told][lang],
        facts=("decision:joining-287g",),
        sources=(SOURCE,),
        buttons=buttons,
        suggestions=NEXT[told],
    )


@dataclass
class FakeAnswer:
    """Answers as a conversation would, and keeps what it was asked. `failing` makes it fail."""

    asked: list[Incoming] = field(default_factory=list)
    failing: bool = False

    async def __call__(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        if self.failing:
            raise RuntimeError("a reader's secret words")
        intent, spoken = self._understand(incoming)
        lang = incoming.lang or spoken or incoming.lang_hint or "en"
        reply = reply_of("help" if intent == "language" else intent, lang)
        if incoming.text.startswith("thank"):
            return replace(reply, intent="help", outcome="answer")
        return replace(reply, chosen_lang=incoming.lang) if intent == "language" else reply

    def _understand(self, incoming: Incoming) -> tuple[str, str | None]:
        if incoming.turn:
            return incoming.turn.intent, None
        words = incoming.text.lower()
        return next((found for keyword, found in KEYWORDS.items() if keyword in words), ("not_covered", None))


def known_codes() -> TurnCodes:
    """Codes of every turn that the samples know."""
    turns = [Turn(intent, ENTITIES.get(intent)) for intent in (*LABELS, *NEXT)]
    return TurnCodes([*turns, Turn("what_happened", "option:picture")], {})


def door(crowd: Crowd | None = None) -> Door:
    """Lets in whoever `crowd` does, and those who write of danger."""
    return Door(crowd or Crowd(), lambda text: "ICE is at my door" in text, lambda name, lang: f"{name} in {lang}")


def site(clock: Clock, crowd: Crowd | None = None) -> Site:
    """What the page says around the samples."""
    title = {"en": "Dallas and the ICE 287(g) offer", "es": "Dallas y la oferta 287(g) de ICE"}
    return Site(title, {"en": "Dallas"}, DALLAS, ("en", "es"), clock, door(crowd))


async def all_fine() -> dict[str, str]:
    """A readiness with nothing wrong."""
    return {"content": "ok", "database": "ok"}
