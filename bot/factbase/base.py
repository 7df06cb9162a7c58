"""The fact base: a checked pack with an index over its entries; `at` gives what was known at an instant."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from bot.factbase.loader import LISTS, Pack
from bot.factbase.models import Cited, Decision, Organisation, Person, Position, Source, Statement, Term
from bot.factbase.parts import parts_of
from bot.factbase.snapshot import Snapshot
from bot.factbase.when import When

ENTITY_KINDS = {"person": "people", "org": "organisations", "term": "terms"}


def fact_id(entry: Any) -> str:
    """The id of a fact as answers name it: `decision:joining-287g`."""
    return f"{'decision' if entry.kind in {'vote', 'meeting', 'deadline'} else entry.kind}:{entry.id}"


def known_since(cited: Cited, sources: dict[str, datetime]) -> datetime:
    """From when on something counts as known: its own `known_from`, else the earliest of its sources."""
    return cited.known_from.known_at if cited.known_from else min(sources[source] for source in cited.sources)


def source_since(source: Source) -> datetime:
    """From when on a source counts as known: `known_from`, else the end of the time when it was published."""
    return (source.known_from or source.published).known_at


def turns_of(part: BaseModel) -> Iterator[datetime]:
    """The instants at which a time that stands in a part of the pack begins, ends, or is a thing of yesterday."""
    for name in type(part).model_fields:
        if isinstance(when := getattr(part, name), When):
            yield from (when.start, when.end, when.day_over_at)


class FactBase:
    """Expects a pack without errors: every reference leads somewhere."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.topic = pack.topic
        self.zone = pack.zone
        self.sources = {source.id: source for source in pack.sources}
        self.people = {person.id: person for person in pack.people}
        self.organisations = {org.id: org for org in pack.organisations}
        self.terms = {term.id: term for term in pack.terms}
        self.decisions = {dated.id: dated for dated in pack.decisions}
        self.places = {place.id: place for place in pack.topic.places}
        self.source_since = {source.id: source_since(source) for source in pack.sources}
        self._since: dict[int, datetime] = {}
        self._fact_ids: dict[int, str] = {}
        turns: set[datetime] = set()
        for entry in [pack.topic, *(entry for name in LISTS for entry in pack.entries(name))]:
            for part, _ in parts_of(entry):
                turns.update(turn.astimezone(UTC) for turn in turns_of(part))
                if isinstance(part, Cited):
                    self._index(part, fact_id(entry))
        self.changes = tuple(sorted(turns))
        self.earlier_forms = {said.id: tuple(self._earlier_forms(said)) for said in pack.statements}

    def _index(self, part: Cited, fact: str) -> None:
        self._since[id(part)] = known_since(part, self.source_since)
        self._fact_ids[id(part)] = fact

    def _earlier_forms(self, said: Statement) -> Iterator[Statement]:
        """The statement as other reports had it, for instants at which its own report was not out yet."""
        for variant in said.reported_differently:
            if variant.quote:
                taken = {name: getattr(variant, name) for name in ("quote", "translation", "sources", "known_from")}
                who = {"by": variant.by, "and_others": variant.and_others} if variant.by else {}
                form = said.model_copy(
                    update={**taken, **who, "lead": None, "excerpt": None, "reported_differently": ()}
                )
                self._index(form, fact_id(said))
                yield form

    @property
    def decision(self) -> Decision:
        """The decision that the topic is about."""
        decision = self.decisions[self.topic.decision]
        assert isinstance(decision, Decision)  # noqa: S101 - the loader's checks prove it
        return decision

    def at(self, instant: datetime) -> Snapshot:
        """What was known at `instant` (with a zone)."""
        return Snapshot(self, instant)

    def next_change(self, after: datetime) -> datetime | None:
        """The first instant after `after` (with a zone) from which a snapshot may say something else (UTC); None after
        the last. `changes` has all of them, in order: snapshots of two instants with none between them are the same."""
        later = bisect_right(self.changes, after)
        return self.changes[later] if later < len(self.changes) else None

    def since(self, cited: Cited) -> datetime:
        """From when on a part of this pack counts as known."""
        return self._since[id(cited)]

    def fact_id(self, cited: Cited) -> str:
        """The id of the fact that a part of this pack belongs to."""
        return self._fact_ids[id(cited)]

    def speaker(self, speaker: str) -> Person | Organisation:
        """A person or organisation by id."""
        return self.people[speaker] if speaker in self.people else self.organisations[speaker]

    def position(self, position: str) -> Position:
        """A position of the topic's decision."""
        return next(known for known in self.decision.positions if known.id == position)

    def entity(self, entity: str | None) -> Person | Organisation | Term | None:
        """What an entity id (`person:comeaux`, `org:ice`, `term:287g`) names, or None."""
        kind, _, name = (entity or "").partition(":")
        tables: dict[str, dict[str, Any]] = {
            "person": self.people,
            "org": self.organisations,
            "term": self.terms,
        }
        return tables.get(kind, {}).get(name)

    def subjects(self) -> tuple[str, ...]:
        """Entity ids of what everybody speaks of, the topic's term first."""
        spoken_of = [f"{kind}:{one}" for one in self.topic.spoken_of for kind in ("org", "term")]
        known = self.entities()
        return tuple(dict.fromkeys(one for one in (f"term:{self.topic.term}", *spoken_of) if one in known))

    def entities(self) -> dict[str, Person | Organisation | Term]:
        """Everything that readers can name, by entity id."""
        return {f"{kind}:{entry.id}": entry for kind, name in ENTITY_KINDS.items() for entry in self.pack.entries(name)}
