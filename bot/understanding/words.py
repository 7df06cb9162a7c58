"""Text as it is compared: case, accents and punctuation folded away, length bounded."""

import re
import unicodedata

MOST_CHARACTERS = 400  # of a message that are compared; longer ones are understood by their beginning
WORD = re.compile(r"[a-z0-9]+")


def folded(text: str) -> str:
    """`text` in small letters without accents, its words parted by single spaces; what is no letter or digit is gone."""
    decomposed = unicodedata.normalize("NFKD", text[:MOST_CHARACTERS].casefold())
    return " ".join(WORD.findall("".join(char for char in decomposed if not unicodedata.combining(char))))
