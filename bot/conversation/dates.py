"""The topic's dates as calendar files, in the words of the phrasebook."""

from typing import Final

from markupsafe import Markup

from bot.core.clock import FixedClock
from bot.core.messages import Document, Turn
from bot.factbase.base import FactBase
from bot.factbase.models import Decision
from bot.factbase.snapshot import DatedView, Snapshot
from bot.phrasebook.book import Phrasebook

CALENDAR: Final = "add_to_calendar"
MEDIA_TYPE: Final = "text/calendar"


class Dates:
    """`address` is where readers reach this program's pages, None where nobody said."""

    def __init__(self, base: FactBase, phrasebook: Phrasebook, address: str | None = None) -> None:
        self._base = base
        self._phrasebook = phrasebook
        self._address = address

    def file(self, facts: Snapshot, lang: str, item: str | None = None) -> bytes | None:
        """The calendar of all dates, or of one; None where there is no such date, or nobody knows its day."""

        def describe(view: DatedView) -> tuple[str, str]:
            name = self._name(view, lang)
            html = self._phrasebook.render(Turn("calendar_entry"), facts, lang, {"view": view}).html
            lines = (Markup(block).striptags() for block in html.split("</p>"))  # noqa: S704 - rendered, then stripped
            return name[:1].upper() + name[1:], "\n".join(line for line in lines if line)

        from bot.reminders import calendar  # noqa: PLC0415 - a third of a second at every start, for a rare answer

        clock = FixedClock(facts.instant)
        if item is None:
            return calendar.feed(self._base, clock, lang, describe, self._address)
        return calendar.entry(self._base, item, clock, lang, describe, self._address)

    def _name(self, view: DatedView, lang: str) -> str:
        """What stands in a calendar, away from all that explains it: of a decision who meets, and on which question.
        Not every body that meets decides."""
        if isinstance(view.item, Decision) and view.report and view.report.body:
            body = self._base.speaker(view.report.body).name
            return f"{body if isinstance(body, str) else body.get(lang)}: {view.item.question.get(lang)}"
        return view.item.name.get(lang)

    def document(self, facts: Snapshot, lang: str) -> Document | None:
        """What to give a reader for the own calendar: every date; None where none lies ahead."""
        if not any(view.is_ahead for view in (*facts.votes, *facts.meetings, *facts.deadlines)):
            return None
        content = self.file(facts, lang)
        title = self._phrasebook.label(Turn(CALENDAR), facts, lang)
        return Document(f"{self._base.topic.id}.ics", content, MEDIA_TYPE, title, self._path(lang)) if content else None

    def feed(self, lang: str) -> str | None:
        """The address that calendars subscribe to."""
        return f"{self._address}{self._path(lang)}" if self._address else None

    def _path(self, lang: str) -> str:
        return f"/calendar/{self._base.topic.id}.ics?lang={lang}"
