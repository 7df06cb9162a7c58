"""What is wrong with a pack as a whole: references, times, tallies, translations, entries that nobody uses."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from bot.core.findings import Finding, Level
from bot.factbase.base import known_since, source_since
from bot.factbase.loader import LISTS, Pack
from bot.factbase.models import Cited, Decision, Event, Passage, Report, Statement, Tally
from bot.factbase.parts import parts_of
from bot.factbase.text import Label, Text
from bot.factbase.when import When
from bot.factbase.yaml_tree import Steps, Tree, shown_path

REFERENCES = {  # field → files whose ids it may name, for each model that has the field
    "sources": ("sources",), "by": ("people", "organisations"), "people": ("people", "organisations"),
    "organisation": ("organisations",), "body": ("organisations",),
    "about": ("decisions", "events", "terms", "statements"),
    "decision": ("decisions",), "term": ("terms",), "spoken_of": ("organisations", "terms"),
}  # fmt: skip

AHEAD = {"expected", "scheduled", "postponed"}  # states of a report that name a date ahead


def check_pack(pack: Pack, now: datetime) -> list[Finding]:
    """Every finding about the entries of `pack` together, as of `now` (with a zone)."""
    return sorted(finding for check in CHECKS for finding in check(Check(pack, now)))


class Check:
    """A pack being checked: what stands in it, and where."""

    def __init__(self, pack: Pack, now: datetime) -> None:
        self.pack = pack
        self.now = now
        self.ids = {name: {entry.id for entry in pack.entries(name)} | pack.faulty.get(name, set()) for name in LISTS}
        # what stands in a file that nobody could read may be named all the same, and may name all others
        self.unread = {name for name in LISTS if pack.trees[name].is_unread}
        self.known = {files: frozenset().union(*(self.ids[file] for file in files)) for files in REFERENCES.values()}
        self.since = {source.id: source_since(source) for source in pack.sources}
        self.sources = {source.id: source for source in pack.sources}
        self.parts: list[tuple[BaseModel, Tree, Steps]] = [
            (part, pack.trees["topic"], steps) for part, steps in parts_of(pack.topic)
        ]
        for name in LISTS:
            for entry in pack.entries(name):
                found = parts_of(entry, (pack.places[id(entry)][1],))
                self.parts.extend((part, pack.trees[name], steps) for part, steps in found)

    def known_since(self, cited: Cited) -> datetime | None:
        """From when on a part counts as known; None where its sources do not exist."""
        return known_since(cited, self.since) if all(source in self.since for source in cited.sources) else None


def finding(tree: Tree, steps: Steps, problem: str, remedy: str, level: Level = Level.ERROR) -> Finding:
    """A finding at a part of a file."""
    return Finding(tree.file, tree.line(steps), shown_path(tree.nearest(steps)), problem, remedy, level)


def check_references(check: Check) -> Iterator[Finding]:
    """Every id that an entry names exists."""
    for part, tree, steps in check.parts:
        for name in type(part).model_fields:
            files = REFERENCES.get(name)
            value = getattr(part, name)
            if not files or not value or (name == "about" and type(part).__name__ == "Figure"):
                continue
            if not check.unread.isdisjoint(files):
                continue
            known = check.known[files]
            for index, one in enumerate(value if isinstance(value, tuple) else (value,)):
                if one not in known:
                    where = " or ".join(f"{file}.yaml" for file in files)
                    yield finding(
                        tree, (*steps, name, index), f"there is no {one!r}", f"add it to {where}, or correct the id"
                    )
    for speaker in sorted(check.ids["people"] & check.ids["organisations"]):
        yield finding(
            check.pack.trees["organisations"], (), f"{speaker!r} is a person too", "give one of them another id"
        )


def check_topic(check: Check) -> Iterator[Finding]:
    """The topic's decision is one, stances are positions of it, meetings are at known places."""
    topic, tree = check.pack.topic, check.pack.trees["topic"]
    decision = next((dated for dated in check.pack.decisions if dated.id == topic.decision), None)
    if decision is not None and not isinstance(decision, Decision):
        yield finding(tree, ("decision",), f"{topic.decision!r} is not voted on", "name an entry of kind vote")
    if "en" not in topic.languages:
        yield finding(tree, ("languages",), "English is missing", "add en; other languages fall back to it")
    positions = {position.id for position in decision.positions} if isinstance(decision, Decision) else None
    places = {place.id for place in topic.places}
    for part, part_tree, steps in check.parts:
        if isinstance(part, Statement) and part.stance and positions is not None and part.stance not in positions:
            yield finding(
                part_tree,
                (*steps, "stance"),
                f"{part.stance!r} is not a position",
                f"write one of {', '.join(sorted(positions))}",
            )
        if isinstance(part, Report) and part.place and part.place not in places:
            yield finding(
                part_tree, (*steps, "place"), f"there is no place {part.place!r}", "add it to places in topic.yaml"
            )


