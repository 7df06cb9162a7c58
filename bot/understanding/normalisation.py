"""Text as it is compared: bounded, without tricks of encoding, case, accents or punctuation."""

import re
import unicodedata

MOST_READ = 2_000  # characters of a message that are looked at; a forwarded article is understood by its beginning
MOST_ENCODED = 200  # characters that the encoder is given: its time grows with length
MOST_WORDS = 60  # words that rules, names and the TF-IDF head look at
# Cyrillic and Greek letters that pass for Latin
LOOKALIKES = str.maketrans("асеіјорѕухһԁԛԝɡαορνιτκηυ", "aceijopsyxhdqwgaopvitknu")
REPEATED = re.compile(r"([^\W\d_])\1{2,}")
LETTERED = re.compile(r"(\d)\s?\(([a-z])\)")  # 287(g) is one word
APOSTROPHE = re.compile(r"(?<=\w)['’‘`´](?=\w)")
SENTENCE = re.compile(r"[?!;\n]+|\.(?=\s|$)|…")
WORD = re.compile(r"[a-z0-9]+")


def cleaned(text: str) -> str:
    """The beginning of `text` without control and invisible characters, stacked accents and long runs of one letter;
    letters that only look Latin become Latin in words that mix both."""
    composed = unicodedata.normalize("NFKC", text[:MOST_READ])
    kept = [char if char == "\n" or unicodedata.category(char)[0] != "C" else _gap(char) for char in composed]
    one_mark = _without_stacked_marks("".join(kept))
    words = (_latin(word) for word in one_mark.split(" "))
    return REPEATED.sub(r"\1", " ".join(word for word in words if word)).strip()


def folded(text: str) -> str:
    """`cleaned` text in small letters without accents, its words parted by single spaces, at most `MOST_WORDS` of them;
    what is no letter or digit of the Latin alphabet is gone. `mayor's` is `mayors`, `287(g)` is `287g`."""
    return fold(cleaned(text))


def fold(clean: str) -> str:
    """As `folded`, of a text that is `cleaned` already."""
    joined = LETTERED.sub(r"\1\2", APOSTROPHE.sub("", clean.casefold()))
    decomposed = unicodedata.normalize("NFKD", joined)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(WORD.findall(bare)[:MOST_WORDS])


def sentences(clean: str) -> list[str]:
    """The sentences and questions of a `cleaned` text, in order, without the empty ones."""
    parts = (part.strip(" ¿¡.,:-") for part in SENTENCE.split(clean))
    return [part for part in parts if part]


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
