"""What a template can call while one answer is rendered: texts in the reader's language, sources, dates."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from markupsafe import Markup, escape

from bot.factbase.models import Cited, Organisation, Person, Source, Statement, Variant
from bot.factbase.snapshot import Side, Snapshot
from bot.factbase.text import Label, Text
from bot.factbase.when import Precision, When

MINUTE = timedelta(minutes=1)
LONGEST_PATTERN = 60  # characters


class Voice:
    """Speaks one answer: keeps the numbers of its footnotes and the ids of the facts it told, in order, and when the
    first of the numbers of minutes that it gave is another (None: it gave none)."""

    def __init__(self, facts: Snapshot, lang: str) -> None:
        self._facts = facts
        self._lang = lang
        self._locale = Locale.parse(lang)
        self.notes: dict[str, Source] = {}
        self.told: dict[str, None] = {}
        self.minute_ends_at: datetime | None = None

    def names(self) -> dict[str, Any]:
        """What templates find under these names."""
        return {
            name: getattr(self, name)
            for name in (
                "say",
                "name",
                "surname",
                "in_sentence",
                "cite",
                "cite_once",
                "tell",
                "names_of",
                "pattern",
                "days_away",
                "minutes_left",
                "quoted",
                "in_order",
                "notes",
            )
        }

    def say(self, text: Label | str) -> str:
        """A label in the reader's language."""
        return text if isinstance(text, str) else text.get(self._lang)

    def name(self, speaker: Any) -> str:
        """The full name of a person, organisation or term, given as such or as a speaker's id."""
        return self.say(self._speaker(speaker).name)

    def surname(self, speaker: Any) -> str:
        """How a person is called once known; other names in full."""
        speaker = self._speaker(speaker)
        return speaker.surname if isinstance(speaker, Person) else self.say(speaker.name)

    def in_sentence(self, speaker: Any) -> str:
        """A name with its article, as it stands inside a sentence."""
        speaker = self._speaker(speaker)
        if isinstance(speaker, Organisation) and speaker.in_sentence:
            return self.say(speaker.in_sentence)
        return self.say(speaker.name)

    def _speaker(self, speaker: Any) -> Any:
        return self._facts.base.speaker(speaker) if isinstance(speaker, str) else speaker

    def cite(self, *facts: Cited) -> Markup:
        """The numbers of the sources of `facts`, to stand behind a sentence."""
        numbers: dict[int, None] = {}
        for fact in facts:
            self.told.setdefault(self._facts.base.fact_id(fact))
            for source in self._facts.sources_of(fact):
                self.notes.setdefault(source.id, source)
                numbers.setdefault(list(self.notes).index(source.id) + 1)
        return self._numbers(numbers)

    def cite_once(self, *facts: Cited) -> Markup:
        """The number of the first source of each of `facts`: enough for what nobody doubts, such as an office."""
        numbers: dict[int, None] = {}
        for fact in facts:
            source = self._facts.sources_of(fact)[0]
            self.notes.setdefault(source.id, source)
            numbers.setdefault(list(self.notes).index(source.id) + 1)
        return self._numbers(numbers)

    @staticmethod
    def _numbers(numbers: Iterable[int]) -> Markup:
        return Markup("").join(Markup(" <sup>[{}]</sup>").format(number) for number in numbers)

    def tell(self, fact: Any, text: Text | None = None) -> Markup:
        """The sentences of a fact, each with its source's number behind it."""
        sentences = (text or fact.text).get(self._lang)
        return Markup(" ").join(escape(sentence) + self.cite(fact) for sentence in sentences)

    def quoted(self, said: Statement | Variant) -> str:
        """A quotation in the speaker's own wording; ` … ` stands where the report interrupts it."""
        return " … ".join(segment.exact for segment in said.quote or ())

    def names_of(self, speakers: Iterable[str]) -> str:
        """The full names of speakers, by id, as a list in words."""
        return format_list([self.name(speaker) for speaker in speakers], locale=self._locale)

    def in_order(self, sides: Iterable[Side]) -> list[Side]:
        """Sides in the alphabetical order of their labels, so that none is put first by choice."""
        return sorted(sides, key=lambda side: self.say(side.position.label).casefold())

    def pattern(self, moment: date | datetime, pattern: str) -> str:
        """A day or moment by a pattern of Unicode TR 35, `EEEE, MMMM d, y`. Raises ValueError for one that is too long:
        each letter can be a digit to write, and patterns are kept."""
        if len(pattern) > LONGEST_PATTERN:
            raise ValueError(f"a pattern of more than {LONGEST_PATTERN} characters")
        if isinstance(moment, datetime) and pattern.startswith("h"):
            return format_time(moment.timetz(), pattern, locale=self._locale)
        return format_date(moment, pattern, locale=self._locale)

    def days_away(self, when: When | date) -> int:
        """Days from the answer's day to the first day of `when`; negative when it is past."""
        first = when.first_day if isinstance(when, When) else when
        return (first - self._facts.now.date()).days

    def minutes_left(self, when: When | None) -> int | None:
        """Whole minutes from the answer's instant to a moment less than a day ahead; None for any other time."""
        if when is None or when.precision is not Precision.MOMENT:
            return None
        remains = when.start.astimezone(UTC) - self._facts.instant
        left = remains // MINUTE
        if not 0 < left < 24 * 60:
            return None
        ends_at = self._facts.instant + (remains % MINUTE or MINUTE)
        self.minute_ends_at = min(self.minute_ends_at or ends_at, ends_at)
        return left
