"""Pictures of the facts: SVG templates of the content folder, drawn as PNG in the fonts that come with them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from markupsafe import Markup

from bot.core.errors import ContentError
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import FONTS, Phrasebook
from bot.phrasebook.drawing import draw_apart
from bot.phrasebook.voice import Voice

if TYPE_CHECKING:
    from bot.phrasebook.lettering import Lettering

WIDTH: Final = 1080  # pixels; three to one of a small phone's
# Pixels that a long card aims at: Telegram scales photos into 2560 × 2560 (core.telegram.org/api/files, size w), and
# 690 across are left of it then, enough for a small phone's double density.
HIGHEST: Final = 4_000
WIDTH_AND_HEIGHT: Final = 10_000  # pixels in all: sendPhoto of the Bot API
SMALLEST: Final = 40  # pixels of a letter's size: twelve where the picture is 320 wide
WRITTEN: Final = 32  # SVGs, of some ten kilobytes each: more than are asked for at a time
KEPT: Final = 8  # pictures, of a third of a megabyte each: every card in both languages, of two days
SVG: Final = "{http://www.w3.org/2000/svg}"
# What draws by itself: nothing here can name a file or an address, run, or draw elements in place of others.
ELEMENTS: Final = frozenset({"svg", "g", "rect", "circle", "line", "path", "text", "title"})
ATTRIBUTES: Final = frozenset(
    {
        *("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "width", "height", "d"),
        *("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray"),
        *("font-family", "font-size", "font-weight", "text-anchor"),
    }
)
VALUE = re.compile(r"[^(:\\]{0,2000}")  # no url(…), no address
# What lies far outside the picture, or is dashed finer than a pixel, takes long to draw.
NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
MEASURES: Final = frozenset(ATTRIBUTES - {"fill", "stroke", "stroke-linecap", "font-family", "text-anchor"})
MOST_ELEMENTS: Final = 2_000
DEEPEST: Final = 40  # elements inside one another
MOST_LETTERS: Final = 300_000  # of an SVG; the longest card has some thirty thousand

Draw = Callable[[str, Sequence[bytes]], bytes]


class Unnumbered(Voice):
    """Speaks without the numbers of footnotes: a picture names its sources beside each entry."""

    @staticmethod
    def _numbers(numbers: Iterable[int]) -> Markup:  # noqa: ARG004 - the base's name
        return Markup("")


class Cards:
    """Draws cards by the name of their template, `cards/<name>.svg.j2`. What was drawn is kept, by the SVG: a card
    changes with its words and the day that it names, not with the minute. `draw` makes a PNG of an SVG in fonts."""

    def __init__(self, phrasebook: Phrasebook, draw: Draw = draw_apart) -> None:
        self._phrasebook = phrasebook
        self._draw = draw
        self._kept: dict[bytes, bytes] = {}
        self._written: dict[tuple[str, str, Snapshot], str] = {}
        self._writing = Lock()
        self._drawing = Lock()  # one at a time, so that two who ask for the same do not have it drawn twice

    @cached_property
    def _lettering(self) -> "Lettering":
        from bot.phrasebook.lettering import Lettering  # noqa: PLC0415 - measures nothing before the first picture

        return Lettering(self._phrasebook.fonts, str(self._phrasebook.folder / FONTS))

    def kept(self, name: str, facts: Snapshot, lang: str) -> bytes | None:
        """The picture of a card where `png` drew it of late, for these very `facts`; at once: draws nothing."""
        svg = self._written.get((name, lang, facts))
        return self._kept.get(_key(svg)) if svg else None

    def png(self, name: str, facts: Snapshot, lang: str) -> bytes:
        """The picture of a card, WIDTH pixels wide. Takes up to a second where it is new: call it in a thread; what was
        drawn comes at once, also while another is. Raises ContentError as `svg` does, or where it cannot be drawn."""
        svg = self.svg(name, facts, lang)
        key = _key(svg)
        if png := self._kept.get(key):
            return png
        with self._drawing:
            if key not in self._kept:
                try:
                    png = self._draw(svg, self._lettering.files)
                except ValueError as error:
                    raise ContentError(f"{self._place(name)}: {error}: correct the template") from error
                while len(self._kept) >= KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = png
            return self._kept[key]

    def svg(self, name: str, facts: Snapshot, lang: str) -> str:
        """The SVG of a card. Raises ContentError where the template fails, or what it wrote is not to be drawn."""
        with self._writing:
            svg = self._written.get((name, lang, facts))
            if svg is None:
                svg = self._write(name, facts, lang)
                while len(self._written) >= WRITTEN:
                    del self._written[next(iter(self._written))]
                self._written[name, lang, facts] = svg
            return svg

    def _write(self, name: str, facts: Snapshot, lang: str) -> str:
        letters = self._lettering
        more = {
            "wrap": letters.wrap, "width_of": letters.width, "family": letters.family,
            "width": WIDTH, "highest": HIGHEST,
        }  # fmt: skip
        svg = self._phrasebook.card(name, Unnumbered(facts, lang), facts, lang, more)
        if problem := next(faults(svg, letters), None):
            raise ContentError(f"{self._place(name)}: {problem}: correct the template")
        return svg

    def _place(self, name: str) -> str:
        return f"{self._phrasebook.folder / 'cards' / name}.svg.j2:1"


def _key(svg: str) -> bytes:
    return blake2b(svg.encode(), digest_size=16).digest()


def faults(svg: str, letters: "Lettering") -> Iterator[str]:
    """What keeps an SVG from being drawn."""
    if len(svg) > MOST_LETTERS:
        yield f"the picture has more than {MOST_LETTERS} letters"
        return
    if "<!" in svg or "<?" in svg:
        yield "the picture has a declaration, a comment or an instruction"
        return
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - without declarations
    except ElementTree.ParseError as error:
        yield f"the picture is not well-formed ({error})"
        return
    if root.tag != f"{SVG}svg" or root.get("width") != str(WIDTH):
        yield f"the picture is no SVG of a width of {WIDTH}"
    elif not (height := root.get("height", "")).isdecimal() or not 0 < int(height) <= WIDTH_AND_HEIGHT - WIDTH:
        yield f"the picture has the height {height!r}, not one of 1 to {WIDTH_AND_HEIGHT - WIDTH}"
    if problem := _too_many(root):
        yield problem
        return
    for element in root.iter():
        yield from _faults_of(element, letters)


def _too_many(root: ElementTree.Element) -> str | None:
    """More elements, or deeper within one another, than any picture has."""
    seen, level = 0, [root]
    for _ in range(DEEPEST):
        seen += len(level)
        level = [child for element in level for child in element]
    if level:
        return f"the picture has elements more than {DEEPEST} deep"
    return f"the picture has more than {MOST_ELEMENTS} elements" if seen > MOST_ELEMENTS else None


def _faults_of(element: ElementTree.Element, letters: "Lettering") -> Iterator[str]:
    tag = element.tag.removeprefix(SVG)
    if tag not in ELEMENTS:
        yield f"a picture has no element {tag!r}"
    for attribute, value in element.attrib.items():
        if attribute not in ATTRIBUTES or not VALUE.fullmatch(value):
            yield f"a picture has no attribute {attribute}={value[:40]!r}"
        elif attribute in MEASURES and any(float(number) > WIDTH_AND_HEIGHT for number in NUMBER.findall(value)):
            yield f"a picture has no measure {attribute}={value[:40]!r}"
    if any(float(dash) < 1 for dash in NUMBER.findall(element.get("stroke-dasharray", ""))):
        yield "the dashes of a line are shorter than a pixel"
    size = element.get("font-size", "")
    if tag == "text" and not (size.isdecimal() and int(size) >= SMALLEST):
        yield f"the letters of {(element.text or '')[:40]!r} are smaller than {SMALLEST}"
    if lacking := letters.lacks("".join(element.itertext())):
        yield f"the fonts have no letter for {lacking!r}"
