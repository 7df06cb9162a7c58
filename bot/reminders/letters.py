"""Writes what subscribers are sent: one message for the notices of a campaign, true at the moment of sending."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from bot.core.messages import Button, Reply, Turn
from bot.factbase.base import FactBase
from bot.factbase.snapshot import DatedView, Snapshot
from bot.phrasebook.book import Phrasebook
from bot.reminders.notice import CHOICES_OF, ENDING, Kind, Notice
from bot.reminders.told import date_ahead, is_open

TEMPLATE: Final = "notice"
NEWS: Final = "campaign_news"
ASKING: Final = "remind_me"
STOP: Final = "stop_reminders"
AFTERWARDS: Final = ("what_changed", "sources")
BEFORE: Final = ("when_is_the_vote", "how_to_take_part", "add_to_calendar")


class Letters:
    """`retention` is how long an ended subscription is kept, which the last letter says."""

    def __init__(self, base: FactBase, phrasebook: Phrasebook, retention: timedelta) -> None:
        self._base = base
        self._phrasebook = phrasebook
        self._retention = retention

    def compose(self, notices: Sequence[Notice], lang: str, now: datetime) -> Reply | None:
        """The message that tells `notices` at `now`; None where there is nothing to tell. Raises ContentError."""
        facts = self._base.at(now)
        told = [(notice, self._view(notice, facts)) for notice in _one_an_item(notices)]
        told = [(notice, view) for notice, view in told if view.report or view is facts.decision]
        if not told:
            return None
        ends = any(notice.kind in ENDING for notice in notices)
        values: dict[str, Any] = {
            "notices": [(notice, view, date_ahead(view.report)) for notice, view in told],
            "ends": ends,
            "erased_on": (facts.now + self._retention).date() if ends else self._erased_after(told, facts),
            "related": self._ahead_besides({notice.item for notice, _ in told}, facts),
        }
        # An outcome that was told and taken back had ended reminders, and who got it is told of the correction only.
        values["revives"] = any(one.kind is Kind.CORRECTION and view.is_ahead for one, view in told) and not ends
        rendered = self._phrasebook.render(Turn(TEMPLATE), facts, lang, values)
        option = "renew" if ends and values["related"] else "start" if values["revives"] else None
        buttons = tuple(self._buttons(ends, option, facts, lang))
        return Reply(
            intent=TEMPLATE, entity=None, outcome="answer", confidence=1.0, lang=lang, at=facts.now,
            html=rendered.html, facts=rendered.facts, sources=rendered.sources, buttons=buttons,
            suggestions=tuple(dict.fromkeys(button.turn.intent for button in buttons if button.turn)),
        )  # fmt: skip

    def news(self, event: str, numbers: Mapping[str, str | int], lang: str, now: datetime) -> Reply:
        """What operators are told of a campaign: `event` and `numbers` as `Courier.tell_admins` takes them."""
        facts = self._base.at(now)
        rendered = self._phrasebook.render(Turn(NEWS), facts, lang, {"event": event, **numbers})
        return Reply(NEWS, None, "answer", 1.0, lang, facts.now, rendered.html)

    def _view(self, notice: Notice, facts: Snapshot) -> DatedView:
        item = self._base.decisions[notice.item]
        return facts.decision if item is self._base.decision else facts.dated(item)

    @staticmethod
    def _ahead_besides(told: Collection[str], facts: Snapshot) -> list[DatedView]:
        """What else lies ahead: other votes and deadlines."""
        return [view for view in (*facts.votes, *facts.deadlines) if view.is_ahead and view.item.id not in told]

    def _erased_after(self, told: Sequence[tuple[Notice, DatedView]], facts: Snapshot) -> date | None:
        """When subscriptions are erased that end with a deadline told here; None where more is to come after it. Each
        reminder of it says so, since any of them may be the last that somebody wants."""
        if any(is_open(view.report, facts.instant) for view in facts.votes):
            return None
        days = {view.item.id: when.day_over_at for view in facts.deadlines
                if view.is_ahead and (when := date_ahead(view.report))}  # fmt: skip
        reminded = {notice.item for notice, _ in told if notice.kind in CHOICES_OF}
        last = max(days.values(), default=None)
        if last is None or not any(days[item] == last for item in days.keys() & reminded):
            return None
        return (last + self._retention).date()

    def _buttons(self, ends: bool, option: str | None, facts: Snapshot, lang: str) -> list[Button]:
        turns = [Turn(ASKING, f"option:{option}")] if option else []
        turns += [Turn(intent) for intent in ((*AFTERWARDS, STOP) if ends else (*BEFORE, STOP))]
        known = self._phrasebook.presets
        return [Button(self._phrasebook.label(turn, facts, lang), turn) for turn in turns if turn.intent in known]


def _one_an_item(notices: Sequence[Notice]) -> list[Notice]:
    """Of several notices about one item the one that says most: word of a change before a mere reminder."""
    order = list(type(notices[0].kind)) if notices else []
    chosen: dict[str, Notice] = {}
    for notice in sorted(notices, key=lambda one: order.index(one.kind)):
        chosen[notice.item] = notice
    return list(chosen.values())
