# ruff: noqa: E501 - an entry of the pack stands in one line
"""What was known at an instant, and how dates stand then."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.factbase.base import FactBase
from bot.factbase.models import Event
from bot.factbase.snapshot import AHEAD, Snapshot, Standing

DALLAS = ZoneInfo("America/Chicago")
MakeBase = Callable[..., FactBase]
REPORTS = "    - {state: decided, held: 2025-11-06, outcome: adopted, tally: {votes_for: 8, votes_against: 5, absent: 1, members: 14}, body: council, sources: [radio]}\n"
SCHEDULED = "    - {state: scheduled, when: 2025-11-06T09:00, body: council, place: hall, sources: [paper], known_from: 2025-11-05T09:00}\n"


def at(base: FactBase, written: str) -> Snapshot:
    return base.at(datetime.fromisoformat(written).replace(tzinfo=DALLAS))


def ids(entries: Iterable[object]) -> list[str]:
    return [entry.id for entry in entries]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("clock", "standing"),
    [
        ("2025-10-20T23:59", Standing.UNKNOWN),
        ("2025-10-21T00:00", Standing.EXPECTED),
        ("2025-10-31T23:59", Standing.EXPECTED),
        ("2025-11-01T00:00", Standing.EXPECTED_NOW),
        ("2025-11-05T08:59", Standing.EXPECTED_NOW),
        ("2025-11-05T09:00", Standing.SCHEDULED),
        ("2025-11-06T08:59", Standing.SCHEDULED),
        ("2025-11-06T09:00", Standing.BEGUN),
        ("2025-11-06T17:59", Standing.BEGUN),
        ("2025-11-06T18:00", Standing.DECIDED),
        ("2030-01-01T00:00", Standing.DECIDED),
    ],
)
def test_a_decision_stands_as_the_newest_known_report_says(base_of: MakeBase, clock: str, standing: Standing) -> None:
    view = at(base_of(), clock).decision
    assert view.standing is standing
    assert view.is_ahead == (standing in AHEAD)


@pytest.mark.parametrize(
    ("clock", "standing"),
    [
        ("2025-11-07T23:59", Standing.EXPECTED_NOW),
        ("2025-11-08T00:00", Standing.WINDOW_PASSED),
        ("2027-01-01T00:00", Standing.WINDOW_PASSED),
    ],
)
def test_a_window_that_passed_without_an_outcome_is_told_as_that(
    base_of: MakeBase, clock: str, standing: Standing
) -> None:
    base = base_of(changes={"decisions.yaml": (SCHEDULED + REPORTS, "")}, files={"figures.yaml": None})
    assert at(base, clock).decision.standing is standing


def test_a_date_that_passed_without_an_outcome_is_told_as_that(base_of: MakeBase) -> None:
    base = base_of(changes={"decisions.yaml": (REPORTS, "")})
    assert at(base, "2025-11-06T23:59").decision.standing is Standing.BEGUN
    assert at(base, "2025-11-07T00:00").decision.standing is Standing.DATE_PASSED
    assert not at(base, "2025-11-07T00:00").decision.is_ahead


@pytest.mark.parametrize(
    ("report", "clock", "standing"),
    [
        ("state: postponed, until: indefinitely", "2030-01-01T00:00", Standing.POSTPONED),
        ("state: postponed, until: 2025-12-03", "2025-12-03T23:59", Standing.POSTPONED),
        ("state: postponed, until: 2025-12-03", "2025-12-04T00:00", Standing.WINDOW_PASSED),
        ("state: cancelled", "2030-01-01T00:00", Standing.CANCELLED),
        ("state: held, held: 2025-11-06", "2030-01-01T00:00", Standing.HELD),
    ],
)
def test_other_outcomes_stand_until_they_pass(base_of: MakeBase, report: str, clock: str, standing: Standing) -> None:
    base = base_of(changes={"decisions.yaml": (REPORTS, f"    - {{{report}, sources: [radio]}}\n")})
    assert at(base, clock).decision.standing is standing


@pytest.mark.parametrize(
    ("until", "clock", "is_ahead"),
    [
        ("2025-12-03", "2025-12-03T23:59", True),
        ("2025-12-03", "2025-12-04T00:00", False),
        ("2025-12", "2025-11-10T00:00", True),
        ("indefinitely", "2025-11-10T00:00", False),
    ],
)
def test_a_vote_postponed_to_a_known_date_lies_ahead(base_of: MakeBase, until: str, clock: str, is_ahead: bool) -> None:
    report = f"    - {{state: postponed, until: {until}, sources: [radio]}}\n"
    base = base_of(changes={"decisions.yaml": (REPORTS, report)})
    assert at(base, clock).decision.is_ahead is is_ahead
    assert ids(view.item for view in at(base, clock).votes) == ["mending"]


def test_a_deadline_lasts_until_its_day_is_over(base_of: MakeBase) -> None:
    base = base_of()
    assert at(base, "2026-12-01T23:59").deadlines[0].is_ahead
    (passed,) = at(base, "2026-12-02T00:00").deadlines
    assert passed.standing is Standing.DATE_PASSED
    assert at(base, "2025-10-20T12:00").deadlines == ()


def test_of_two_reports_as_new_the_later_in_the_file_counts(base_of: MakeBase) -> None:
    twice = REPORTS + "    - {state: postponed, until: indefinitely, sources: [radio]}\n"
    base = base_of(changes={"decisions.yaml": (REPORTS, twice)})
    view = at(base, "2025-11-06T18:00").decision
    assert view.standing is Standing.POSTPONED
    assert [report.state for report in view.earlier] == ["expected", "scheduled", "decided"]


def test_nothing_is_known_before_its_source_was_out(base_of: MakeBase) -> None:
    before, after = (at(base_of(), clock) for clock in ("2025-10-20T23:59", "2025-10-21T00:00"))
    for name in ("sources", "events", "statements", "stands", "howtos"):
        assert getattr(before, name) == ()
        assert getattr(after, name) != ()
    assert before.figures("money") == ()
    assert before.changes(5) == ()
    assert ids(before.help_for("in_distress")) == ["emergency"]  # help is not news: it is always there


def test_claims_are_told_as_they_become_known(base_of: MakeBase) -> None:
    base = base_of()
    early, late = (at(base, clock) for clock in ("2025-10-25T12:00", "2025-11-07T12:00"))
    (figure,) = early.figures("money")
    assert [claim.figure.get("en") for claim in early.known(figure.claims)] == ["$5 million"]
    assert len(late.known(figure.claims)) == 2
    assert late.figures("turnout") == ()


def test_a_passage_is_told_only_while_it_is_valid(base_of: MakeBase) -> None:
    bounds = "valid_from: 2026-01-01T00:00, valid_until: 2026-02-01T00:00, "
    base = base_of(changes={"organisations.yaml": ("text: {en: It decides.", f"{bounds}text: {{en: It decides.")})
    known = {
        clock: bool(at(base, clock).known(base.pack.organisations[0].description))
        for clock in ("2025-12-31T23:59", "2026-01-01T00:00", "2026-01-31T23:59", "2026-02-01T00:00")
    }
    assert list(known.values()) == [False, True, True, False]


def test_only_sources_that_were_out_are_cited(base_of: MakeBase) -> None:
    base = base_of(changes={"events.yaml": ("sources: [paper]", "sources: [radio, paper]")})
    event = base.pack.events[0]
    assert ids(at(base, "2025-11-01T00:00").sources_of(event)) == ["paper"]
    assert ids(at(base, "2025-11-06T18:00").sources_of(event)) == ["radio", "paper"]


def test_where_the_pack_says_since_when_a_source_counts_from_the_morning_of_its_day(base_of: MakeBase) -> None:
    base = base_of(
        changes={"events.yaml": ("sources: [paper]", "sources: [radio, paper]\n  known_from: 2025-10-20T12:00")}
    )
    assert ids(at(base, "2025-10-20T12:00").sources_of(base.pack.events[0])) == ["paper"]


def test_sources_come_newest_first_and_events_oldest_first(base_of: MakeBase) -> None:
    flood = "- {id: flood, when: 2025-09-01, text: {en: It rose., es: Subió.}, sources: [radio]}\n"
    base = base_of(more={"events.yaml": flood})
    assert ids(at(base, "2025-12-01T00:00").sources) == ["radio", "paper"]
    assert ids(at(base, "2025-12-01T00:00").events) == ["flood", "crack"]
    assert ids(at(base, "2025-11-01T00:00").events) == ["crack"]


JOINT = """\
- id: joint
  by: lee
  and_others: 1
  quote: We say no
  translation: {es: Decimos que no}
  about: mending
  stance: opposed
  sources: [radio]
  reported_differently:
    - by: [lee, ruiz]
      quote: We both say no
      sources: [paper]
