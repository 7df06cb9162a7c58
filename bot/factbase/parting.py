"""Shows the first place where quoted words and those of an article part, with a few words of each."""

from typing import Final

from rapidfuzz.distance import Levenshtein

FEW: Final = 4  # words that are shown from there on
BEFORE: Final = 3  # words that lead there


def joins(left: str, right: str) -> bool:
    """Whether two characters stand within one word."""
    return left.isalnum() and right.isalnum()


def parting(quoted: str, passage: str) -> str:
    """In words, where `quoted` first differs from a passage that may begin before it and end after it; empty where it
    does not. Both with quotation marks and white space folded, and some hundred characters long at most: it takes
    their product in bits."""
    for edit in Levenshtein.opcodes(quoted, passage):
        if edit.tag == "equal":
            continue
        more = passage[edit.dest_start : edit.dest_end]
        if edit.tag == "insert" and edit.src_start == 0 and not joins(more[-1], quoted[0]):
            continue  # what stands before it
        if edit.tag == "insert" and edit.src_start == len(quoted) and not joins(quoted[-1], more[0]):
            continue  # what stands after it
        return _told(quoted, edit.src_start, passage, edit.dest_start)
    return ""


def _told(quoted: str, at: int, passage: str, there: int) -> str:
    begin = quoted.rfind(" ", 0, at) + 1
    shared = quoted[:begin].split()
    led = ("…" if len(shared) > BEFORE else "") + " ".join(shared[-BEFORE:])
    place = f"after “{led}”" if led else "at the beginning"
    return f"{place} the quotation has {_few(quoted, at)}, the article {_few(passage, there)}"


def _few(text: str, at: int) -> str:
    """A few words, from the one in which a difference stands."""
    words = text[text.rfind(" ", 0, at) + 1 :].split()
    return f"“{' '.join(words[:FEW])}{' …' if len(words) > FEW else ''}”"
