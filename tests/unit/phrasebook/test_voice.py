"""What templates can call: texts, names, numbers of sources, days in words."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.factbase.base import FactBase
from bot.factbase.when import parse_when
from bot.phrasebook.voice import Voice

DALLAS = ZoneInfo("America/Chicago")


@pytest.fixture
def voices(base_of: Callable[..., FactBase]) -> dict[str, Voice]:
    """A voice for each language, on the evening before the clocks go back."""
    facts = base_of().at(datetime(2025, 11, 1, 23, 30, tzinfo=DALLAS))
    return {lang: Voice(facts, lang) for lang in ("en", "es")}


def test_names_take_their_article_only_inside_a_sentence(voices: dict[str, Voice]) -> None:
    english = voices["en"]
    assert (english.name("council"), english.in_sentence("council")) == ("Town Council", "the Town Council")
    assert (english.name("ruiz"), english.surname("ruiz"), english.in_sentence("ruiz")) == (
        "Ana Ruiz",
        "Ruiz",
        "Ana Ruiz",
    )
    assert voices["es"].names_of(["ruiz", "lee", "council"]) == "Ana Ruiz, Bo Lee y Concejo"


def test_sides_are_sorted_by_the_words_that_readers_see(base_of: Callable[..., FactBase]) -> None:
    opposed = "- {id: no, by: lee, paraphrase: {en: No., es: No.}, stance: opposed, about: mending, sources: [paper]}\n"
    facts = base_of(more={"statements.yaml": opposed}).at(datetime(2025, 11, 1, tzinfo=DALLAS))
    orders = {
        lang: [side.position.id for side in Voice(facts, lang).in_order(facts.sides("now"))] for lang in ("en", "es")
    }
    assert orders == {"en": ["opposed", "in-favor"], "es": ["in-favor", "opposed"]}


@pytest.mark.parametrize(
    ("written", "days"),
    [("2025-11-01", 0), ("2025-11-02", 1), ("2025-11-03T00:00", 2), ("2025-10-31", -1), ("2026-03-08", 127)],
)
def test_days_are_counted_by_the_calendar_not_by_hours(voices: dict[str, Voice], written: str, days: int) -> None:
    assert voices["en"].days_away(parse_when(written, DALLAS)) == days


def test_hours_are_those_of_the_clock_on_the_wall(voices: dict[str, Voice]) -> None:
    night = datetime(2025, 11, 2, 1, 30, tzinfo=DALLAS)
    assert voices["en"].pattern(night, "h:mm") == voices["en"].pattern(night.replace(fold=1), "h:mm") == "1:30"
    assert voices["en"].pattern(night, "EEEE, MMMM d") == "Sunday, November 2"
    assert voices["es"].pattern(date(2025, 11, 2), "EEEE d 'de' MMMM") == "domingo 2 de noviembre"


def test_an_interrupted_quotation_shows_where(voices: dict[str, Voice], base_of: Callable[..., FactBase]) -> None:
    said = base_of().pack.statements[0]
    assert voices["en"].quoted(said) == "The bridge is old … It isn't safe, and we will mend it."


def test_citing_once_does_not_count_as_telling(base_of: Callable[..., FactBase]) -> None:
    base = base_of()
    voice = Voice(base.at(datetime(2025, 12, 1, tzinfo=DALLAS)), "en")
    assert voice.cite_once(base.people["ruiz"].roles[0]) == " <sup>[1]</sup>"
    assert voice.told == {}
    assert voice.cite(base.decision.reports[2], base.pack.events[0]) == " <sup>[2]</sup> <sup>[1]</sup>"
    assert list(voice.told) == ["decision:mending", "event:crack"]
    assert voice.cite() == ""


@pytest.mark.parametrize(
    ("written", "minutes", "seconds"),
    [
        ("2025-11-01T23:31", 1, 60),
        ("2025-11-01T23:31:40", 1, 40),
        ("2025-11-02T09:00", 630, 60),  # the clocks go back an hour in between
        ("2025-11-01T23:30:40", None, None),
        ("2025-11-01T23:30", None, None),
        ("2025-11-02T23:30", None, None),
        ("2025-11-02", None, None),
    ],
)
def test_number_of_minutes_ends_with_its_minute(
    voices: dict[str, Voice], written: str, minutes: int | None, seconds: int | None
) -> None:
    voice, now = voices["en"], datetime(2025, 11, 1, 23, 30, tzinfo=DALLAS)
    assert voice.minutes_left(parse_when(written, DALLAS)) == minutes
    assert voice.minute_ends_at == (now.astimezone(UTC) + timedelta(seconds=seconds) if seconds else None)


def test_first_minute_that_ends_counts_for_the_answer(voices: dict[str, Voice]) -> None:
    voice = voices["en"]
    for written in ("2025-11-02T03:00:50", "2025-11-02T03:00:20", "2025-11-02T03:00:40"):
        voice.minutes_left(parse_when(written, DALLAS))
    assert voice.minute_ends_at == datetime(2025, 11, 1, 23, 30, 20, tzinfo=DALLAS)
