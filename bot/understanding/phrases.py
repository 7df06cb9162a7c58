"""Finds whose words a message repeats: a phrase of a quotation, or many of its rare words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.factbase.models import Statement, Variant
from bot.understanding.entities import Entity
from bot.understanding.normalisation import folded

LONGEST_RUN = 8  # words in a row that are compared with quotations
TELLING_RUN = 4  # words in a row that a message shares with a quotation only if it means it
STEM = 5  # letters by which forms of a word are taken for the same
MOST_USERS = 2  # speakers who use a stem, beyond which it tells nobody apart
FEWEST_SHARED = 2  # such stems that a message shares with a speaker, to mean that speaker
RARE_LETTERS = 7  # of a single word that does


def told_by(statements: Iterable[Statement], entities: Mapping[str, Entity]) -> list[tuple[str, str]]:
    """The texts of statements, quoted and retold, each with the entity id of its first speaker."""
    told = [(_speakers(one, entities), _quoted(one) + _told(one)) for one in statements]
    return [(text, speakers[0]) for speakers, texts in told if speakers for text in texts]


class Phrases:
    """All words of a pack's statements. `telling_nothing` are words that name somebody, or that residents use in many
    questions: "who said"."""

    def __init__(
        self, statements: Iterable[Statement], entities: Mapping[str, Entity], telling_nothing: Iterable[str] = ()
    ) -> None:
        said = [(_speakers(one, entities), _quoted(one), _told(one)) for one in statements]
        self._speakers = _quoted_phrases([(speakers, quoted) for speakers, quoted, _ in said])
        self._stems = _telling_stems([(speakers, quoted + told) for speakers, quoted, told in said])
        self._telling_nothing = frozenset(telling_nothing)

    def quoted(self, words: Sequence[str]) -> tuple[str, ...]:
        """The speakers of a quotation that shares a phrase with `words`, or else many of its rare words."""
        return self.phrase(words) or self._likeliest(words)

    def phrase(self, words: Sequence[str], fewest: int = 1) -> tuple[str, ...]:
        """The speakers of the quotation with which `words` share the longest run of words, of at least `fewest`, if it
        is telling enough."""
        for length in range(min(LONGEST_RUN, len(words)), fewest - 1, -1):
            for start in range(len(words) - length + 1):
                run = tuple(words[start : start + length])
                if run in self._speakers and self._tells(run):
                    return self._speakers[run]
        return ()

    def _likeliest(self, words: Sequence[str]) -> tuple[str, ...]:
        """The speakers whose statements alone have most of the message's words, in whatever order and form."""
        shared: Counter[tuple[str, ...]] = Counter()
        for stem in {word[:STEM] for word in words if word not in self._telling_nothing}:
            shared.update(self._stems.get(stem, ()))
        ranked = shared.most_common(2)
        is_clear = len(ranked) == 1 or (len(ranked) == 2 and ranked[0][1] > ranked[1][1])
        return ranked[0][0] if is_clear and ranked[0][1] >= FEWEST_SHARED else ()

    def _tells(self, run: tuple[str, ...]) -> bool:
        rare = [word for word in run if len(word) > 3 and word not in self._telling_nothing]
        if len(run) == 1:
            return len(run[0]) >= RARE_LETTERS and bool(rare)
        common = len(run) - len(rare)
        return common == 0 or common == 1 < len(rare) or (len(run) >= TELLING_RUN and bool(rare))


def _speakers(said: Statement, entities: Mapping[str, Entity]) -> tuple[str, ...]:
    return tuple(f"{kind}:{name}" for name in said.by for kind in ("person", "org") if f"{kind}:{name}" in entities)


def _quoted(said: Statement) -> list[str]:
    """A statement's quotations in every wording and language that the pack has, as spoken first."""
    forms: list[Statement | Variant] = [said, *said.reported_differently]
    texts = [segment.exact for form in forms for segment in form.quote or ()]
    return texts + [text for form in forms if form.translation for text in form.translation.root.values()]


def _told(said: Statement) -> list[str]:
    """A statement in the pack's own words; a question that was not answered says nothing."""
    texts = said.paraphrase.root.values() if said.paraphrase and not said.no_answer else ()
    return [sentence for sentences in texts for sentence in sentences]


def _quoted_phrases(said: Sequence[tuple[tuple[str, ...], list[str]]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
    for speakers, texts in said:
        for text in texts:
            words = folded(text).split()
            for length in range(1, LONGEST_RUN + 1):
                for start in range(len(words) - length + 1):
                    phrases.setdefault(tuple(words[start : start + length]), speakers)
    return phrases


def _telling_stems(said: Sequence[tuple[tuple[str, ...], list[str]]]) -> dict[str, frozenset[tuple[str, ...]]]:
    """The stems of long words that few speakers use, each with who uses it."""
    users: dict[str, set[tuple[str, ...]]] = {}
    for speakers, texts in said:
        for word in folded(" ".join(texts)).split():
            if len(word) >= STEM:
                users.setdefault(word[:STEM], set()).add(speakers)
    return {stem: frozenset(found) for stem, found in users.items() if len(found) <= MOST_USERS}
