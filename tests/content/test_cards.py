"""The pictures as they are served: legible on light and on dark, even-handed, honest about dates; nothing runs over."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from xml.etree import ElementTree

import pytest

from bot.conversation.pictures import OPTION
from bot.core.messages import Reply
from bot.editorial.content import Content
from bot.factbase.when import parse_moment
from bot.phrasebook.cards import HIGHEST, SVG, WIDTH, Cards
from bot.phrasebook.lettering import Lettering
from bot.platforms.plaintext import to_text

CLOCKS = ("2025-10-01T12:00", "2025-10-21T12:00", "2025-10-24T18:00", "2025-11-05T12:00", "2025-11-06T12:00",
          "2025-11-06T20:00", "2026-11-22T12:00", "2027-06-01T12:00")  # fmt: skip
CARDS = ("timeline", "where_they_stand")
LEAST_CONTRAST = 4.5  # to one: WCAG 2.2, 1.4.3, for text of any size
Drawn = Callable[[str, str, str], ElementTree.Element]
EVERY = list(product(CARDS, ("en", "es"), CLOCKS))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and the colours that it is seen in, of a picture's SVG."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    colour: str
    ground: str


@pytest.fixture(scope="module")
def cards(content: Content) -> Cards:
    return Cards(content.phrasebook)


@pytest.fixture(scope="module")
def letters(content: Content) -> Lettering:
    return Lettering(content.phrasebook.fonts, "fonts")


@pytest.fixture(scope="module")
def drawn(content: Content, cards: Cards) -> Drawn:
    """The SVG of a card at a clock like `2025-10-24T18:00` in Dallas."""

    @cache
    def one(name: str, lang: str, at: str) -> ElementTree.Element:
        svg = cards.svg(name, content.base.at(parse_moment(at, content.base.zone)), lang)
        return ElementTree.fromstring(svg)  # noqa: S314 - rendered here

    return one


def lines_of(svg: ElementTree.Element, letters: Lettering) -> Iterator[Line]:
    """The lines of a picture in the order in which they are drawn; the ground is the last thing drawn below."""
    grounds: list[ElementTree.Element] = []
    for element in svg.iter():
        if element.tag == f"{SVG}rect":
            grounds.append(element)
        if element.tag == f"{SVG}text":
            x, y, size = (float(element.get(name, "nan")) for name in ("x", "y", "font-size"))
            wide = letters.width(element.text or "", size, "bold" if element.get("font-weight") == "700" else "regular")
            left = x - wide if element.get("text-anchor") == "end" else x
            below = [one for one in grounds if covers(one, left, y)]
            yield Line(element.text or "", left, left + wide, y, size, element.attrib["fill"], below[-1].attrib["fill"])


def covers(rect: ElementTree.Element, x: float, y: float) -> bool:
    left, top, width, height = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
    return left <= x <= left + width and top <= y <= top + height


def words(svg: ElementTree.Element) -> str:
    return " ".join(element.text or "" for element in svg.iter(f"{SVG}text"))


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_the_standard_has_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("name", "lang", "at"), EVERY)
def test_every_line_is_legible_and_within_the_frame(
    drawn: Drawn, letters: Lettering, name: str, lang: str, at: str
) -> None:
    svg = drawn(name, lang, at)
    lines = list(lines_of(svg, letters))
    assert lines
    assert [line for line in lines if contrast(line.colour, line.ground) < LEAST_CONTRAST] == []
    assert [line for line in lines if line.left < 40 or line.right > WIDTH - 40] == []
    assert max(line.baseline for line in lines) < int(svg.attrib["height"]) - 40


@pytest.mark.parametrize(("name", "lang", "at"), EVERY)
def test_no_line_touches_another(drawn: Drawn, letters: Lettering, name: str, lang: str, at: str) -> None:
    lines = sorted(lines_of(drawn(name, lang, at), letters), key=lambda line: line.baseline)
    for above, below in pairwise(lines):
        apart = below.baseline - above.baseline
        beside = above.right < below.left or below.right < above.left
        assert apart >= 1.2 * min(above.size, below.size) or beside, (above, below)


@pytest.mark.parametrize(("name", "lang", "at"), EVERY)
def test_the_whole_ground_is_painted_and_the_height_is_as_meant(drawn: Drawn, name: str, lang: str, at: str) -> None:
    svg = drawn(name, lang, at)
    ground = next(svg.iter(f"{SVG}rect"))
    assert [ground.get(side) for side in ("x", "y", "width", "height")] == ["0", "0", str(WIDTH), svg.get("height")]
    assert int(svg.attrib["height"]) <= HIGHEST


@pytest.mark.parametrize(
    ("at", "said", "unsaid"),
    [
        ("2025-10-24T18:00", ["Expected in the first week of November 2025", "No day has been confirmed"], []),
        ("2025-11-05T12:00", ["Thursday, November 6, 9:00 a.m.", "two council committees, not of the full"], []),
        ("2025-11-06T12:00", ["It was set for Thursday, November 6", "no report of the outcome yet"], ["postpone"]),
        ("2025-11-06T20:00", ["no scheduled vote", "voted unanimously to postpone"], ["Tomorrow"]),
        ("2026-11-22T12:00", ["no scheduled vote", "December 1, 2026", "not a city vote", "Spring 2026"], ["must be"]),
    ],
)  # fmt: skip
def test_the_timeline_says_of_a_date_what_was_known(drawn: Drawn, at: str, said: list[str], unsaid: list[str]) -> None:
    text = words(drawn("timeline", "en", at))
    assert [one for one in said if one not in text] == [], text
    assert [one for one in unsaid if one in text] == [], text


RELATIVE = re.compile(
    r"\b(today|tomorrow|yesterday|now|in \d+ (days?|hours?|minutes?)|\d+ days? ago|hoy|mañana|ayer|(?<!por )ahora|"
    r"(dentro de|en|hace) \d+ (días?|horas?|minutos?))\b", re.IGNORECASE
)  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize(
    "at", [*CLOCKS, "2025-11-03T12:00", "2025-11-06T08:00", "2026-11-30T12:00", "2026-12-01T12:00"]
)  # fmt: skip
def test_a_picture_that_is_kept_and_its_caption_stay_true_by_naming_days(
    drawn: Drawn, ask: Callable[..., Reply], lang: str, at: str
) -> None:
    year = at[:4]
    for name, intent in zip(CARDS, ("what_happened", "where_they_stand"), strict=True):
        told = words(drawn(name, lang, at))
        assert re.search(rf"(As of|Al) .*{year}", told)
        caption = ask(at, intent, OPTION, lang=lang)
        assert caption.picture is not None
        for text in (told, to_text(caption.html)):
            assert RELATIVE.findall(text) == [], text


@pytest.mark.parametrize("lang", ["en", "es"])
def test_uncertain_days_are_said_to_be(drawn: Drawn, lang: str) -> None:
    text = words(drawn("timeline", lang, "2025-10-24T18:00"))
    assert ("About Oct 24, 2025" if lang == "en" else "Hacia el 24 oct 2025") in text


def test_every_entry_of_the_timeline_is_shown_or_counted(drawn: Drawn, content: Content) -> None:
    for lang, at in product(("en", "es"), CLOCKS):
        svg = drawn("timeline", lang, at)
        known = len(content.base.at(parse_moment(at, content.base.zone)).events)
        left_out = re.search(r"… (?:and|y) (\d+)", words(svg))
        assert len(list(svg.iter(f"{SVG}circle"))) + int(left_out[1] if left_out else 0) == known


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_side_stands_alike_and_in_alphabetical_order(drawn: Drawn, content: Content, lang: str) -> None:
    svg = drawn("where_they_stand", lang, "2026-11-22T12:00")
    labels = {position.label.get(lang) for position in content.base.decision.positions}
    headings = [element for element in svg.iter(f"{SVG}text") if element.text in labels]
    shown = [heading.text or "" for heading in headings]
    assert len(shown) == 3
    assert shown == sorted(shown, key=str.casefold)
    assert (
        len({tuple(heading.get(name) for name in ("x", "font-size", "font-weight", "fill")) for heading in headings})
        == 1
    )
    stands = [
        stand for stand in content.base.at(parse_moment("2026-11-22T12:00", content.base.zone)).stands if stand.now
    ]
    names = [name for stand in stands if (name := stand.speaker.name) and isinstance(name, str)]
    looks = {
        tuple(element.get(name) for name in ("x", "font-size", "font-weight", "fill"))
        for element in svg.iter(f"{SVG}text") if element.text in names
    }  # fmt: skip
    assert len(names) > 8
    assert len(looks) == 1


def test_a_change_of_position_is_shown(drawn: Drawn) -> None:
    assert "Before that: For a review" in words(drawn("where_they_stand", "en", "2026-11-22T12:00"))
    assert "Before that" not in words(drawn("where_they_stand", "en", "2025-11-06T20:00"))


def test_a_picture_does_not_change_within_a_day_unless_the_facts_do(cards: Cards, content: Content) -> None:
    for name, lang in product(CARDS, ("en", "es")):
        shown = {
            cards.svg(name, content.base.at(parse_moment(f"2026-11-22T{hour}", content.base.zone)), lang)
            for hour in ("00:00", "09:17", "23:59")
        }
        assert len(shown) == 1
