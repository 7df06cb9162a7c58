"""Keeps what was trained in a folder, by the hash of what it was made of, so that a start or a reload costs little."""

import logging
import os
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from bot.understanding.encoder import DIMENSIONS, Encoder
from bot.understanding.tfidf import Embeddings

log = logging.getLogger(__name__)
KEPT = 2  # trained models; older ones are removed
ABANDONED = 3600  # seconds, after which a file that was being written has been left by a process that was ended
EMBEDDINGS = "embeddings.npz"
BLOCK = 2_048  # texts whose embeddings are made before they are held in half precision
Arrays = Mapping[str, npt.NDArray[np.generic]]


def digest(parts: Iterable[str]) -> str:
    """A short hash of texts in order."""
    made = blake2b(digest_size=12)
    for part in parts:
        made.update(part.encode() + b"\0")
    return made.hexdigest()


class Store:
    """A folder of arrays, without pickle. `folder` None keeps nothing. A file that cannot be read or written is as
    good as none: everything in it can be made again."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def has(self, name: str) -> bool:
        """Whether something was saved under `name`."""
        return self._folder is not None and (self._folder / name).is_file()

    def load(self, name: str) -> Arrays | None:
        """The arrays saved under `name`, or None."""
        if self._folder is None or not (path := self._folder / name).is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {key: archive[key] for key in archive.files}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
            log.warning("cache_unreadable file=%s", name)
            return None

    def save(self, name: str, arrays: Arrays) -> None:
        """Saves arrays under `name`, whole or not at all."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    np.savez(file, **dict(arrays))  # type: ignore[arg-type]  # numpy types the names as its own options
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self._folder / name)
            finally:
                Path(temporary).unlink(missing_ok=True)
            self._prune(self._folder, self._folder / name)
        except OSError:
            log.warning("cache_unwritable file=%s", name)

    @staticmethod
    def _prune(folder: Path, written: Path) -> None:
        kind, now = written.name.partition("-")[0], written.stat().st_mtime
        saved = sorted(folder.glob(f"{kind}-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        left = [path for path in folder.glob("*.part") if now - path.stat().st_mtime > ABANDONED]
        for path in [*saved[KEPT:], *left]:
            path.unlink(missing_ok=True)


def embeddings_of(texts: Sequence[str], encoder: Encoder, store: Store) -> Embeddings:
    """Embeddings of `texts`, of which only those are computed that the store does not have; it keeps these alone."""
    names = [digest([text]) for text in texts]
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        first.setdefault(name, place)
    ranks = {name: rank for rank, name in enumerate(first)}
    different = [texts[place] for place in first.values()]
    vectors = np.empty((len(texts), DIMENSIONS), np.float16)  # at first without those that come again
    is_kept = _fill(vectors, ranks, store)
    missing = [rank for name, rank in ranks.items() if name not in is_kept]
    for at in range(0, len(missing), BLOCK):
        some = missing[at : at + BLOCK]
        vectors[some] = encoder.encode([different[rank] for rank in some])
    if missing or len(ranks) < len(is_kept):
        store.save(EMBEDDINGS, {"keys": np.array(list(ranks)), "vectors": vectors[: len(ranks)]})
    for place in range(len(names) - 1, -1, -1):  # a rank is never behind its place, so none is lost
        vectors[place] = vectors[ranks[names[place]]]
    return vectors


def kept_embeddings(texts: Sequence[str], store: Store) -> Embeddings | None:
    """Embeddings of `texts`; None where the store lacks any of them."""
    known, saved = _saved_embeddings(store)
    places = [known.get(digest([text]), -1) for text in texts]
    return saved[places] if texts and min(places) >= 0 else None


def _fill(vectors: Embeddings, places: Mapping[str, int], store: Store) -> set[str]:
    """Puts what the store has at its places; gives the hashes of all that it has, of which those in `places` count."""
    known, saved = _saved_embeddings(store)
    for name, row in known.items():
        if name in places:
            vectors[places[name]] = saved[row]
    return set(known)


def _saved_embeddings(store: Store) -> tuple[dict[str, int], npt.NDArray[np.float16]]:
    """The place of each hash among the vectors that are saved, none of them where what is saved is not sound."""
    saved = store.load(EMBEDDINGS) or {}
    keys, vectors = saved.get("keys"), saved.get("vectors")
    if keys is None or vectors is None or vectors.shape != (len(keys), DIMENSIONS):
        return {}, np.zeros((0, DIMENSIONS), np.float16)
    return {str(key): place for place, key in enumerate(keys)}, np.asarray(vectors, np.float16)
