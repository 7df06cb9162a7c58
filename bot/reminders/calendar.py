"""The topic's dates as iCalendar files (RFC 5545, 7986): entries that keep their identity when a date changes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import icalendar

from bot.core.clock import Clock
from bot.factbase.base import FactBase
from bot.factbase.snapshot import DatedView
from bot.factbase.when import Precision, When
from bot.reminders.told import date_ahead, is_exact

Describe = Callable[[DatedView], tuple[str, str]]

TENTATIVE, CONFIRMED, CANCELLED = "TENTATIVE", "CONFIRMED", "CANCELLED"
WIDEST: Final = timedelta(days=31, hours=1)  # what can be shown in a calendar: a month, with an hour for the clocks
REFRESH: Final = timedelta(hours=1)  # how often a calendar may ask anew


def feed(base: FactBase, clock: Clock, lang: str, describe: Describe, address: str | None = None) -> bytes:
    """The calendar of all decisions, meetings and deadlines that can be shown, in the pack's order; it may be empty.

    `describe` gives an entry's summary and description in words, `address` is where readers reach the pages (without
    a slash at its end). The same facts and words give the same bytes.
    """
    known = base.at(clock.now())
    calendar = _empty(base, lang)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(REFRESH))
    if address:
        source = f"{address}/calendar/{base.topic.id}.ics?lang={lang}"
        calendar.add("source", icalendar.vUri(source), parameters={"value": "URI"})
    for item in base.decisions.values():
        if event := _event(base, known.dated(item), lang, describe, address):
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def entry(
    base: FactBase, item: str, clock: Clock, lang: str, describe: Describe, address: str | None = None
) -> bytes | None:
    """The file of one date by the id of its decision, meeting or deadline, as in `feed`; None where there is no such
    id, or no day to show."""
    if item not in base.decisions:
        return None
    event = _event(base, base.at(clock.now()).dated(base.decisions[item]), lang, describe, address)
    if event is None:
        return None
    calendar = _empty(base, lang)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _empty(base: FactBase, lang: str) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//civic-explainer//{base.topic.id}//{lang.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    name = base.topic.name.get(lang)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", base.zone.key)
    return calendar


def _event(
    base: FactBase, view: DatedView, lang: str, describe: Describe, address: str | None
) -> icalendar.Event | None:
    """SEQUENCE counts the reports before the newest known one, and both stamps are the instant since which that is
    known: what an editor changes in place leaves them as they are."""
    when, status = _shown(view)
    if view.report is None or when is None:
        return None
    summary, description = describe(view)
    event = icalendar.Event()
    event.add("uid", f"{view.item.id}@{base.topic.id}.civic-explainer")
    event.add("sequence", len(view.earlier))
    known_since = base.since(view.report).astimezone(UTC)
    event.add("dtstamp", known_since)
    event.add("last-modified", known_since)
    _add_times(event, when)
    event.add("status", status)
    event.add("summary", summary)
    event.add("description", description)
    if view.report.place:
        event.add("location", base.places[view.report.place].name.get(lang))
    if address:
        event.add("url", f"{address}/")
    return event


def _add_times(event: icalendar.Event, when: When) -> None:
    """A moment in UTC, without an end, since nobody knows it; days as a whole, from the first to before the end."""
    if when.precision is Precision.MOMENT:
        event.add("dtstart", _whole_seconds(when.start))
    else:
        event.add("dtstart", when.first_day)
        event.add("dtend", when.last_day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")


def _whole_seconds(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _shown(view: DatedView) -> tuple[When | None, str]:
    """Where in a calendar a date stands, and its STATUS; a date that was taken back stays where it was, cancelled."""
    report = view.report
    if report is None:
        return None, CANCELLED
    ahead = date_ahead(report)
    if ahead and is_exact(report):
        return ahead, CONFIRMED
    if ahead and _fits(ahead):
        return ahead, TENTATIVE
    earlier = [date for one in reversed(view.earlier) if (date := date_ahead(one)) and _fits(date)]
    if report.state in {"held", "decided"} and report.held:
        held = report.held
        hour = (date for date in earlier if date.precision is Precision.MOMENT and date.first_day == held.first_day)
        return next(hour, held), CONFIRMED
    return next(iter(earlier), None), CANCELLED


def _fits(when: When) -> bool:
    return when.end - when.start <= WIDEST
