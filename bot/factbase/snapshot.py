"""What was known at one instant, and what follows from it about dates that may have passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from bot.factbase.models import (
    Cited,
    Deadline,
    Decision,
    Event,
    Figure,
    Help,
    HowTo,
    Meeting,
    Organisation,
    Passage,
    Person,
    Position,
    Report,
    Role,
    Source,
    Statement,
)
from bot.factbase.when import Precision, When

if TYPE_CHECKING:
    from bot.factbase.base import FactBase

C = TypeVar("C", bound=Cited)


class Standing(StrEnum):
    """How a date stands at an instant, derived from the newest report of it and the clock."""

    UNKNOWN = "unknown"  # nothing was reported yet
    EXPECTED = "expected"  # a window lies ahead
    EXPECTED_NOW = "expected_now"  # the window has begun, no outcome is known
    WINDOW_PASSED = "window_passed"  # the window is over, no outcome is known
    SCHEDULED = "scheduled"  # a day or moment lies ahead, today included
    BEGUN = "begun"  # the moment was earlier today, no outcome is known
    DATE_PASSED = "date_passed"  # the day is over, no outcome is known
    POSTPONED = "postponed"
    CANCELLED = "cancelled"
    HELD = "held"
    DECIDED = "decided"


AHEAD = {Standing.EXPECTED, Standing.EXPECTED_NOW, Standing.SCHEDULED}


@dataclass(frozen=True, slots=True)
class DatedView:
    """Something on the calendar as it stood: the newest report known, and those before it, oldest first."""

    item: Decision | Meeting | Deadline
    report: Report | None
    earlier: tuple[Report, ...]
    standing: Standing

    @property
    def is_ahead(self) -> bool:
        """Whether a date of it is still to come; that of a postponement too, where it is known."""
        if self.standing is Standing.POSTPONED:
            return self.report is not None and isinstance(self.report.until, When)
        return self.standing in AHEAD


@dataclass(frozen=True, slots=True)
class Stand:
    """What one speaker had said: `statements` oldest first, `weighed` in the pack's order, which is that of weight.
    Of an organisation both hold what the people in it had said, too; `own` only what it had said itself, as weighed.

    `first` and `now` are the positions taken first and last, None where none was taken; `took` and `holds` are what
    says so: a statement, or the report of it that names the speaker."""

    speaker: Person | Organisation
    statements: tuple[Statement, ...]
    weighed: tuple[Statement, ...]
    own: tuple[Statement, ...]
    first: Position | None
    now: Position | None
    took: Cited | None
    holds: Cited | None

    @property
    def opening(self) -> Statement:
        """What to show first: the weightiest of the speaker's own words from before any change of position."""
        stances = {None, self.first.id if self.first else None}
        before = [said for said in self.own or self.weighed if said.stance in stances]
        return next((said for said in before if said.quote and len(said.by) == 1 and not said.and_others), before[0])

    @property
    def turning(self) -> Statement | None:
        """The statement that took the present position, where it is not the first one."""
        if self.first == self.now or self.now is None:
            return None
        return next(said for said in reversed(self.statements) if said in self.own and said.stance == self.now.id)

    @property
    def rest(self) -> tuple[Statement, ...]:
        """What else the speaker had said."""
        return tuple(said for said in self.statements if said is not self.opening and said is not self.turning)


