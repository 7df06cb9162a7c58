"""Tests of training in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.understanding import training
from bot.understanding.consideration import Considering
from bot.understanding.encoder import DIMENSIONS
from bot.understanding.knowledge import lessons_key
from bot.understanding.model import load_model, study, train_model
from bot.understanding.pack_interpreter import PackInterpreter
from bot.understanding.store import EMBEDDINGS, Store, embeddings_of
from bot.understanding.tfidf import Floats
from bot.understanding.training import train_apart
from tests.unit.understanding.packs import dallas

KNOWLEDGE = dallas(16)
MOST_MEMORY = 245  # megabytes that learning the whole pack takes: 224 to 237 were seen
LEARNING = """
import resource
import sys
from pathlib import Path
from bot.understanding.training import train_apart
from tests.unit.understanding.packs import dallas
assert train_apart(dallas(), Path(sys.argv[1]), with_encoder=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


class Counting:
    """Gives every text its length, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        return np.array([[len(text)] * DIMENSIONS for text in texts], dtype=np.float32)

    def knows(self, word: str) -> bool:
        return word in self.asked


def test_process_of_its_own_trains_the_same_model(tmp_path: Path) -> None:
    lessons = Considering(KNOWLEDGE, Store(None)).lessons
    assert train_apart(KNOWLEDGE, tmp_path, with_encoder=False)
    apart = load_model(lessons.key, Store(tmp_path), with_encoder=False)
    here = train_model(lessons, None, Store(None))
    assert apart is not None
    assert (apart.labels, apart.words) == (here.labels, here.words)
    np.testing.assert_allclose(apart.heads.logistic.weights, here.heads.logistic.weights, atol=1e-4)


@pytest.mark.parametrize("name", ["not/yet", "file"])
def test_folder_that_is_missing_is_made_and_a_file_in_its_place_is_no_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    assert train_apart(KNOWLEDGE, tmp_path / name, with_encoder=False)
    assert (load_model(lessons_key(KNOWLEDGE), Store(tmp_path / name), with_encoder=False) is None) == (name == "file")


def test_learner_that_is_ended_takes_nobody_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_command", lambda *_: [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    interpreter = PackInterpreter(dallas(16), tmp_path, lambda: None)
    assert interpreter.warm() == "examples"
    assert interpreter.understand("when is the vote").turn.intent == "when_is_the_vote"
    assert interpreter.model is None


def test_training_that_fails_is_told(tmp_path: Path) -> None:
    assert not train_apart(replace(KNOWLEDGE, questions=[]), tmp_path, with_encoder=False)


def test_who_is_not_asked_meanwhile_reads_no_examples_himself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Considering, "lessons", property(lambda _: pytest.fail("read in this process")))
    interpreter = PackInterpreter(KNOWLEDGE, tmp_path, lambda: None)
    assert not interpreter.is_learnt()
    assert interpreter.warm(is_asked=False) == "words"
    assert interpreter.understand("when is the vote").turn.intent == "when_is_the_vote"


def test_what_was_studied_is_handed_on_whole(tmp_path: Path) -> None:
    lessons = Considering(dallas(64), Store(None)).lessons
    studied = study(lessons, Counting(), Store(None))
    left = training._left(studied, tmp_path)
    handed = training._handed(left)
    os.close(left)
    assert list(tmp_path.iterdir()) == []
    assert (handed.name, handed.groups) == (studied.name, studied.groups)
    assert handed.alluded.keys() == studied.alluded.keys()
    for intent, (entities, embeddings) in studied.alluded.items():
        assert handed.alluded[intent][0] == entities
        np.testing.assert_array_equal(handed.alluded[intent][1], embeddings)
    np.testing.assert_array_equal(handed.examples.embeddings, studied.examples.embeddings)
    assert (handed.examples.labels, handed.examples.vocabulary.names) == (
        studied.examples.labels,
        studied.examples.vocabulary.names,
    )
    np.testing.assert_array_equal(handed.examples.numbers, studied.examples.numbers)
    np.testing.assert_array_equal(handed.examples.vocabulary.weights, studied.examples.vocabulary.weights)
    for name in ("values", "columns", "starts"):
        np.testing.assert_array_equal(getattr(handed.examples.rows, name), getattr(studied.examples.rows, name))


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


def test_only_new_texts_are_encoded_and_only_present_ones_kept(tmp_path: Path) -> None:
    store, encoder = Store(tmp_path), Counting()
    first = embeddings_of(["a", "bb", "a"], encoder, store)
    assert embeddings_of(["a", "a", "bb", "ccc", "a", "bb"], Counting(), Store(None))[:, 0].tolist() == [
        1,
        1,
        2,
        3,
        1,
        2,
    ]
    second = embeddings_of(["ccc", "bb"], encoder, store)
    third = embeddings_of(["bb"], encoder, store)
    assert encoder.asked == ["a", "bb", "ccc"]
    assert [one[:, 0].tolist() for one in (first, second, third)] == [[1, 2, 1], [3, 2], [2]]
    saved = store.load(EMBEDDINGS)
    assert saved is not None
    assert saved["vectors"].shape == (1, DIMENSIONS)


def test_torn_file_is_as_good_as_none(tmp_path: Path) -> None:
    store, encoder = Store(tmp_path), Counting()
    embeddings_of(["a", "bb"], encoder, store)
    whole = (tmp_path / EMBEDDINGS).read_bytes()
    (tmp_path / EMBEDDINGS).write_bytes(whole[: len(whole) // 2])
    assert embeddings_of(["bb"], encoder, store)[0, 0] == 2
    assert encoder.asked == ["a", "bb", "bb"]


def test_what_a_write_left_half_done_goes(tmp_path: Path) -> None:
    half, fresh = tmp_path / "one.part", tmp_path / "two.part"
    for path in (half, fresh):
        path.write_bytes(b"half")
    os.utime(half, (0, 0))
    Store(tmp_path).save("heads-x.npz", {"a": np.zeros(1)})
    assert {path.name for path in tmp_path.iterdir()} == {"two.part", "heads-x.npz"}


def test_unsound_embeddings_are_made_anew(tmp_path: Path) -> None:
    store, encoder = Store(tmp_path), Counting()
    store.save(EMBEDDINGS, {"keys": np.array(["a"]), "vectors": np.zeros((2, 3), np.float16)})
    assert embeddings_of(["bb"], encoder, store)[0, 0] == 2


@pytest.mark.long
def test_whole_pack_is_learnt_in_little_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEARNING, str(tmp_path)]
    learning = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(learning.stdout) <= MOST_MEMORY
