"""What to do next about the topic's dates: pure, from the facts, the clock and what the ledger knows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from bot.core.clock import Clock
from bot.factbase.base import FactBase
from bot.factbase.models import Deadline, Decision, Report
from bot.reminders.campaign import Past, Plan, Seen, campaign_of
from bot.reminders.notice import Kind, Notice
from bot.reminders.quiet_hours import ENOUGH, is_quiet, morning_after
from bot.reminders.schedule import dated_items, reminders_of
from bot.reminders.told import AWAITED_FOR, CANCELLED, ENDED, Sight, Told, change_of, told_of

TOGETHER: Final = timedelta(hours=2)  # what falls closer than this becomes one message
LAST: Final = frozenset({Kind.HOURS, Kind.WINDOW})  # reminders that none follows
NEWS_KEEPS: Final = timedelta(days=14)  # for how long a change is worth telling that names no date to come
SILENCE: Final = NEWS_KEEPS  # how long nothing has to happen before subscriptions end that no outcome ended


def plan(base: FactBase, clock: Clock, past: Past) -> Plan:
    """What is to be written down now, whole or not at all; an empty plan where nothing is to be done.

    Works from whatever was seen last, however long ago, also where the clock was set back: then what was told last
    still counts, and no notice is ever planned twice. As long as a change waits for the morning, nothing of its item
    is cancelled: an editor may take it back.
    """
    now = clock.now()
    views = [view for item in dated_items(base) if (view := _Outlook.of(base, item, now, past))]
    changes = {view: change for view in views if (change := _change_of(view, views, past))}
    told = _told_now(base, now, past, views, changes)
    over = [] if changes else _over_now(views, now, past)
    create = [campaign_of(over, now)] if over else []
    create += [campaign_of(told, now, silent=is_quiet(now, base.zone))] if told else []
    waiting = set() if told else {view.item.id for view in changes}
    records = (view.waiting_record if view.item.id in waiting else view.record for view in views)
    return Plan(
        create=tuple(create),
        cancel=tuple(
            key
            for key, notices in past.running.items()
            if all(stale(one, base, clock, past) for one in notices) and not any(one.item in waiting for one in notices)
        ),
        seen=tuple(record for record in records if record != past.seen.get(record.item)),
    )


def stale(notice: Notice, base: FactBase, clock: Clock, past: Past) -> bool:
    """Whether a notice is of no use any more: too late, or its item is gone or told otherwise since."""
    now, item = clock.now(), base.decisions.get(notice.item)
    if now >= notice.useful_until or not isinstance(item, Decision | Deadline):
        return True
    view = _Outlook.of(base, item, now, past)
    return view is None or view.version != notice.version


def current(notices: Iterable[Notice], base: FactBase, clock: Clock, past: Past) -> tuple[Notice, ...]:
    """Those that are not stale, in their order: what a message has to tell when it is sent."""
    return tuple(notice for notice in notices if not stale(notice, base, clock, past))


def as_of(notices: Iterable[Notice], clock: Clock, past: Past) -> datetime:
    """The instant whose facts these notices tell: the clock's; the last one seen, if the clock was set back since."""
    seen = (Sight.of(past.seen[notice.item].told) for notice in notices if notice.item in past.seen)
    return max([clock.now(), *(sight.since for sight in seen if sight)])


