"""Letters as the pictures draw them: how wide words are, and where their lines break."""

import re
from collections.abc import Mapping
from fnmatch import fnmatch
from functools import lru_cache
from typing import Final, Literal

import uharfbuzz
from markupsafe import Markup

from bot.core.errors import ContentError

Weight = Literal["regular", "bold"]
FILES: Final[dict[Weight, str]] = {"regular": "*-Regular.ttf", "bold": "*-Bold.ttf"}
LONGEST: Final = 4_000  # characters that are measured at a time: a line takes forty
WIDEST: Final = 10_000  # pixels of a line: a picture has 1,200, and what is measured grows with the square of it
BLOCK_END = re.compile(r"</(?:p|li|h3|ul|ol)>")


class Lettering:
    """The one family in `fonts`, files by name, in two weights; `place` is where they come from. Raises ContentError
    where a weight is missing."""

    def __init__(self, fonts: Mapping[str, bytes], place: str) -> None:
        self._fonts: dict[Weight, uharfbuzz.Font] = {}
        files = []
        for weight, pattern in FILES.items():
            name = next((name for name in sorted(fonts) if fnmatch(name, pattern)), None)
            if name is None:
                raise ContentError(f"{place}:1: there is no font {pattern}: add one with its licence")
            files.append(fonts[name])
            self._fonts[weight] = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob(fonts[name])))
        self.files = tuple(files)
        self.family = self._fonts["regular"].face.get_name(uharfbuzz.OTNameIdPredefined.FONT_FAMILY) or ""
        self._width = lru_cache(maxsize=2_000)(self._measure)

    def width(self, text: str, size: float, weight: Weight = "regular") -> float:
        """How wide a line of text is, in pixels, at a font size in pixels; kerned, as the renderer does."""
        return self._width(plain(_short(text)), weight) * size

    def wrap(self, text: str, size: float, room: float, weight: Weight = "regular") -> list[str]:
        """The text in lines of at most `room` pixels, broken between words; a word that is wider alone, inside. Raises
        ValueError for a text longer than LONGEST, or for more room than WIDEST."""
        if room > WIDEST:
            raise ValueError(f"a line of {room:g} pixels, more than {WIDEST}")
        lines: list[str] = []
        for word in plain(_short(text)).split(" "):
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, size, weight) <= room:
                lines[-1] = longer
            else:
                lines += self._pieces(word, size, room, weight)
        return lines

    def _pieces(self, word: str, size: float, room: float, weight: Weight) -> list[str]:
        pieces = [""]
        for letter in word:
            if pieces[-1] and self.width(pieces[-1] + letter, size, weight) > room:
                pieces.append("")
            pieces[-1] += letter
        return pieces

    def lacks(self, text: str) -> str:
        """The characters of a text for which the fonts have no letter, each once."""
        fonts = self._fonts.values()
        return "".join(
            letter for letter in dict.fromkeys(text)
            if not letter.isspace() and not all(font.get_nominal_glyph(ord(letter)) for font in fonts)
        )  # fmt: skip

    def _measure(self, text: str, weight: Weight) -> float:
        """In parts of the font size."""
        font, buffer = self._fonts[weight], uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(font, buffer)
        return float(sum(place.x_advance for place in buffer.glyph_positions or ()) / font.face.upem)


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"a text of {len(text)} characters, more than {LONGEST}")
    return text


def plain(text: str) -> str:
    """Words without tags and entities, in one line; the end of a block is a space."""
    if isinstance(text, Markup):
        return Markup(BLOCK_END.sub(" ", text)).striptags()  # noqa: S704 - it was Markup before
    return " ".join(text.split())
