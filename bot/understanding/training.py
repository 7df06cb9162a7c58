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

from bot.core.memory import hand_back
from bot.understanding.encoder import SentenceEncoder, load_encoder
from bot.understanding.model import Lessons, embed, learn
from bot.understanding.store import Store

log = logging.getLogger(__name__)
KIND = 5  # how far the training steps back behind those who answer, as of `nice`


def train_apart(lessons: Lessons, folder: Path, *, with_encoder: bool) -> bool:
    """Trains in another process, which saves the model in `folder`; whether it did. The other process ends with this
    one, whichever way this one ends."""
    command = [sys.executable, "-m", __name__, str(folder), str(int(with_encoder))]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - our own module
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            pickle.dump(lessons, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            trained = process.wait() == 0  # its input stays open until then
    except OSError:
        trained = False
    if not trained:
        log.warning("training_apart_failed")
    return trained


def main() -> None:
    """Reads lessons from standard input, as `train_apart` writes them, trains and saves."""
    folder, with_encoder = Path(sys.argv[1]), sys.argv[2] == "1"
    lessons: Lessons = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(KIND)
    _step_back()
    encoder = load_encoder(partial(SentenceEncoder, folder)) if with_encoder else None
    if with_encoder and encoder is None:
        sys.exit(1)
    store = Store(folder)
    embeddings = embed(lessons, encoder, store) if encoder else None
    del encoder  # which takes 60 MB
    hand_back()
    learn(lessons, embeddings, store)


def _step_back() -> None:
    """Where memory runs out, it is this process that ends, not the one that answers. Linux alone can be told."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # gives nothing until the other side is gone
    os._exit(1)


if __name__ == "__main__":
    main()
