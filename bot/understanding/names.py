"""Finds who or what a text names: people, organisations and terms by name, surname, role or nickname."""

from collections.abc import Mapping

from bot.factbase.models import Organisation, Person, Term
from bot.understanding.words import folded

MOST_WORDS = 6


class Names:
    """All names of a pack's entities; the longest name found in a text wins, and of two as long the earlier."""

    def __init__(self, entities: Mapping[str, Person | Organisation | Term]) -> None:
        self._entities: dict[str, tuple[str, ...]] = {}
        for entity_id, entity in entities.items():
            for name in _names(entity):
                known = self._entities.setdefault(folded(name), ())
                if name and entity_id not in known:
                    self._entities[folded(name)] = (*known, entity_id)

    def find(self, text: str) -> tuple[str, ...]:
        """The entity ids that the longest name in `text` can stand for: none, one, or several (`ICE`, agency or term)."""
        words = folded(text).split()
        for length in range(min(MOST_WORDS, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                if found := self._entities.get(" ".join(words[start : start + length])):
                    return found
        return ()


def _names(entity: Person | Organisation | Term) -> list[str]:
    own = [entity.name, entity.surname] if isinstance(entity, Person) else list(entity.name.root.values())
    return own + [alias for aliases in entity.aliases.values() for alias in aliases]
