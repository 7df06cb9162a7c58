"""Trains a model in a process of its own, so that the one that answers keeps its memory small and its time."""

import logging
import mmap
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from bot.understanding.consideration import Considering
from bot.understanding.encoder import SentenceEncoder, load_encoder
from bot.understanding.knowledge import Knowledge
from bot.understanding.model import Studied, learn, study
from bot.understanding.store import Store

log = logging.getLogger(__name__)
READ, LEARN = "read", "learn"  # the two steps
ALIGNED = 64  # bytes of which each part of what is handed on takes a multiple
KIND = 5  # how far the training steps back behind those who answer, as of `nice`


def train_apart(knowledge: Knowledge, folder: Path, *, with_encoder: bool) -> bool:
    """Reads the examples and trains in another process, which saves the model in `folder`; whether it did. The other
    process ends with this one, whichever way this one ends."""
    command = _command(folder, READ, int(with_encoder))
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - our own module
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            pickle.dump(knowledge, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            trained = process.wait() == 0  # its input stays open until then
    except OSError:
        trained = False
    if not trained:
        log.warning("training_apart_failed")
    return trained


def main() -> None:
    """Reads knowledge from standard input, as `train_apart` writes it, trains and saves; or goes on with what
    `_hand_on` left in an open file."""
    folder, step, given = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    knowledge: Knowledge | None = pickle.load(sys.stdin.buffer) if step == READ else None  # noqa: S301 - from who started this
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if knowledge is None:
        learn(_handed(given), Store(folder))
        return
    if hasattr(os, "nice"):
        os.nice(KIND)
    _step_back()
    encoder = load_encoder(partial(SentenceEncoder, folder)) if given else None
    if given and encoder is None:
        sys.exit(1)
    store = Store(folder)
    _hand_on(study(Considering(knowledge, store).lessons, encoder, store), folder)


def _hand_on(studied: Studied, folder: Path) -> None:
    """Goes on as a new program: what reading took, in many small pieces, does not go back otherwise. Where there is no
    room for what that needs, or no program takes another's place, goes on with it all."""
    with suppress(OSError):
        if os.name == "posix":
            os.execv(sys.executable, _command(folder, LEARN, _left(studied, folder)))  # noqa: S606 - our own module
    learn(studied, Store(folder))


def _left(studied: Studied, folder: Path) -> int:
    """An open file without a name, for the next program, with what was studied in it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: list[pickle.PickleBuffer] = []
    rest = pickle.dumps(studied, pickle.HIGHEST_PROTOCOL, buffer_callback=arrays.append)
    parts = [memoryview(rest), *(array.raw() for array in arrays)]
    head = pickle.dumps([part.nbytes for part in parts])
    size = len(head).to_bytes(ALIGNED, "little")
    with TemporaryFile(dir=folder) as file:
        for part in (memoryview(size), memoryview(head), *parts):
            file.write(part)
            file.write(bytes(-file.tell() % ALIGNED))
        file.flush()
        kept = os.dup(file.fileno())
    os.set_inheritable(kept, True)
    return kept


def _handed(file: int) -> Studied:
    """What `_left` left in an open file, where its arrays stay: so they take no memory that another may need."""
    data = memoryview(mmap.mmap(file, 0, mmap.MAP_PRIVATE, mmap.PROT_READ))
    (head,), at = _cut(data, 0, [ALIGNED])
    (head,), at = _cut(data, at, [int.from_bytes(head, "little")])
    (rest, *arrays), _ = _cut(data, at, pickle.loads(head))  # noqa: S301 - from this process itself
    studied: Studied = pickle.loads(rest, buffers=arrays)  # noqa: S301 - likewise
    return studied


def _cut(data: memoryview, at: int, sizes: Sequence[int]) -> tuple[list[memoryview], int]:
    """Parts of these sizes, the first of which begins at `at`; and where the next one begins."""
    parts = []
    for size in sizes:
        parts.append(data[at : at + size])
        at += size + -size % ALIGNED
    return parts, at


def _command(folder: Path, step: str, given: int) -> list[str]:
    return [sys.executable, "-m", "bot.understanding.training", str(folder), step, str(given)]


def _step_back() -> None:
    """Where memory runs out, it is this process that ends, not the one that answers. Linux alone can be told."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # gives nothing until the other side is gone
    os._exit(1)


if __name__ == "__main__":
    main()
