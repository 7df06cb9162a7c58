"""Entries keep their identity when a date changes, and say how sure it is."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest

from bot.factbase.base import FactBase
from bot.factbase.loader import load_pack
from bot.factbase.snapshot import DatedView
from bot.reminders.calendar import entry, feed
from tests.unit.reminders.newsroom import Newsroom, clock

WINDOW = {"state": "expected", "when": "2025-11-01/2025-11-07"}
MOMENT = {"state": "scheduled", "when": "2025-11-06T09:00", "place": "hall", "known_from": "2025-10-27T12:00"}
AT_NINE = datetime(2025, 11, 6, 15, tzinfo=UTC)  # in Dallas
LONG = "Línea, con; signos\\ y más: " * 9 + "\nAs of today."


def describe(view: DatedView) -> tuple[str, str]:
    """Words that a file has to escape and fold."""
    return f"{view.item.id}, told; well", LONG


def events(content: bytes | None) -> list[Any]:
    """The entries of a file, as another program reads them."""
    assert content is not None
    return list(icalendar.Calendar.from_ical(content).events)


def only(base: FactBase, now: str) -> Any:
    (event,) = events(feed(base, clock(now), "en", describe))
    return event


@pytest.mark.parametrize(
    ("reports", "start", "end", "status"),
    [
        ([WINDOW], date(2025, 11, 1), date(2025, 11, 8), "TENTATIVE"),
        ([{"state": "expected", "when": "2025-11"}], date(2025, 11, 1), date(2025, 12, 1), "TENTATIVE"),
        ([{"state": "scheduled", "when": "2025-11-06~"}], date(2025, 11, 6), date(2025, 11, 7), "TENTATIVE"),
        ([{"state": "scheduled", "when": "2028-02-29"}], date(2028, 2, 29), date(2028, 3, 1), "CONFIRMED"),
        ([WINDOW, MOMENT], AT_NINE, None, "CONFIRMED"),
        ([MOMENT, {"state": "cancelled"}], AT_NINE, None, "CANCELLED"),
        ([MOMENT, {"state": "postponed", "until": "indefinitely"}], AT_NINE, None, "CANCELLED"),
        ([MOMENT, {"state": "postponed", "until": "2026"}], AT_NINE, None, "CANCELLED"),
        ([MOMENT, {"state": "postponed", "until": "2025-12-01"}], date(2025, 12, 1), date(2025, 12, 2), "CONFIRMED"),
        ([MOMENT, {"state": "held", "held": "2025-11-06"}], AT_NINE, None, "CONFIRMED"),
        ([WINDOW, {"state": "held", "held": "2025-11-05"}], date(2025, 11, 5), date(2025, 11, 6), "CONFIRMED"),
    ],
)  # fmt: skip
def test_entry_stands_where_the_date_is_and_says_how_sure_it_is(
    newsroom: Newsroom, reports: list[dict[str, str]], start: date, end: date | None, status: str
) -> None:
    *before, last = reports
    base = newsroom.base({"mending": [*before, {**last, "known_from": "2025-11-07T12:00"}]})
    event = only(base, "2025-11-07T12:00")

    assert (event.start, event["STATUS"]) == (start, status)
    assert (event.get("DTEND") and event.end) == end
    assert event["SEQUENCE"] == len(before)


@pytest.mark.parametrize(
    "report", [{"state": "expected", "when": "2026"}, {"state": "expected", "when": "2026-21"}, {"state": "cancelled"}]
)
def test_date_that_nobody_could_mark_has_no_entry(newsroom: Newsroom, report: dict[str, str]) -> None:
    base = newsroom.base({"mending": [report]})

    assert not events(feed(base, clock("2025-10-27T12:00"), "en", describe))
    assert entry(base, "mending", clock("2025-10-27T12:00"), "en", describe) is None


def test_changed_date_is_the_same_entry_in_a_later_version(newsroom: Newsroom) -> None:
    base = newsroom.base({"mending": [WINDOW, MOMENT]})
    before, after = only(base, "2025-10-27T11:59"), only(base, "2025-10-27T12:00")

    assert before["UID"] == after["UID"] == "mending@old-bridge.civic-explainer"
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert before.DTSTAMP < after.DTSTAMP == after.LAST_MODIFIED == datetime(2025, 10, 27, 17, tzinfo=UTC)
    assert after["LOCATION"] == "Town Hall"


def test_file_stays_the_same_while_nothing_changes(newsroom: Newsroom) -> None:
    base = newsroom.base({"mending": [WINDOW, MOMENT]})
    days = [feed(base, clock(f"2025-11-0{day}T12:00"), "en", describe, "https://a.example") for day in range(1, 9)]

    assert len(set(days)) == 1


def test_words_of_any_length_and_any_signs_come_out_as_they_went_in(newsroom: Newsroom) -> None:
    content = feed(newsroom.base({"mending": [WINDOW]}), clock("2025-10-27T12:00"), "es", describe)
    (event,) = events(content)

    assert (event["SUMMARY"], event["DESCRIPTION"]) == ("mending, told; well", LONG)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_feed_holds_all_kinds_of_dates_and_says_where_it_comes_from(newsroom: Newsroom) -> None:
    base = newsroom.base({"mending": [WINDOW], "grant-deadline": [{"state": "scheduled", "when": "2026-12-01"}]})
    content = feed(base, clock("2025-10-27T12:00"), "es", describe, "https://a.example")
    calendar = icalendar.Calendar.from_ical(content)

    assert [event["UID"].partition("@")[0] for event in calendar.events] == ["mending", "grant-deadline"]
    assert (calendar["METHOD"], calendar["VERSION"], calendar["X-WR-CALNAME"]) == ("PUBLISH", "2.0", "el puente viejo")
    assert b"SOURCE;VALUE=URI:https://a.example/calendar/old-bridge.ics?lang=es\r\n" in content
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nSOURCE" in content
    assert b"X-PUBLISHED-TTL:PT1H\r\n" in content
    assert {event["URL"] for event in calendar.events} == {"https://a.example/"}


def test_meeting_that_is_no_vote_is_on_the_calendar(pack_folder: Path) -> None:
    pack, _ = load_pack(pack_folder)
    assert pack is not None
    found = events(feed(FactBase(pack), clock("2025-10-24T18:00"), "en", describe))

    assert [(event["UID"].partition("@")[0], event["STATUS"]) for event in found] == [
        ("joining-287g", "TENTATIVE"),
        ("council-meeting-2025-10-22", "CONFIRMED"),
        ("sb8-deadline", "CONFIRMED"),
    ]


def test_file_of_one_date_holds_that_alone(newsroom: Newsroom) -> None:
    base = newsroom.base({"mending": [WINDOW], "grant-deadline": [{"state": "scheduled", "when": "2026-12-01"}]})
    now = clock("2025-10-27T12:00")

    assert events(entry(base, "grant-deadline", now, "en", describe)) == events(feed(base, now, "en", describe))[1:]
    assert entry(base, "lost", now, "en", describe) is None
