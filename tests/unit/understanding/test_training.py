"""Tests of training in a process of its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from bot.understanding.consideration import Considering
from bot.understanding.model import Lessons, load_model, train_model
from bot.understanding.pack_interpreter import PackInterpreter
from bot.understanding.store import Store
from bot.understanding.training import train_apart
from tests.unit.understanding.packs import dallas

LESSONS = Considering(dallas(16)).lessons


def test_process_of_its_own_trains_the_same_model(tmp_path: Path) -> None:
    assert train_apart(LESSONS, tmp_path, with_encoder=False)
    apart = load_model(LESSONS, Store(tmp_path), with_encoder=False)
    here = train_model(LESSONS, None, Store(None))
    assert apart is not None
    assert (apart.labels, apart.words) == (here.labels, here.words)
    np.testing.assert_allclose(apart.unseen, here.unseen, atol=1e-4)


def test_training_that_fails_is_told(tmp_path: Path) -> None:
    assert not train_apart(Lessons(LESSONS.questions, [], []), tmp_path, with_encoder=False)


def test_training_ends_with_the_process_that_wanted_it() -> None:
    wait = "from bot.understanding import training; training._end_with_parent()"
    command = [sys.executable, "-c", wait]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 1


def test_cache_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    interpreter = PackInterpreter(dallas(16), tmp_path / "file", lambda: None)
    assert interpreter.warm() == "words"
