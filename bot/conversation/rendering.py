"""Makes the reply to what was understood: the words, the buttons below them, the file that goes with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from bot.conversation.dates import CALENDAR, Dates
from bot.conversation.pictures import Pictures
from bot.conversation.reminding import ELSEWHERE, REMIND, STOP, Reminder
from bot.core.messages import Button, Outcome, Reply, Turn
from bot.factbase.snapshot import Snapshot, Standing
from bot.phrasebook.book import Phrasebook, Rendered
from bot.phrasebook.presets import Preset

MOST_BUTTONS = 8
LANGUAGE_NAMES = {"en": "English", "es": "Español"}
ERASING = frozenset({STOP, "forget_me"})  # turns that take something away each time they are asked
WITHOUT_EFFECT = frozenset({"previewed", "refused", "unavailable"})


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a reply depends on besides the facts: two that are equal get the same one.

    `candidates` and `sentence` as in `Understanding`; `chooses` says that a reader who asks `language` means to have
    `lang` from now on, `is_undrawn` that the answer stands for a picture that could not be drawn.
    """

    turn: Turn
    outcome: Outcome
    lang: str
    candidates: tuple[Turn, ...] = ()
    sentence: str | None = None
    reminder: Reminder = ELSEWHERE
    chooses: bool = False
    is_undrawn: bool = False


class Rendering:
    """Says what is asked in the words of the phrasebook. `retention` is how long an ended subscription is kept, where
    that is known."""

    def __init__(
        self, phrasebook: Phrasebook, dates: Dates, pictures: Pictures, retention: timedelta | None = None
    ) -> None:
        self._phrasebook = phrasebook
        self._dates = dates
        self._pictures = pictures
        self._kept = {"kept": phrasebook.kept, "kept_days": None if retention is None else retention.days}

    def reply(self, asked: Asked, facts: Snapshot) -> Reply:
        """The reply as of `facts`, as if there were no doubt of what was meant. Raises ContentError for a template
        that cannot be rendered."""
        return self._offered(asked, facts) if asked.outcome == "confirm" else self._told(asked, facts)

    def _offered(self, asked: Asked, facts: Snapshot) -> Reply:
        offered = [turn.intent for turn in asked.candidates]
        rendered = self._phrasebook.render(Turn("confirm"), facts, asked.lang, {"offered": offered})
        return self._made(asked, facts, rendered, self._buttons(asked.candidates, facts, asked.lang))

    def _told(self, asked: Asked, facts: Snapshot) -> Reply:
        turn, lang, reminder = asked.turn, asked.lang, asked.reminder
        gives_dates = turn.intent == CALENDAR or (turn.intent == REMIND and reminder.state == "elsewhere")
        document = self._dates.document(facts, lang) if gives_dates else None
        more: dict[str, object] = {
            "sentence": asked.sentence,
            "reminder": reminder,
            "dated": document,
            "feed": self._dates.feed(lang),
            "is_undrawn": asked.is_undrawn,
            **self._kept,
        }
        caption = self._pictures.caption(turn)
        rendered = self._phrasebook.render(caption or turn, facts, lang, more)
        picture = self._pictures.picture(turn, facts, lang, rendered.html)
        if caption and picture is None:  # it was not drawn: the same in words
            return self._told(replace(asked, turn=Turn(turn.intent), is_undrawn=True), facts)
        chosen = [Turn(REMIND, f"option:{one}") for one in reminder.options]
        following = [one for one in self._next(turn, facts, lang, reminder) if not (document and _is_dates(one))]
        buttons = dict.fromkeys([*self._buttons([*asked.candidates, *chosen], facts, lang), *following])
        made = self._made(asked, facts, rendered, list(buttons))
        # what only an administrator may do has no effect for others, nor what the database could not take
        is_done = asked.outcome == "answer" and reminder.state not in WITHOUT_EFFECT
        done = turn.intent if is_done else None
        chosen_lang = lang if done == "language" and asked.chooses else None
        return replace(made, document=document, picture=picture, chosen_lang=chosen_lang, forget=done == "forget_me")

    def _made(self, asked: Asked, facts: Snapshot, rendered: Rendered, buttons: Sequence[Button]) -> Reply:
        turn = asked.turn
        entity = None if self._phrasebook.presets[turn.intent].option(turn.entity) else turn.entity
        return Reply(
            intent=turn.intent, entity=entity, outcome=asked.outcome, confidence=1.0, lang=asked.lang, at=facts.now,
            html=rendered.html, facts=rendered.facts, sources=rendered.sources,
            buttons=tuple(buttons), suggestions=_intents(buttons), until=_until(rendered, asked.reminder),
            is_repeatable=turn.intent not in ERASING,
        )  # fmt: skip

    def _next(self, turn: Turn, facts: Snapshot, lang: str, reminder: Reminder) -> Iterator[Button]:
        preset = self._phrasebook.presets[turn.intent]
        if reminder.subscription and turn.intent == REMIND and STOP in self._phrasebook.presets:
            yield self._button(Turn(STOP), facts, lang)
        if turn.intent == "language":
            yield from (Button(LANGUAGE_NAMES.get(code, code), turn, lang=code) for code in facts.topic.languages)
        offered = [*self._pictures.offered(turn), *self._entities(preset, turn, facts)]
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
        sides = [side.stands for side in facts.sides("now")]
        in_turn = [stand for one_each in zip_longest(*sides) for stand in one_each if stand]  # no side before another
        speakers = (stand.speaker for stand in (*in_turn, *facts.stands))
        turns = dict.fromkeys(preset.turn(f"{speaker.kind}:{speaker.id}") for speaker in speakers)
        return tuple(turns)[: MOST_BUTTONS - 2]

    def _buttons(self, turns: Sequence[Turn], facts: Snapshot, lang: str) -> list[Button]:
        return [self._button(turn, facts, lang) for turn in turns]

    def _button(self, turn: Turn, facts: Snapshot, lang: str) -> Button:
        return Button(self._phrasebook.label(turn, facts, lang), turn)


def _is_dates(button: Button) -> bool:
    return button.turn is not None and button.turn.intent == CALENDAR


def _intents(buttons: Sequence[Button]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(button.turn.intent for button in buttons if button.turn))


def _until(rendered: Rendered, reminder: Reminder) -> datetime:
    """Of a chat's own reminders the next one is told, too, and that only until it comes."""
    return min(rendered.until, reminder.next_at.astimezone(UTC)) if reminder.next_at else rendered.until
