"""Trains a model in a process of its own, so that the one that answers keeps its memory small and its time."""

import logging
import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from bot.core.memory import hand_back
from bot.understanding.encoder import SentenceEncoder, load_encoder
from bot.understanding.model import Lessons, Studied, learn, study
from bot.understanding.store import Store

log = logging.getLogger(__name__)
READ, LEARN = "read", "learn"  # the two steps
KIND = 5  # how far the training steps back behind those who answer, as of `nice`


def train_apart(lessons: Lessons, folder: Path, *, with_encoder: bool) -> bool:
    """Trains in another process, which saves the model in `folder`; whether it did. The other process ends with this
    one, whichever way this one ends."""
    command = _command(folder, READ, int(with_encoder))
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - our own module
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            pickle.dump(lessons, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            del lessons  # while the other process needs the memory
            hand_back()
            trained = process.wait() == 0  # its input stays open until then
    except OSError:
        trained = False
    if not trained:
        log.warning("training_apart_failed")
    return trained


def main() -> None:
    """Reads lessons from standard input, as `train_apart` writes them, trains and saves; or goes on with what
    `_hand_on` left in an open file."""
    folder, step, given = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    lessons: Lessons | None = pickle.load(sys.stdin.buffer) if step == READ else None  # noqa: S301 - from who started this
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if lessons is None:
        with open(given, "rb") as file:
            learn(pickle.load(file), Store(folder))  # noqa: S301 - from this process itself
        return
    if hasattr(os, "nice"):
        os.nice(KIND)
    _step_back()
    encoder = load_encoder(partial(SentenceEncoder, folder)) if given else None
    if given and encoder is None:
        sys.exit(1)
    _hand_on(study(lessons, encoder, Store(folder)), folder)


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
    with TemporaryFile(dir=folder) as file:
        pickle.dump(studied, file, pickle.HIGHEST_PROTOCOL)
        file.seek(0)
        kept = os.dup(file.fileno())
    os.set_inheritable(kept, True)
    return kept


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