def check_statements(check: Check) -> Iterator[Finding]:
    """A statement says something."""
    for part, tree, steps in check.parts:
        if isinstance(part, Statement):
            if not part.quote and not part.paraphrase:
                yield finding(tree, steps, "nothing is said", "add a quote, or a paraphrase in our own words")
            if part.lead and not part.quote:
                yield finding(
                    tree, (*steps, "lead"), "a lead without a quotation", "add the quote, or write a paraphrase instead"
                )
            if part.excerpt and not any(part.excerpt in segment.exact for segment in part.quote or ()):
                yield finding(
                    tree, (*steps, "excerpt"), "these words are not in the quotation", "copy them from the quote"
                )


def check_times(check: Check) -> Iterator[Finding]:
    """Nothing is known before it happened, nor printed before it was said."""
    for part, tree, steps in check.parts:
        if not isinstance(part, Cited):
            continue
        name, happened = _happened(part)
        since = check.known_since(part)
        if since is None:
            continue
        if happened and (since < happened.start or since == happened.start < happened.end):
            remedy = f"let known_from be {happened.written} or later"
            yield finding(
                tree, (*steps, name), f"{happened.written} is after it was known ({since:%Y-%m-%d %H:%M})", remedy
            )
        published = [check.sources[source].published for source in part.sources]
        if happened and all(printed.end <= happened.start for printed in published):
            dates = ", ".join(printed.written for printed in published)
            yield finding(
                tree,
                (*steps, name),
                f"{happened.written} is after its source was printed ({dates})",
                "correct the day or the source",
            )
        if part.known_from and all(since < printed.start for printed in published):
            yield finding(
                tree,
                (*steps, "known_from"),
                "known before any of its sources was published",
                "correct known_from or the source",
            )


def _happened(part: Cited) -> tuple[str, When | None]:
    if isinstance(part, Event):
        return "when", part.when
    if isinstance(part, Statement):
        return "said_on", part.said_on
    return ("held", part.held) if isinstance(part, Report) else ("", None)


def check_reports(check: Check) -> Iterator[Finding]:
    """A report of a date has what its state needs; tallies add up; texts hold in an order."""
    needs = {"expected": "when", "scheduled": "when", "postponed": "until", "held": "held", "decided": "held"}
    for part, tree, steps in check.parts:
        if isinstance(part, Report):
            needed = needs.get(part.state)
            if needed and getattr(part, needed) is None:
                yield finding(tree, steps, f"{part.state}, but no {needed}", f"add a line {needed}: …")
            if part.state == "decided" and not part.outcome:
                yield finding(tree, steps, "decided, but no outcome", "add outcome: adopted, or outcome: rejected")
            since = check.known_since(part)
            for name in ("when", "until"):
                ahead = getattr(part, name)
                if part.state in AHEAD and isinstance(ahead, When) and since and ahead.end < since:
                    remedy = "correct the date, or known_from"
                    yield finding(tree, (*steps, name), f"{ahead.written} had passed when it was reported", remedy)
            if isinstance(part.tally, Tally):
                yield from _check_tally(part, part.tally, tree, (*steps, "tally"))
        if (
            isinstance(part, Passage)
            and part.valid_from
            and part.valid_until
            and part.valid_from.start >= part.valid_until.start
        ):
            yield finding(tree, (*steps, "valid_until"), "it ends before it begins", "put valid_until after valid_from")


