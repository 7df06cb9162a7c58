"""Understands what residents write, from the first moment on, and better once the encoder is warm."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bot.core.findings import Finding
from bot.core.memory import hand_back
from bot.core.messages import Turn
from bot.core.ports import Understanding
from bot.understanding.checks import check_understanding
from bot.understanding.consideration import Considering, Equipment
from bot.understanding.encoder import Encoder, SentenceEncoder, load_encoder
from bot.understanding.explanation import Explanation
from bot.understanding.knowledge import Knowledge, lessons_key
from bot.understanding.model import Model, is_learnt, load_model, texts_of, train_model
from bot.understanding.recent import Recent
from bot.understanding.store import Store, embeddings_of
from bot.understanding.training import train_apart

log = logging.getLogger(__name__)


class PackInterpreter:
    """Implements `bot.core.ports.Interpreter`; safe to use from several threads.

    The first text reads the examples where the cache knows nothing of them, if `warm` did not. Until the encoder is
    there, texts are told by the head over words where the cache has one, and else compared with the example questions,
    which offers more than it answers. `warm` brings the encoder and both heads, once; it may run in a thread of its
    own, and nobody waits for it.
    """

    def __init__(
        self, knowledge: Knowledge, cache: Path | None = None, load: Callable[[], Encoder | None] | None = None
    ) -> None:
        self._knowledge = knowledge
        self._cache, self._store = cache, Store(cache)
        self._load = load or partial(load_encoder, partial(SentenceEncoder, cache))
        self._considering: Considering | None = None
        self._equipped = Equipment(None, None, "examples"), Recent()
        self._preparing, self._warming = threading.Lock(), threading.Lock()

    def _prepared(self, known: Model | None = None) -> Considering:
        """Made when first needed, which takes some seconds where nothing is kept: a page can be served before. Whoever
        has the model `known` already equips it himself."""
        with self._preparing:
            if self._considering is None:
                considering = Considering(self._knowledge, self._store)
                if known is None:
                    model = load_model(considering.key, self._store, with_encoder=False)
                    self._equip(Equipment(model, None, "words" if model else "examples"))
                self._considering = considering
            return self._considering

    @property
    def _equipment(self) -> Equipment:
        return self._equipped[0]

    def _equip(self, equipment: Equipment) -> None:
        """What was understood with less is understood anew: both are replaced in one step, for the other threads."""
        self._equipped = equipment, Recent()

    def is_learnt(self) -> bool:
        """Whether the cache has a model of this, with an encoder or without; nothing is read for that."""
        return is_learnt(lessons_key(self._knowledge), self._store)

    @property
    def model(self) -> Model | None:
        """The trained model, once there is one."""
        self._prepared()
        return self._equipment.model

    def status(self) -> str:
        """`ready`; `words` where the encoder is not there, or not yet; `examples` where nothing is trained either, or
        nothing was read yet."""
        return self._equipment.status

    def warm(self, *, is_asked: bool = True) -> str:
        """Loads the encoder and the heads, training those that the cache does not have; returns the status. If texts
        are understood meanwhile (`is_asked`), it makes ready for them first.

        Takes about two seconds with a cache and half a minute without.
        """
        with self._warming:
            if is_asked or self.is_learnt():
                self._prepared()
            if self.status() != "ready" and self._knowledge.questions:
                encoder, known = self._load(), self._equipment.model
                if known is None or (encoder and not known.heads.network):
                    known = self._trained(encoder) or known
                if known is not None:
                    self._prepared(known).forget_lessons()
                    self._equip(Equipment(known, encoder, "ready" if encoder and known.heads.network else "words"))
                hand_back()
                log.info("understanding_warm status=%s", self.status())
        return self.status()

    def _trained(self, encoder: Encoder | None) -> Model | None:
        """The model from the cache; else trained in a process of its own, or here where nothing can be kept. None where
        that process came to nothing: what ended it for want of memory would end this one, too."""
        with_encoder, key = encoder is not None, lessons_key(self._knowledge)
        model = load_model(key, self._store, with_encoder=with_encoder)
        if model is None and self._cache:
            if not train_apart(self._knowledge, self._cache, with_encoder=with_encoder):
                return None
            model = load_model(key, self._store, with_encoder=with_encoder)
        return model or train_model(self._prepared().lessons, encoder, self._store)

    def understand(self, text: str, context: Turn | None = None) -> Understanding:
        """See `bot.core.ports.Interpreter`. With the outcome `answer`, `candidates` are what else the message asked."""
        considering = self._prepared()
        equipment, recent = self._equipped
        return recent.understood(text, context, lambda: considering.consider(text, context, equipment).understanding)

    def explain(self, text: str, context: Turn | None = None) -> Explanation:
        """What `understand` gives, and why."""
        return self._prepared().consider(text, context, self._equipment, fully=True)

    def findings(self, pack: Path) -> list[Finding]:
        """Warnings about the example questions of the pack in the folder `pack`, for editors; `warm` comes first."""
        model = self.model
        if model is None or self.status() == "examples":
            return []
        lessons, encoder = self._prepared().lessons, self._equipment.encoder
        embeddings = (
            embeddings_of(texts_of(lessons), encoder, self._store)[: len(lessons.readings)] if encoder else None
        )
        return check_understanding(pack, self._knowledge.questions, lessons.readings, embeddings, model)
