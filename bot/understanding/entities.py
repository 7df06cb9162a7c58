"""Finds who and what a message names: by name, surname, role or nickname."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.factbase.models import Organisation, Person, Term
from bot.understanding.normalisation import cleaned, folded, named

Entity = Person | Organisation | Term
Kind = Literal["person", "org", "term"]
MOST_WORDS = 7
PLURAL = frozenset(
    {"have", "must", "need", "do", "are", "were", "in", "that", "who", "and", "with", "will", "can", "of"}
)
CONTRACTED = frozenset(
    {"it", "that", "who", "what", "he", "she", "there", "here", "how", "where", "when", "let", "one"}
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
    """All names of a pack's entities; `words` are the words of them, `owners` those that a possessive can end with."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
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
        self.words = frozenset(word for name in self._names for word in name)
        self.owners = frozenset(name[-1] for name in self._names) - CONTRACTED

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
            words = tuple(word for chunk in cleaned(name).split() for word in named(chunk))
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