"""


def test_a_statement_stands_in_its_earlier_form_until_its_own_report_is_out(base_of: MakeBase) -> None:
    base = base_of(more={"statements.yaml": JOINT})
    early, late = (at(base, clock).statements[-1] for clock in ("2025-11-01T00:00", "2025-11-06T18:00"))
    assert (early.quote[0].exact, early.by, early.and_others) == ("We both say no", ("lee", "ruiz"), 0)
    assert (late.quote[0].exact, late.by, late.and_others) == ("We say no", ("lee",), 1)
    assert base.fact_id(early) == base.fact_id(late) == "statement:joint"
    assert ids(at(base, "2025-11-01T00:00").sources_of(early)) == ["paper"]


def test_those_whom_only_another_report_names_are_known_from_that_report(base_of: MakeBase) -> None:
    swapped = JOINT.replace("sources: [radio]", "sources: [PAPER]").replace(
        "      sources: [paper]", "      sources: [radio]"
    )
    base = base_of(more={"statements.yaml": swapped.replace("PAPER", "paper")})
    before, after = (at(base, clock) for clock in ("2025-11-01T00:00", "2025-11-06T18:00"))
    assert "joint" not in ids(before.statements_by("ruiz"))
    assert "joint" in ids(after.statements_by("ruiz"))
    stand = after.stand_of("ruiz")
    assert stand.now is not None
    assert stand.now.id == "opposed"
    assert ids(after.sources_of(stand.holds)) == ["radio"]


def test_a_change_of_position_shows_both_with_their_words(base_of: MakeBase) -> None:
    turned = "- {id: turned, by: ruiz, paraphrase: {en: She is against it., es: Está en contra.}, said_on: 2025-11-06, about: mending, stance: opposed, sources: [radio]}\n"
    base = base_of(more={"statements.yaml": turned})
    before, after = (at(base, clock).stand_of("ruiz") for clock in ("2025-11-06T17:59", "2025-11-06T18:00"))
    assert (before.first, before.turning) == (before.now, None)
    assert (after.first.id, after.now.id) == ("in-favor", "opposed")
    assert (after.opening.id, after.turning.id) == ("ruiz-mend", "turned")
    assert after.rest == ()
    sides = {
        of: [
            (side.position.id, ids(stand.speaker for stand in side.stands))
            for side in at(base, "2025-11-07T00:00").sides(of)
        ]
        for of in ("first", "now")
    }
    assert sides == {"first": [("in-favor", ["ruiz"])], "now": [("opposed", ["ruiz"])]}


def test_a_body_takes_no_side_because_somebody_in_it_does(base_of: MakeBase) -> None:
    stand = at(base_of(), "2025-11-01T00:00").stand_of("council")
    assert ids(stand.statements) == ["ruiz-mend"]
    assert (stand.first, stand.now, stand.own) == (None, None, ())


def test_a_body_that_spoke_itself_opens_with_its_own_words(base_of: MakeBase) -> None:
    own = "- {id: council-no, by: council, paraphrase: {en: It is against it., es: Está en contra.}, stance: opposed, about: mending, sources: [paper]}\n"
    stand = at(base_of(more={"statements.yaml": own}), "2025-11-01T00:00").stand_of("council")
    assert (stand.now.id, stand.opening.id, ids(stand.own)) == ("opposed", "council-no", ["council-no"])
    assert ids(stand.rest) == ["ruiz-mend"]


def test_who_never_spoke_has_an_empty_stand(base_of: MakeBase) -> None:
    stand = at(base_of(), "2025-10-01T00:00").stand_of("ruiz")
    assert (stand.statements, stand.now) == ((), None)


def test_roles_are_told_in_their_time(base_of: MakeBase) -> None:
    role = "{title: {en: mayor, es: alcaldesa}, since: 2025-10-22, until: 2025-12-31"
    base = base_of(changes={"people.yaml": ("{title: {en: mayor, es: alcaldesa}", role)})
    ruiz = base.people["ruiz"]
    known = [
        bool(at(base, clock).roles(ruiz))
        for clock in ("2025-10-21T12:00", "2025-10-22T00:00", "2025-12-31T23:59", "2026-01-01T00:00")
    ]
    assert known == [False, True, True, False]


def test_news_are_newest_first_and_an_outcome_is_not_told_twice(base_of: MakeBase) -> None:
    held = (
        "- {id: vote-held, when: 2025-11-06, text: {en: They voted., es: Votaron.}, about: mending, sources: [radio]}\n"
    )
    base = base_of(more={"events.yaml": held})
    changes = at(base, "2025-11-07T00:00").changes(9)
    assert [change.since for change in changes] == sorted((change.since for change in changes), reverse=True)
    told = [change.fact.id if isinstance(change.fact, Event) else change.fact.state for change in changes]
    assert told[0] == "vote-held"
    assert "decided" not in told
    assert len(at(base, "2025-11-07T00:00").changes(2)) == 2


def test_the_same_instant_in_any_zone_gives_the_same_answer(base_of: MakeBase) -> None:
    base = base_of()
    tokyo = datetime(2025, 11, 6, 23, 59, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert base.at(tokyo).now.isoformat() == "2025-11-06T08:59:00-06:00"
    assert base.at(tokyo).decision.standing is base.at(tokyo.astimezone(UTC)).decision.standing is Standing.SCHEDULED


ORDER = [
    Standing.UNKNOWN,
    Standing.EXPECTED,
    Standing.EXPECTED_NOW,
    Standing.SCHEDULED,
    Standing.BEGUN,
    Standing.DATE_PASSED,
    Standing.WINDOW_PASSED,
    Standing.DECIDED,
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(0, 900 * 24 * 60), min_size=2, max_size=12))
def test_a_moving_clock_never_leads_back_from_past_to_coming(base_of: MakeBase, minutes: list[int]) -> None:
    base = base_of()
    start = datetime(2025, 10, 1, tzinfo=UTC)
    views = [base.at(start + timedelta(minutes=minute)) for minute in sorted(minutes)]
    stages = [ORDER.index(view.decision.standing) for view in views]
    assert stages == sorted(stages)
    known = [len(view.statements) + len(view.events) + len(view.sources) for view in views]
    assert known == sorted(known)