@dataclass(frozen=True, eq=False)
class _Outlook:
    """One item as planning sees it: what was told before, what is to be told now."""

    base: FactBase
    item: Decision | Deadline
    now: datetime
    before: Sight | None
    report: Report
    seen_number: int

    @classmethod
    def of(cls, base: FactBase, item: Decision | Deadline, now: datetime, past: Past) -> "_Outlook | None":
        """None where nothing is known of the item yet."""
        seen = past.seen.get(item.id)
        before = Sight.of(seen.told) if seen else None
        report = base.at(_instant(now, before)).dated(item).report
        return cls(base, item, now, before, report, seen.number if seen else 0) if report else None

    @cached_property
    def told(self) -> Told:
        return told_of(self.report)

    @cached_property
    def kind(self) -> Kind | None:
        """What kind of change is seen; None where there is none, or the item is seen for the first time."""
        if self.before is None:
            return None
        known = self.base.at(_instant(self.now, self.before)).known(self.item.reports)
        return change_of(self.before.told, self.told, map(told_of, known))

    @property
    def number(self) -> int:
        """How many changes there were, with the one seen now."""
        return self.seen_number + (self.kind is not None)

    @property
    def version(self) -> str:
        return self.told.version(self.number)

    @property
    def record(self) -> Seen:
        """What the ledger is to keep of it; details that a later report leaves out still count as told."""
        told, since = self.told, self.base.since(self.report)
        if self.before and self.kind is None:
            told, since = told.with_details_of(self.before.told), max(since, self.before.since)
        return Seen(self.item.id, Sight(told, since).text(), self.number)

    @property
    def waiting_record(self) -> Seen:
        """What the ledger is to keep as long as the change waits: what was told, and when the change was first seen."""
        assert self.before  # noqa: S101 - where nothing was told nothing has changed
        sight = replace(self.before, waiting=self.version, seen_at=self._seen_before or self.now)
        return Seen(self.item.id, sight.text(), self.seen_number)

    @property
    def _seen_before(self) -> datetime | None:
        """When this very change was first seen, if it waits already."""
        return self.before.seen_at if self.before and self.before.waiting == self.version else None

    @cached_property
    def change(self) -> Notice | None:
        """The notice of the change that is seen; None where there is none, or it is of no use to anybody. It concerns
        those who subscribed before the change was first seen: whoever came later, though before the morning, was shown
        the dates as they are now."""
        useful_until = self._change_useful_until()
        if self.kind is None or useful_until is None:
            return None
        send_at, silent = min(self._seen_before or self.now, self.now), is_quiet(self.now, self.base.zone)
        return Notice(self.item.id, self.kind, self.version, send_at, useful_until, silent)

    def _change_useful_until(self) -> datetime | None:
        """The end of the new date; 14 days where there is none, or where people wait for a date that has passed."""
        new = self.told.ends_at
        if new and new > self.now:
            return new
        awaited = self.before.told.ends_at if self.before else None
        is_awaited = awaited is not None and awaited > self.now
        return self.now + NEWS_KEEPS if new is None or is_awaited or self.kind is Kind.CORRECTION else None

    @property
    def can_wait(self) -> bool:
        """Whether the change may be told at the end of the quiet hours: an hour then remains before the next of the
        dates that people were told or are to be told."""
        dates = (told.starts_at for told in (self.told, self.before.told if self.before else None) if told)
        morning = morning_after(self.now, self.base.zone)
        return all(date - morning >= ENOUGH for date in dates if date and date > self.now)

    @property
    def reminders(self) -> tuple[Notice, ...]:
        """Those of what is to be told now, past and future."""
        return reminders_of(self.item.id, self.report, self.base.zone, self.number)

    @property
    def is_settled(self) -> bool:
        return self.told.standing in ENDED or self.told.standing == CANCELLED

    @property
    def lies_ahead(self) -> bool:
        return not self.is_settled and bool(self.told.ends_at and self.told.ends_at > self.now)

    @property
    def is_open(self) -> bool:
        """Whether an outcome may still come: that of a vote ahead, or of one that nobody has reported."""
        is_vote, ends_at = isinstance(self.item, Decision), self.told.ends_at
        return is_vote and not self.is_settled and bool(ends_at and self.now < ends_at + AWAITED_FOR)

    @property
    def is_past_deadline(self) -> bool:
        return isinstance(self.item, Deadline) and not self.is_settled and not self.lies_ahead

    @property
    def last_moved(self) -> datetime:
        """The end of its date, or when the newest report of it became known, whichever is later."""
        since = self.base.since(self.report)
        return max(since, self.told.ends_at or since)

    def notice(self, kind: Kind) -> Notice:
        """A notice of this instant."""
        return Notice(self.item.id, kind, self.version, self.now, self.now + NEWS_KEEPS)


def _instant(now: datetime, before: Sight | None) -> datetime:
    """As of when facts count: what was told once is not unknown again when the clock is set back."""
    return max(now, before.since) if before else now


def _change_of(view: _Outlook, views: Sequence[_Outlook], past: Past) -> Notice | None:
    """The notice of a change that was not told yet. An outcome ends no subscription while another vote is open; that of
    a deadline none while anything else lies ahead."""
    change = view.change
    if change is None or change.key in past.spent:
        return None
    is_deadline = isinstance(view.item, Deadline)
    goes_on = any(other.is_open or (is_deadline and other.lies_ahead) for other in views if other is not view)
    if change.kind is not Kind.OUTCOME or not goes_on:
        return change
    settled = replace(change, kind=Kind.SETTLED)
    return None if settled.key in past.spent else settled


def _over_now(views: Sequence[_Outlook], now: datetime, past: Past) -> list[Notice]:
    """Word that nothing lies ahead, for the ledger alone: at once where a deadline has passed; after two weeks of
    silence in any other case that no outcome ended, such as a cancelled vote."""
    if not views or any(view.lies_ahead or view.is_open for view in views):
        return []
    over = {view.item.id: view.notice(Kind.OVER) for view in views if view.is_past_deadline}
    last = max(views, key=lambda view: view.last_moved)
    moved = max(last.last_moved, past.last_at or last.last_moved)
    if now >= moved + SILENCE and last.notice(Kind.OUTCOME).key not in past.spent:
        over[last.item.id] = last.notice(Kind.OVER)
    return [notice for notice in over.values() if notice.key not in past.spent]


def _told_now(
    base: FactBase, now: datetime, past: Past, views: Sequence[_Outlook], changes: Mapping[_Outlook, Notice]
) -> list[Notice]:
    """The notices of the campaign to make now: all that have to go or may, with the reminders of the next two hours;
    none as long as everything can wait."""
    soon = [
        one for view in views for one in view.reminders
        if one.key not in past.spent and one.send_at < now + TOGETHER and now < one.useful_until
    ]  # fmt: skip
    due = [one for one in soon if one.send_at <= now]
    quiet = is_quiet(now, base.zone)
    earliest = morning_after(_rested(now, past), base.zone)
    waits = all(quiet and view.can_wait for view in changes) and all(_can_wait(one, now, earliest) for one in due)
    return [] if waits else [*changes.values(), *soon]


def _rested(now: datetime, past: Past) -> datetime:
    """The first instant, from now on, that is two hours after the campaign before."""
    last = past.last_at
    return last + TOGETHER if last is not None and last <= now < last + TOGETHER else now


def _can_wait(notice: Notice, now: datetime, until: datetime) -> bool:
    """Whether a reminder that is due may be left until then. The last one before a date may not if it were of no use
    by then, or less than an hour remained; one that others follow may: they tell the same."""
    if now == until:
        return False
    needed = ENOUGH if notice.kind is Kind.HOURS else timedelta(0)
    return notice.kind not in LAST or (until < notice.useful_until and until + needed <= notice.useful_until)
