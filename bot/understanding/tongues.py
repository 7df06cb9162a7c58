"""Tells the language of a message: one of the pack's, another that has a sentence of its own, or none."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.understanding.gates import Tongue
from bot.understanding.normalisation import fold, folded
from bot.understanding.usage import Speech

TELLING = 2  # words of another language that give it away, more than the pack's languages have in the message
FEW = 2  # words of a message, up to which each of them must be unmistakable


@dataclass(frozen=True, slots=True)
class Languages:
    """`words` maps a folded word to the language of the pack that it speaks for, and `unmistakable` are those that do
    so on their own; `foreign` are all words that give one of the `tongues` away."""

    words: Mapping[str, str]
    unmistakable: frozenset[str]
    tongues: tuple[Tongue, ...]
    foreign: frozenset[str]

    @classmethod
    def of(cls, speech: Speech, tongues: Iterable[Tongue], shared: Iterable[str] = ()) -> "Languages":
        """The languages of `speech` and other `tongues`; `shared` words alone speak for none."""
        others = tuple(tongues)
        unmistakable = speech.unmistakable.difference(map(folded, shared))
        return cls(speech.speaks, unmistakable, others, frozenset(word for tongue in others for word in tongue.words))

    def of_message(self, words: Sequence[str]) -> str | None:
        """The pack's language that most of the folded words speak for; None where none or two do, or where a message
        of few words may well be of another: "ok", "no", "ICE"."""
        votes: dict[str, int] = {}
        for word in words if len(words) > FEW else self.unmistakable.intersection(words):
            if lang := self.words.get(word):
                votes[lang] = votes.get(lang, 0) + 1
        ranked = sorted(votes.items(), key=lambda vote: -vote[1])
        return None if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]) else ranked[0][0]

    def other(self, clean: str) -> Tongue | None:
        """The language of a `cleaned` message that is clearly none of the pack's and has a sentence to answer in."""
        letters = [] if clean.isascii() else [char for char in clean if char.isalpha()]
        foreign = [unicodedata.name(char, "") for char in letters if not char.isascii()]
        for tongue in self.tongues if 2 * len(foreign) > len(letters) else ():
            if tongue.script and 2 * sum(name.startswith(tongue.script) for name in foreign) > len(letters):
                return tongue
        words = set(clean.casefold().replace("?", " ").replace(",", " ").split())
        bare = {word.strip(".!¿¡") for word in words}
        strange = {word for word in bare & self.foreign if fold(word) not in self.words}
        scores = [(len(strange.intersection(tongue.words)), tongue) for tongue in self.tongues if tongue.words]
        best = max(scores, key=lambda score: score[0], default=(0, None))
        own = sum(fold(word) in self.words for word in words) if best[0] >= TELLING else 0
        return best[1] if best[0] >= TELLING and best[0] > own else None
