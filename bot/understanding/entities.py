"""Finds who and what a message names: by name, surname, role, nickname, or a phrase of a quotation."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.factbase.models import Organisation, Person, Statement, Term, Variant
from bot.understanding.normalisation import folded

Entity = Person | Organisation | Term
Kind = Literal["person", "org", "term"]
MOST_WORDS = 7
LONGEST_RUN = 8  # words in a row that are compared with quotations
TELLING_RUN = 4  # words in a row that a message shares with a quotation only if it means it
STEM = 5  # letters by which forms of a word are taken for the same
MOST_USERS = 2  # speakers who use a stem, beyond which it tells nobody apart
FEWEST_SHARED = 2  # such stems that a message shares with a speaker, to mean that speaker
RARE_LETTERS = 7  # of a single word that does
PLURAL = frozenset(
    {"have", "must", "need", "do", "are", "were", "in", "that", "who", "and", "with", "will", "can", "of"}
)
DETERMINERS = frozenset({"the", "el", "la", "los", "las", "lo", "al", "del"})


@dataclass(frozen=True, slots=True)
class Mention:
    """Words `start` to `end` (exclusive) of a message that can stand for `ids`, the likeliest first.

    A `proper` mention is a name; others are roles and nicknames, as in "the chief".
    """

    start: int
    end: int
    ids: tuple[str, ...]
    proper: bool

    def kinds(self) -> tuple[str, ...]:
        """The kinds of entity that it can stand for."""
        return tuple(dict.fromkeys(entity.partition(":")[0] for entity in self.ids))


class EntityFinder:
    """All names of a pack's entities and all words of its quotations.

    `common` are words that residents use in many questions, which tell no quotation: "who said". `said` are the
    statements' texts, each with the entity id of its first speaker.
    """

    def __init__(
        self, entities: Mapping[str, Entity], statements: Iterable[Statement] = (), common: Iterable[str] = ()
    ) -> None:
        self._names: dict[tuple[str, ...], list[str]] = {}
        self._proper: set[tuple[str, ...]] = set()
        for entity_id, entity in entities.items():
            self._add(entity_id, entity)
        for entity_id, entity in entities.items():  # who asks what "la migra" said means the agency, not the word
            twin = entity_id.replace("term:", "org:", 1)
            if twin != entity_id and twin in entities:
                self._add(twin, entity)
        self._joined = {"".join(words): words for words in self._names if len(words) > 1}
        first = {words[0] for words in self._names}
        self._starts = frozenset({*first, *self._joined, *(word + "s" for word in first)})
        said = [(_speakers(one, entities), _quoted(one), _told(one)) for one in statements]
        self.said = tuple((text, who[0]) for who, quoted, told in said if who for text in quoted + told)
        self._speakers = _quoted_phrases([(speakers, quoted) for speakers, quoted, _ in said])
        self._stems = _telling_stems([(speakers, quoted + told) for speakers, quoted, told in said])
        self.words = frozenset(word for name in self._names for word in name)
        self._telling_nothing = self.words | frozenset(common)

    def find(self, words: Sequence[str]) -> tuple[Mention, ...]:
        """The mentions in folded `words`, from left to right; the longest name wins where names overlap."""
        mentions: list[Mention] = []
        at = 0
        while at < len(words):
            mention = self._at(words, at)
            if words[at] in DETERMINERS and (inner := self._at(words, at + 1)):
                # "the mayor" must not hide "mayor pro tem"
                mention = mention if mention and mention.end >= inner.end else inner
            if mention:
                mentions.append(mention)
            at = mention.end if mention else at + 1
        return tuple(mentions)

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
        return (len(run) >= TELLING_RUN and bool(rare)) or len(rare) == len(run)

    def _at(self, words: Sequence[str], at: int) -> Mention | None:
        if at >= len(words) or words[at] not in self._starts:
            return None
        for length in range(min(MOST_WORDS, len(words) - at), 0, -1):
            found = self._lookup(tuple(words[at : at + length])) or self._owner(words, at, length)
            if found:
                return Mention(at, at + length, tuple(self._names[found]), found in self._proper)
        return None

    def _lookup(self, name: tuple[str, ...]) -> tuple[str, ...] | None:
        if name in self._names:
            return name
        if len(name) == 1 and name[0] in self._joined:
            return self._joined[name[0]]
        return None

    def _owner(self, words: Sequence[str], at: int, length: int) -> tuple[str, ...] | None:
        """The name of a person of which some words are the possessive without its apostrophe; "sheriffs" alone are
        many."""
        after = at + length
        *before, last = words[at:after]
        name = (*before, last[:-1])
        if not last.endswith("s") or name not in self._names:
            return None
        is_person = self._names[name][0].startswith("person:")  # of others there can be several
        of_one = is_person and (name in self._proper or DETERMINERS.intersection(words[max(at - 1, 0) : at + 1]))
        return name if of_one and after < len(words) and words[after] not in PLURAL else None

    def _add(self, entity_id: str, entity: Entity) -> None:
        own = [entity.name, entity.surname] if isinstance(entity, Person) else list(entity.name.root.values())
        parts = set(folded(" ".join(own)).split()) if isinstance(entity, Person) else set()
        for name in [*own, *(alias for aliases in entity.aliases.values() for alias in aliases)]:
            words = tuple(folded(name).split())
            for form in {words, words[1:] if words[:1] and words[0] in DETERMINERS else words}:
                self._put(form, entity_id, proper=name in own or not parts or bool(parts & set(form)))
        if isinstance(entity, Person):
            first, last = (folded(entity.name).split()[at] for at in (0, -1))
            self._put((last,), entity_id, proper=True)
            self._put((first,), entity_id, proper=True)

    def _put(self, words: tuple[str, ...], entity_id: str, *, proper: bool) -> None:
        if words and entity_id not in (known := self._names.setdefault(words, [])):
            known.append(entity_id)
        if proper:
            self._proper.add(words)


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