@dataclass(frozen=True, slots=True)
class Side:
    """Those who took the same position, in the pack's order."""

    position: Position
    stands: tuple[Stand, ...]

    @property
    def rest(self) -> tuple[Statement, ...]:
        """What they had said besides the first one's opening and turning words, each once, in the pack's order."""
        lead, *others = self.stands
        said = dict.fromkeys(id(one) for one in (lead.opening, lead.turning))
        found = [one for stand in (lead, *others) for one in stand.weighed]
        return tuple(
            one for one in found if id(one) not in said and not said.update({id(one): None}) and not one.no_answer
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Something that became known at `since`."""

    since: datetime
    fact: Event | Report
    dated: Decision | Meeting | Deadline | None


class Snapshot:
    """The fact base as of `instant` (UTC); `now` is the same in the topic's zone. Lists hold only what was known."""

    def __init__(self, base: FactBase, instant: datetime) -> None:
        self.base = base
        self.topic = base.topic
        self.instant = instant.astimezone(UTC)
        self.now = instant.astimezone(base.zone)

    def knows(self, cited: Cited) -> bool:
        """Whether a part of the pack was known, and may be told by its bounds of validity."""
        if self.base.since(cited) > self.instant:
            return False
        if isinstance(cited, Passage):
            if cited.valid_from and cited.valid_from.start > self.instant:
                return False
            return not (cited.valid_until and cited.valid_until.start <= self.instant)
        return True

    def known(self, parts: Iterable[C]) -> tuple[C, ...]:
        """Those of `parts` that were known, in their order."""
        return tuple(part for part in parts if self.knows(part))

    def sources_of(self, cited: Cited) -> tuple[Source, ...]:
        """The sources that had said so by then, in the pack's order. Where the pack says from when something was known
        although its source names only a day, a source counts from the beginning of that day."""
        sources = [self.base.sources[source] for source in cited.sources]
        had_said = [
            source for source in sources
            if self.base.source_since[source.id] <= self.instant
            or (cited.known_from and source.published.start <= self.instant)
        ]  # fmt: skip
        return tuple(had_said or sources)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources that were out, newest first."""
        known = [source for source in self.base.pack.sources if self.base.source_since[source.id] <= self.instant]
        return tuple(sorted(known, key=lambda source: source.published.start, reverse=True))

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What had happened, oldest first."""
        return tuple(sorted(self.known(self.base.pack.events), key=lambda event: event.when.start))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What had been said, in the pack's order, which is the editors' order of weight; in another report's wording
        where the statement's own report was not out yet."""
        forms = (self.known((said, *self.base.earlier_forms[said.id])) for said in self.base.pack.statements)
        return tuple(known[0] for known in forms if known)

    def statements_by(self, speaker: str) -> tuple[Statement, ...]:
        """What a person, or an organisation and those in it, had said, oldest first; joint statements too."""
        own = (said for said in self.statements if self._is_by(said, speaker))
        return tuple(sorted(own, key=self._said_at))

    def _is_by(self, said: Statement, speaker: str) -> bool:
        named = self._named(said)
        return speaker in named or any(speaker in self._organisations(name) for name in named)

    def _named(self, said: Statement) -> set[str]:
        """Those who made a statement, by any report of it that was known."""
        return {*said.by, *(name for variant in self.known(said.reported_differently) for name in variant.by or ())}

    def _organisations(self, speaker: str) -> set[str | None]:
        """The organisations that a person speaks for."""
        person = self.base.people.get(speaker)
        return {role.organisation for role in self.roles(person)} if person else set()

    def _said_at(self, said: Statement) -> datetime:
        return said.said_on.start if said.said_on else self.base.since(said)

    def events_with(self, entity: str) -> tuple[Event, ...]:
        """What had happened with a person or organisation in it, oldest first."""
        return tuple(event for event in self.events if entity in event.people)

    @cached_property
    def stands(self) -> tuple[Stand, ...]:
        """Everyone who had spoken, in the order of the first statement in the pack."""
        speakers: dict[str, None] = {}
        for said in self.statements:
            variants = self.known(said.reported_differently)
            speakers.update(dict.fromkeys([*said.by, *(name for variant in variants for name in variant.by or ())]))
        return tuple(self.stand_of(speaker) for speaker in speakers)

    def stand_of(self, speaker: str) -> Stand:
        """What one speaker had said, and where the speaker stood: a body is not bound by what the people in it say."""
        statements = self.statements_by(speaker)
        weighed = tuple(said for said in self.statements if self._is_by(said, speaker))
        own = tuple(said for said in weighed if speaker in self._named(said))
        taken = [
            (self.base.position(said.stance), self._grounds(said, speaker))
            for said in statements if said.stance and said in own
        ]  # fmt: skip
        (first, took), (now, holds) = (taken[0], taken[-1]) if taken else ((None, None), (None, None))
        return Stand(self.base.speaker(speaker), statements, weighed, own, first, now, took, holds)

    def _grounds(self, said: Statement, speaker: str) -> Cited:
        """What says that `speaker` is among those who made a statement: not every report of it names everyone."""
        named = (variant for variant in self.known(said.reported_differently) if speaker in (variant.by or ()))
        return said if speaker in said.by else next(named, said)

    def sides(self, of: Literal["first", "now"]) -> tuple[Side, ...]:
        """Those who took a position, by the one they took first or hold now, in the decision's order of positions."""
        groups = (
            Side(position, tuple(stand for stand in self.stands if getattr(stand, of) == position))
            for position in self.base.decision.positions
        )
        return tuple(group for group in groups if group.stands)

    @cached_property
    def unanswered(self) -> tuple[Statement, ...]:
        """Questions that were put to somebody and not answered."""
        return tuple(said for said in self.statements if said.no_answer)

    def roles(self, person: Person) -> tuple[Role, ...]:
        """What a person was at the time."""
        return tuple(
            role for role in self.known(person.roles)
            if not (role.since and role.since.start > self.instant)
            and not (role.until and role.until.end <= self.instant)
        )  # fmt: skip

    @cached_property
    def decision(self) -> DatedView:
        """The topic's decision."""
        return self.dated(self.base.decision)

    @cached_property
    def votes(self) -> tuple[DatedView, ...]:
        """Decisions that had been reported, the topic's and others, in the pack's order."""
        return self._reported(Decision)

    @cached_property
    def meetings(self) -> tuple[DatedView, ...]:
        """Other meetings about the decision that had been reported, in the pack's order."""
        return self._reported(Meeting)

    @cached_property
    def deadlines(self) -> tuple[DatedView, ...]:
        """Deadlines that had been reported, in the pack's order."""
        return self._reported(Deadline)

    def _reported(self, kind: type[Decision] | type[Meeting] | type[Deadline]) -> tuple[DatedView, ...]:
        views = (self.dated(dated) for dated in self.base.decisions.values() if isinstance(dated, kind))
        return tuple(view for view in views if view.report)

    def dated(self, item: Decision | Meeting | Deadline) -> DatedView:
        """How something on the calendar stood: the newest known report counts, of two as new the later in the file."""
        reports = sorted(self.known(item.reports), key=self.base.since)
        newest = reports[-1] if reports else None
        return DatedView(item, newest, tuple(reports[:-1]), self._standing(newest) if newest else Standing.UNKNOWN)

    def _standing(self, report: Report) -> Standing:
        ahead = report.until if report.state == "postponed" and not isinstance(report.until, str) else report.when
        if report.state in {"cancelled", "held", "decided"}:
            return Standing(report.state)
        if report.state == "postponed" and (
            ahead is None or report.until == "indefinitely" or self.instant < ahead.end
        ):
            return Standing.POSTPONED
        assert ahead  # noqa: S101 - the loader's checks require a date of expected and scheduled reports
        if report.state == "scheduled":
            if ahead.precision is Precision.MOMENT and ahead.start <= self.instant < ahead.day_over_at:
                return Standing.BEGUN
            return Standing.SCHEDULED if self.instant < ahead.end else Standing.DATE_PASSED
        if self.instant < ahead.start:
            return Standing.EXPECTED
        return Standing.EXPECTED_NOW if self.instant < ahead.end else Standing.WINDOW_PASSED

    def figures(self, about: str) -> tuple[Figure, ...]:
        """Figures about `money`, `turnout` or the `council` of which at least one claim was known."""
        return tuple(
            figure for figure in self.base.pack.figures if figure.about == about and self.known(figure.claims)
        )  # fmt: skip

    @cached_property
    def howtos(self) -> tuple[HowTo, ...]:
        """What residents can do, as far as it was known."""
        return tuple(howto for howto in self.base.pack.howtos if self.known(howto.steps))

    def help_for(self, intent: str) -> tuple[Help, ...]:
        """Pointers to help that a refusal shows."""
        return tuple(pointer for pointer in self.base.pack.help if intent in pointer.shown_for)

    def changes(self, most: int) -> tuple[Change, ...]:
        """The newest `most` things that became known, newest first; an outcome that is an event too is told as that."""
        happened = [Change(self.base.since(event), event, None) for event in self.events]
        told = {(event.about, event.when.first_day) for event in self.events}
        reported = [
            Change(self.base.since(report), report, dated)
            for dated in self.base.decisions.values() for report in self.known(dated.reports)
            if not (report.held and (dated.id, report.held.first_day) in told)
        ]  # fmt: skip
        return tuple(sorted(happened + reported, key=lambda change: change.since, reverse=True)[:most])
