"""What subscribers are sent: true at the moment of sending, sourced, with a way out, in both languages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.messages import Reply
from bot.factbase.base import FactBase
from bot.phrasebook.book import Phrasebook
from bot.platforms.plaintext import to_text
from bot.reminders.letters import Letters
from bot.reminders.notice import Kind, Notice
from tests.unit.reminders.newsroom import Newsroom

ZONE = ZoneInfo("America/Chicago")
VOTE, DEADLINE = "mending", "grant-deadline"

Write = Callable[..., str]


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type]


def notice(kind: Kind, item: str = VOTE) -> Notice:
    return Notice(item, kind, "0-1", moment(2025, 11, 5, 9), moment(2027, 1, 1))


@pytest.fixture
def letters(base_of: Callable[..., FactBase], responses_folder: Path) -> Letters:
    return Letters(base_of(), Phrasebook(responses_folder, ["en", "es"]), timedelta(days=30))


def letters_of(base: FactBase, responses_folder: Path) -> Letters:
    return Letters(base, Phrasebook(responses_folder, ["en", "es"]), timedelta(days=30))


def text(reply: Reply | None) -> str:
    assert reply is not None
    return " ".join(to_text(reply.html).split())


def labels(reply: Reply | None) -> list[str]:
    assert reply is not None
    return [button.label for button in reply.buttons]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ((2025, 11, 6, 7), "in about 2 hours"),
        ((2025, 11, 6, 7, 40), "in 80 minutes"),
        ((2025, 11, 6, 8, 57), "in 3 minutes"),
        ((2025, 11, 5, 20), "in about 13 hours"),
    ],
)
def test_the_time_is_the_one_that_really_remains(letters: Letters, at: tuple[int, ...], said: str) -> None:
    told = text(letters.compose([notice(Kind.HOURS)], "en", moment(*at)))
    assert told.startswith(f"Reminder, {said}: the vote on mending.")
    assert "Thursday, November 6, 9:00 a.m., at Town Hall. [1]" in told


def test_the_hour_of_a_deadline_is_told_in_its_reminder_and_beside_an_outcome(
    newsroom: Newsroom, responses_folder: Path
) -> None:
    decided = {"state": "decided", "held": "2025-10-20", "outcome": "adopted"}
    deadline = {"state": "scheduled", "when": "2026-12-01T17:00"}
    letters = letters_of(newsroom.base({VOTE: [decided], DEADLINE: [deadline]}), responses_folder)
    for one in (notice(Kind.WEEK, DEADLINE), notice(Kind.OUTCOME)):
        assert "December 1, 2026, 5:00 p.m." in text(letters.compose([one], "en", moment(2025, 11, 5, 10)))


def test_a_deadline_without_an_hour_is_told_by_its_day(letters: Letters) -> None:
    told = text(letters.compose([notice(Kind.WEEK, DEADLINE)], "en", moment(2026, 11, 24, 8)))
    assert told.startswith("Reminder: the last day for grants. In 7 days: Tuesday, December 1. [1]")


def test_a_window_says_that_the_day_is_not_known(letters: Letters) -> None:
    told = text(letters.compose([notice(Kind.WINDOW)], "en", moment(2025, 10, 31, 8)))
    assert "Expected in the first week of November 2025. No day has been confirmed." in told
    assert "I will write when the day is known." in told


def test_the_outcome_says_that_reminders_end_and_when_they_are_erased(letters: Letters) -> None:
    reply = letters.compose([notice(Kind.OUTCOME)], "en", moment(2025, 11, 6, 18, 30))
    assert text(reply).startswith("The outcome: the vote on mending. It was approved on Thursday, November 6, 8 to 5.")
    assert "With this your reminders end. I erase your subscription on December 6, 2025." in text(reply)
    assert "Until then I only write to correct something that I told you." in text(reply)
    assert "the last day for grants, December 1, 2026" in text(reply)
    assert labels(reply)[0] == "Yes, of the next date too"


def test_the_outcome_offers_no_renewal_where_nothing_lies_ahead(letters: Letters) -> None:
    reply = letters.compose([notice(Kind.OUTCOME)], "en", moment(2026, 12, 2, 9))
    assert "Yes, of the next date too" not in labels(reply)


def test_the_last_reminder_says_that_it_is_the_last(letters: Letters) -> None:
    told = text(letters.compose([notice(Kind.HOURS, DEADLINE)], "en", moment(2026, 12, 1, 8)))
    assert "This is the last date that I know of. After it your reminders end." in told
    assert "I erase your subscription on January 1, 2027." in told


@pytest.mark.parametrize(
    ("kind", "at"), [(Kind.WEEK, (2026, 11, 24, 8)), (Kind.DAY, (2026, 11, 30, 8)), (Kind.HOURS, (2026, 12, 1, 8))]
)
def test_each_reminder_of_the_last_date_says_so_since_others_may_be_switched_off(
    letters: Letters, kind: Kind, at: tuple[int, ...]
) -> None:
    told = text(letters.compose([notice(kind, DEADLINE)], "en", moment(*at)))
    assert "After it your reminders end. I erase your subscription on January 1, 2027." in told


def test_nothing_ends_with_a_date_before_the_vote(letters: Letters) -> None:
    told = text(letters.compose([notice(Kind.WEEK, DEADLINE)], "en", moment(2025, 11, 5, 10)))
    assert "the last date" not in told


@pytest.mark.parametrize(("until", "is_last"), [("2026-12-15", False), ("2026-11-20", False), ("indefinitely", True)])
def test_a_vote_postponed_to_a_known_date_keeps_the_reminders(
    newsroom: Newsroom, responses_folder: Path, until: str, is_last: bool
) -> None:
    postponed = {"state": "postponed", "until": until, "held": "2025-10-20"}
    deadline = {"state": "scheduled", "when": "2026-12-01"}
    letters = letters_of(newsroom.base({VOTE: [postponed], DEADLINE: [deadline]}), responses_folder)

    told = text(letters.compose([notice(Kind.HOURS, DEADLINE)], "en", moment(2026, 12, 1, 8)))

    assert ("This is the last date that I know of." in told) is is_last


def test_of_two_deadlines_on_one_day_and_of_a_later_one_the_end_is_told(
    newsroom: Newsroom, responses_folder: Path
) -> None:
    day = {"state": "scheduled", "when": "2026-12-01"}
    decided = {"state": "decided", "held": "2025-10-20", "outcome": "adopted"}
    both = letters_of(newsroom.base({VOTE: [decided], DEADLINE: [day], "tax-deadline": [day]}), responses_folder)
    later = {"state": "scheduled", "when": "2026-12-05"}
    two = letters_of(newsroom.base({VOTE: [decided], DEADLINE: [day], "tax-deadline": [later]}), responses_folder)
    at = moment(2026, 11, 30, 8)

    assert "the last date" in text(both.compose([notice(Kind.DAY, DEADLINE)], "en", at))
    assert "the last date" not in text(two.compose([notice(Kind.DAY, DEADLINE)], "en", at))
    assert "January 5, 2027" in text(two.compose([notice(Kind.WEEK, "tax-deadline")], "en", at))


def test_the_outcome_of_one_vote_names_the_other_and_ends_nothing(newsroom: Newsroom, responses_folder: Path) -> None:
    decided = {"state": "decided", "held": "2025-10-20", "outcome": "adopted"}
    ahead = {"state": "scheduled", "when": "2025-11-20T13:00"}
    letters = letters_of(newsroom.base({VOTE: [decided], "second-vote": [ahead]}), responses_folder)

    reply = letters.compose([notice(Kind.SETTLED)], "en", moment(2025, 11, 5, 10))

    assert text(reply).startswith("The outcome: the vote on mending. It was approved on Monday, October 20.")
    assert "November 20, 1:00 p.m." in text(reply)
    assert "reminders end" not in text(reply)


def test_a_correction_says_that_what_was_told_was_wrong(letters: Letters) -> None:
    told = text(letters.compose([notice(Kind.CORRECTION)], "es", moment(2025, 11, 5, 10)))
    assert told.startswith(
        "Una corrección: la votación sobre el arreglo. Lo que te dije antes de esta fecha era incorrecto."
    )


def test_of_two_notices_about_one_date_the_weightier_is_told_once(letters: Letters) -> None:
    told = text(letters.compose([notice(Kind.DAY), notice(Kind.DATE_KNOWN)], "en", moment(2025, 11, 5, 10)))
    assert told.count("the vote on mending") == 1
    assert told.startswith("There is a date now: the vote on mending. Tomorrow: Thursday, November 6")


def test_two_dates_stand_in_one_message(letters: Letters) -> None:
    told = text(letters.compose([notice(Kind.DAY), notice(Kind.WEEK, DEADLINE)], "en", moment(2025, 11, 5, 10)))
    assert "the vote on mending" in told
    assert "the last day for grants" in told


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("item", [VOTE, DEADLINE])
def test_every_notice_names_its_sources_and_the_way_out(letters: Letters, kind: Kind, item: str, lang: str) -> None:
    reply = letters.compose([notice(kind, item)], lang, moment(2025, 11, 5, 10))
    assert reply is not None
    assert reply.sources
    assert {"en": "Stop reminders", "es": "Detener recordatorios"}[lang] in labels(reply)
    assert all(button.turn for button in reply.buttons)


def test_what_is_not_known_yet_is_no_message(letters: Letters) -> None:
    assert letters.compose([notice(Kind.WEEK, DEADLINE)], "en", moment(2025, 1, 1)) is None


def test_a_correction_brings_ended_reminders_back_where_a_date_lies_ahead(letters: Letters) -> None:
    ahead = letters.compose([notice(Kind.CORRECTION)], "en", moment(2025, 11, 5, 10))
    assert "If your reminders had ended, “Yes, remind me” brings them back." in text(ahead)
    assert labels(ahead)[0] == "Yes, remind me"
    decided = letters.compose([notice(Kind.CORRECTION)], "en", moment(2025, 11, 7, 10))
    assert "brings them back" not in text(decided)
    assert "Yes, remind me" not in labels(decided)
