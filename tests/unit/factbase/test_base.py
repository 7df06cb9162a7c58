"""The fact base: since when something counts as known, and what ids lead to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.factbase.base import FactBase, fact_id

DALLAS = ZoneInfo("America/Chicago")
MakeBase = Callable[..., FactBase]


def test_a_source_counts_from_the_end_of_its_day_or_from_known_from(base_of: MakeBase) -> None:
    since = base_of().source_since
    assert since == {
        "paper": datetime(2025, 10, 21, tzinfo=DALLAS),
        "radio": datetime(2025, 11, 6, 18, tzinfo=DALLAS),
    }


def test_a_fact_counts_from_the_earliest_of_its_sources(base_of: MakeBase) -> None:
    base = base_of(changes={"events.yaml": ("sources: [paper]", "sources: [radio, paper]")})
    assert base.since(base.pack.events[0]) == base.source_since["paper"]


@pytest.mark.parametrize(
    ("known_from", "hour"),
    [
        ("2025-10-25", datetime(2025, 10, 26, tzinfo=DALLAS)),
        ("2025-10-25T08:00", datetime(2025, 10, 25, 8, tzinfo=DALLAS)),
    ],
)
def test_known_from_counts_before_any_source_and_a_day_from_its_end(
    base_of: MakeBase, known_from: str, hour: datetime
) -> None:
    base = base_of(changes={"events.yaml": ("sources: [paper]", f"sources: [paper]\n  known_from: {known_from}")})
    assert base.since(base.pack.events[0]) == hour


def test_parts_belong_to_the_fact_that_they_stand_in(base_of: MakeBase) -> None:
    base = base_of()
    assert base.fact_id(base.decision.reports[0]) == "decision:mending"
    assert base.fact_id(base.pack.figures[0].claims[1]) == "figure:cost"
    assert base.fact_id(base.topic.summary[0]) == "topic:old-bridge"
    assert fact_id(base.pack.decisions[1]) == "decision:grant-deadline"


def test_entities_are_found_by_kind_and_id(base_of: MakeBase) -> None:
    base = base_of()
    assert list(base.entities()) == ["person:ruiz", "person:lee", "org:council", "term:girder"]
    for name, entity in base.entities().items():
        assert base.entity(name) is entity
    for name in (None, "", "ruiz", "person:", "person:council", "org:ruiz", "planet:mars", "person:ruiz:x"):
        assert base.entity(name) is None


def test_speakers_and_positions_are_found_by_id(base_of: MakeBase) -> None:
    base = base_of()
    assert base.speaker("ruiz").id == "ruiz"
    assert base.speaker("council").id == "council"
    assert base.position("opposed").label.get("en") == "Against mending"


def test_facts_change_when_a_time_in_the_pack_begins_ends_or_is_of_yesterday(base_of: MakeBase) -> None:
    base = base_of(files={"howtos.yaml": None})
    found, at = [], datetime(2025, 11, 4, tzinfo=DALLAS)
    while change := base.next_change(at):
        found.append(change.astimezone(DALLAS).strftime("%Y-%m-%d %H:%M"))
        at = change
    assert found == [
        "2025-11-05 09:00",  # the day is reported
        "2025-11-06 00:00",
        "2025-11-06 09:00",  # the vote begins
        "2025-11-06 18:00",  # the outcome is reported
        "2025-11-07 00:00",
        "2025-11-08 00:00",  # the week in which it was expected is over
        "2026-12-01 00:00",
        "2026-12-02 00:00",
    ]


def test_next_change_is_after_an_instant_and_not_at_it(base_of: MakeBase) -> None:
    base, begins = base_of(), datetime(2025, 11, 6, 9, tzinfo=DALLAS)
    assert base.next_change(begins - timedelta(microseconds=1)) == begins
    assert base.next_change(begins) == datetime(2025, 11, 6, 18, tzinfo=DALLAS)
    assert base.next_change(datetime(2027, 1, 1, tzinfo=DALLAS)) is None
