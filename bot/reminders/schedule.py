"""When to remind of a date: pure, from the newest known report of it and the topic's zone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.clock import Clock
from bot.factbase.base import FactBase
from bot.factbase.models import Deadline, Decision, Report
from bot.factbase.when import Precision, When
from bot.reminders.notice import Kind, Notice
from bot.reminders.quiet_hours import DAY, END, local_moment, out_of_quiet_hours
from bot.reminders.told import date_ahead, is_exact, told_of

SHORTLY: Final = timedelta(hours=2)  # before a moment; and what has to lie between a reminder and the next
NO_CHANGES: Final[Mapping[str, int]] = MappingProxyType({})


def due(base: FactBase, clock: Clock, changes: Mapping[str, int] = NO_CHANGES) -> tuple[Notice, ...]:
    """The reminders that are due and still of use at the clock's instant, oldest first, by what is known then.

    `changes` counts the changes of each item that were seen so far (none: 0); it is part of a notice's version.
    """
    now = clock.now()
    return tuple(notice for notice in _all(base, now, changes) if notice.send_at <= now < notice.useful_until)


def upcoming(base: FactBase, clock: Clock, changes: Mapping[str, int] = NO_CHANGES) -> tuple[Notice, ...]:
    """The reminders that lie ahead at the clock's instant, next first, by what is known then."""
    now = clock.now()
    return tuple(notice for notice in _all(base, now, changes) if now < notice.send_at)


def dated_items(base: FactBase) -> tuple[Decision | Deadline, ...]:
    """What subscribers are told of, in the pack's order: decisions and deadlines, not plain meetings."""
    return tuple(item for item in base.decisions.values() if isinstance(item, Decision | Deadline))


def reminders_of(item: str, report: Report, zone: ZoneInfo, number: int) -> tuple[Notice, ...]:
    """Every reminder of the date that a report names, whether past or not, each with its nominal instants; none where
    it names no date. `number` counts the changes before it."""
    ahead, version = date_ahead(report), told_of(report).version(number)
    if ahead is None:
        return ()
    if not is_exact(report):
        opens = local_moment(ahead.first_day - DAY, END, zone)
        spans = {Kind.WINDOW: (opens, ahead.start)}
    else:
        week, day, hours = _moments(ahead, zone)
        spans = {
            Kind.WEEK: (week, day - SHORTLY),
            Kind.DAY: (day, hours - SHORTLY),
            Kind.HOURS: (hours, ahead.end),
        }
    return tuple(
        Notice(item, kind, version, send_at.astimezone(UTC), useful_until.astimezone(UTC))
        for kind, (send_at, useful_until) in spans.items()
    )


def _moments(ahead: When, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """When to remind 7 days before, 1 day before, and shortly before: 2 hours, or on the morning of a day."""
    if ahead.precision is not Precision.MOMENT:
        week, day, hours = (local_moment(ahead.first_day - days * DAY, END, zone) for days in (7, 1, 0))
        return week, day, hours
    start = ahead.start.astimezone(zone)
    early = (local_moment(start.date() - days * DAY, start.time(), zone) for days in (7, 1))
    shortly = start.astimezone(UTC) - SHORTLY
    week, day, hours = (out_of_quiet_hours(at, start, zone) for at in (*early, shortly))
    return week, day, hours


def _all(base: FactBase, now: datetime, changes: Mapping[str, int]) -> list[Notice]:
    """The reminders of everything that is known to be ahead, in the order of their instants."""
    known = base.at(now)
    found = (
        notice
        for item in dated_items(base)
        if (report := known.dated(item).report)
        for notice in reminders_of(item.id, report, base.zone, changes.get(item.id, 0))
    )
    return sorted(found, key=lambda notice: (notice.send_at, notice.key))
