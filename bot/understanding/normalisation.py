"""Text as it is compared: bounded, without tricks of encoding, case, accents or punctuation."""

import re
import unicodedata
from typing import TypeVar

MOST_READ = 2_000  # characters of a message that are looked at: of a longer one the beginning and the end
MOST_ENCODED = 200  # characters that the encoder is given: its time grows with length
MOST_OF_PART = 100  # likewise of one sentence among several
MOST_WORDS = 60  # words that rules, names and the TF-IDF head look at: of more the first ones and the last
AT_THE_END = 0.3  # share of both that is the end: who tells a long story says there what is the matter
# Cyrillic and Greek letters that pass for Latin
LOOKALIKES = str.maketrans("асеіјорѕухһԁԛԝɡαορνιτκηυ", "aceijopsyxhdqwgaopvitknu")
REPEATED = re.compile(r"([^\W\d_])\1{2,}")
LETTERED = re.compile(r"(\d)\s?\(([a-z])\)")  # 287(g) is one word
APOSTROPHE = re.compile(r"(?<=\w)['’‘`´](?=\w)")
POSSESSIVE = re.compile(r"(?<=\w)['’‘`´]s(?=\W*$)")
SENTENCE = re.compile(r"[?!;\n]+|\.(?=\s|$)|…")
WORD = re.compile(r"[a-z0-9]+")
Part = TypeVar("Part", str, list[str])

CONTROLS = {code: " " for code in [*range(32), 127] if chr(code) != "\n"}
SPACES = re.compile(" {2,}")


def cleaned(text: str) -> str:
    """`text` without control and invisible characters, stacked accents and long runs of one letter; letters that only
    look Latin become Latin in words that mix both. Of a long one the beginning and the end, an ellipsis between."""
    plain = " … ".join(part.translate(CONTROLS) if part.isascii() else _plain(part) for part in _ends(text, MOST_READ))
    words = REPEATED.sub(r"\1", SPACES.sub(" ", plain)).strip().split(" ")
    return " … ".join(map(" ".join, _ends(words, MOST_WORDS)))


def _ends(whole: Part, most: int) -> list[Part]:
    """All of it or, of more than `most`, the first and the last parts."""
    last = round(most * AT_THE_END)
    return [whole] if len(whole) <= most else [whole[: most - last], whole[-last:]]


def folded(text: str) -> str:
    """`cleaned` text in small letters without accents, its words parted by single spaces, at most `MOST_WORDS` of them;
    what is no letter or digit of the Latin alphabet is gone. `mayor's` is `mayors`, `287(g)` is `287g`."""
    return fold(cleaned(text))


def fold(clean: str) -> str:
    """As `folded`, of a text that is `cleaned` already."""
    joined = LETTERED.sub(r"\1\2", APOSTROPHE.sub("", clean.casefold()))
    bare = joined if joined.isascii() else _without_marks(joined)
    return " ".join(WORD.findall(bare)[:MOST_WORDS])


def named(chunk: str) -> list[str]:
    """The words of a part of a `cleaned` name, folded; a possessive without its s, as in `mayor's office`."""
    return fold(POSSESSIVE.sub("", chunk)).split()


def sentences(clean: str) -> list[str]:
    """The sentences and questions of a `cleaned` text, in order, without the empty ones."""
    parts = (part.strip(" ¿¡.,:-") for part in SENTENCE.split(clean))
    return [part for part in parts if part]


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text)
    kept = "".join(char if char == "\n" or unicodedata.category(char)[0] != "C" else _gap(char) for char in composed)
    return " ".join(map(_latin, _without_stacked_marks(kept).split(" ")))


def _without_marks(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def _gap(char: str) -> str:
    return " " if unicodedata.category(char) == "Cc" else ""


def _without_stacked_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= 1:
            kept.append(char)
    return "".join(kept)


def _latin(word: str) -> str:
    has_latin = any("a" <= char <= "z" for char in word.casefold())
    return word.casefold().translate(LOOKALIKES) if has_latin and not word.isascii() and _mixes(word) else word


def _mixes(word: str) -> bool:
    return any("\u0370" <= char <= "\u052f" or char == "ɡ" for char in word)
