"""Until when a reply stays true: nothing of it but the "as of" changes before, and what it says changes then."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation.conversation import Conversation
from bot.core.clock import FixedClock
from bot.core.messages import Incoming, Reply, Turn
from bot.core.ports import Understanding
from bot.factbase.base import FactBase
from bot.factbase.loader import load_pack
from bot.phrasebook.book import Phrasebook

ZONE = ZoneInfo("America/Chicago")
AS_OF = re.compile(r"[^·>]+</p>$")  # the end of every answer, behind its sources
RENDERED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
NEVER = datetime.min.replace(tzinfo=UTC)
SECOND, A_WHILE = timedelta(seconds=1), timedelta(hours=40)
# Every kind of time that a pack can hold, on and off the full minute, and around the nights when the clocks change.
TERMS = """\
- id: girder
  name: {en: girder, es: viga}
  definition:
    - {sources: [paper], valid_until: 2025-11-02, text: {en: A long beam., es: Una viga larga.}}
    - {sources: [paper], known_from: 2025-10-25T10:15:30, valid_from: 2025-11-02T03:00, text: {en: Beam., es: Viga.}}
"""
DECISIONS = """\
- id: walk
  kind: meeting
  name: {en: the walk, es: el paseo}
  reports:
    - {state: scheduled, when: 2025-11-08, sources: [paper]}
    - {state: postponed, until: 2026-03-08T12:30:15, sources: [paper], known_from: 2025-11-07T20:00}
- id: count
  name: {en: the count, es: el conteo}
  question: {en: Count?, es: ¿Contar?}
  positions: [{id: yes-count, label: {en: For counting, es: A favor}}]
  who_decides: [{sources: [radio], text: {en: Nobody knows., es: Nadie sabe.}}]
  reports:
    - {state: expected, when: 2025-12, sources: [radio]}
    - {state: cancelled, sources: [radio], known_from: 2025-12-15T00:00:01}
"""


class Silent:
    """An interpreter that nobody writes to."""

    def understand(self, text: str, context: Turn | None = None) -> Understanding:  # noqa: ARG002 - the port's names
        return Understanding(Turn("not_covered"), "confirm", 0.5, candidates=(Turn("help"), Turn("privacy")))


@dataclass(frozen=True)
class Told:
    """A pack, who speaks of it, and the instants around which something happens."""

    base: FactBase
    talk: Conversation
    points: list[datetime]

    def reply(self, turn: Turn | None, lang: str, at: datetime) -> Reply:
        return self.talk.answer(Incoming(turn=turn, lang=lang, at=at))


def told(base: FactBase, responses: Path) -> Told:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    talk = Conversation(base, Phrasebook(responses, ["en", "es"]), Silent(), clock)
    nights = [datetime(*day, tzinfo=ZONE) for day in ((2025, 11, 2), (2025, 12, 31), (2026, 3, 8))]
    return Told(base, talk, [*base.changes, *nights])


@pytest.fixture(scope="session")
def dallas(pack_folder: Path, responses_folder: Path) -> Told:
    """The Dallas pack."""
    pack, _ = load_pack(pack_folder)
    assert pack
    return told(FactBase(pack), responses_folder)


@pytest.fixture
def invented(base_of: Callable[..., FactBase], responses_folder: Path) -> Told:
    """The small pack with every kind of time in it."""
    roles = "sources: [paper], since: 2025-10-01, until: 2025-11-06}"
    return told(
        base_of(
            files={"terms.yaml": TERMS},
            changes={"people.yaml": ("organisation: council, sources: [paper]}", f"organisation: council, {roles}")},
            more={"decisions.yaml": DECISIONS},
        ),
        responses_folder,
    )


def wording(reply: Reply) -> Reply:
    """What a reply says, apart from the instant."""
    html, ends = AS_OF.subn("", reply.html)
    assert ends == 1
    return replace(reply, html=html, at=NEVER)


def assert_true_until_then(told: Told, data: st.DataObject) -> None:
    turns = [data.draw(st.sampled_from([None, *told.talk.turns()])), Turn("when_is_the_vote"), Turn("add_to_calendar")]
    lang = data.draw(st.sampled_from(["en", "es"]))
    away = data.draw(st.sampled_from([0 * SECOND, SECOND, -SECOND]) | st.timedeltas(-A_WHILE, A_WHILE))
    at = data.draw(st.sampled_from(told.points)).astimezone(UTC) + away
    part = data.draw(st.floats(0, 1))
    for turn in turns:
        first = told.reply(turn, lang, at)
        assert first.until is not None
        assert timedelta() < first.until - at <= timedelta(hours=25)
        later = min(at + part * (first.until - at), first.until - timedelta(microseconds=1))
        assert wording(told.reply(turn, lang, later)) == wording(first)


@RENDERED
@given(st.data())
def test_no_answer_of_the_dallas_pack_changes_before_it_says(dallas: Told, data: st.DataObject) -> None:
    assert_true_until_then(dallas, data)


@RENDERED
@given(st.data())
def test_no_answer_of_an_invented_pack_changes_before_it_says(invented: Told, data: st.DataObject) -> None:
    assert_true_until_then(invented, data)


@pytest.mark.parametrize(
    ("at", "until", "before", "after"),
    [
        ("2025-11-05T09:00:10", "2025-11-06T00:00", "Tomorrow:", "Today:"),
        ("2025-11-06T08:00", "2025-11-06T09:00", "Today:", "It was set for today"),
        ("2025-11-06T09:00", "2025-11-06T18:00", "no report of the outcome yet", "It was approved"),
        ("2025-10-31T20:00", "2025-11-01T00:00", "Expected in", "which is now"),
        ("2025-11-02T00:30", "2025-11-03T00:00", "which is now", "which is now"),  # a day of 25 hours
    ],
)
def test_answer_is_true_until_it_has_to_be_told_otherwise(
    base_of: Callable[..., FactBase], responses_folder: Path, at: str, until: str, before: str, after: str
) -> None:
    small, vote = told(base_of(), responses_folder), Turn("when_is_the_vote")
    first = small.reply(vote, "en", datetime.fromisoformat(at).replace(tzinfo=ZONE))
    assert first.until == datetime.fromisoformat(until).replace(tzinfo=ZONE).astimezone(UTC)
    assert before in first.html
    assert after in small.reply(vote, "en", first.until).html


def test_question_back_says_until_when_too(dallas: Told) -> None:
    reply = dallas.reply(None, "en", datetime(2025, 11, 5, 12, tzinfo=ZONE))
    assert reply.outcome == "confirm"
    assert reply.until is not None