def _check_tally(report: Report, tally: Tally, tree: Tree, steps: Steps) -> Iterator[Finding]:
    total = tally.votes_for + tally.votes_against + tally.abstained + tally.absent
    if tally.members is not None and total != tally.members:
        yield finding(tree, steps, f"the votes add up to {total}, not to {tally.members}", "correct a number")
    if report.outcome == "adopted" and tally.votes_for <= tally.votes_against:
        yield finding(tree, steps, "adopted without a majority", "correct the tally or the outcome")


def check_sources(check: Check) -> Iterator[Finding]:
    """A source can be named to a reader."""
    tree = check.pack.trees["sources"]
    for source in check.pack.sources:
        steps: Steps = (check.pack.places[id(source)][1],)
        if not source.publisher and not source.name:
            yield finding(tree, steps, "nobody can tell whose it is", "add publisher: …, or name: {en: a report on …}")
        if source.known_from and source.known_from.known_at < source.published.start:
            yield finding(
                tree, (*steps, "known_from"), "known before it was published", "correct known_from or published"
            )


def check_translations(check: Check) -> Iterator[Finding]:
    """Warns of texts that lack a language of the topic."""
    wanted = check.pack.topic.languages
    for part, tree, steps in check.parts:
        if isinstance(part, Statement) and part.quote:
            for lang in set(wanted) - {"en"} - set(part.translation.root if part.translation else ()):
                yield finding(
                    tree, steps, f"no translation of the quotation into {lang!r}", "add translation:", Level.WARNING
                )
        if not isinstance(part, Label | Text):
            continue
        for lang in wanted:
            if not part.root.get(lang):
                yield finding(tree, steps, f"no text in {lang!r}", f"add a line {lang}: …", Level.WARNING)
        for lang in set(part.root) - set(wanted):
            yield finding(
                tree,
                (*steps, lang),
                f"the topic has no language {lang!r}",
                "add it to languages in topic.yaml",
                Level.WARNING,
            )


def check_use(check: Check) -> Iterator[Finding]:
    """Warns of sources, people and organisations that nothing mentions, and of a review that is due."""
    yield from _unused(check)
    review_by = check.pack.topic.review_by
    if review_by and review_by.end <= check.now:
        tree = check.pack.trees["topic"]
        remedy = "read the pack once more and set the next day"
        yield finding(tree, ("review_by",), f"{review_by.written} has passed", remedy, Level.WARNING)


def _unused(check: Check) -> Iterator[Finding]:
    if check.unread:
        return
    used: set[str] = set()
    for part, _, _ in check.parts:
        for name in type(part).model_fields:
            if name in REFERENCES:
                value: Any = getattr(part, name)
                used.update(value if isinstance(value, tuple) else [value] if value else [])
    for name in ("sources", "people", "organisations"):
        for entry in check.pack.entries(name):
            if entry.id not in used:
                steps = (check.pack.places[id(entry)][1],)
                yield finding(
                    check.pack.trees[name],
                    steps,
                    f"nothing mentions {entry.id!r}",
                    "use it, or remove it",
                    Level.WARNING,
                )


def check_aliases(check: Check) -> Iterator[Finding]:
    """Warns of a name that two entities share, so that nobody can tell who is meant."""
    owners: dict[str, str] = {}
    for name in ("people", "organisations", "terms"):
        for entry in check.pack.entries(name):
            steps = (check.pack.places[id(entry)][1], "aliases")
            for lang, aliases in entry.aliases.items():
                for index, alias in enumerate(aliases):
                    owner = owners.setdefault(alias.casefold(), entry.id)
                    if owner != entry.id:
                        problem, remedy = f"{alias!r} is also an alias of {owner!r}", "keep it with one of them"
                        yield finding(check.pack.trees[name], (*steps, lang, index), problem, remedy, Level.WARNING)


CHECKS: tuple[Callable[[Check], Iterator[Finding]], ...] = (
    check_references, check_topic, check_statements, check_times, check_reports, check_sources, check_translations,
    check_use, check_aliases,
)  # fmt: skip
