"""Tests of the heads and their calibration against scikit-learn and against plain cases."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from bot.understanding import network
from bot.understanding.calibration import CAREFUL, STRAY, Calibration, calibrate
from bot.understanding.heads import FOLDS, Examples, fold_of, train_heads, trials_of
from bot.understanding.logistic import softmax, train_logistic
from bot.understanding.network import Network, train_network
from bot.understanding.tfidf import FEWEST, MANY, Rows, Vocabulary, features
from tests.unit.understanding.packs import dallas

TEXTS = [question for question in dallas(8).questions if question.lang == "en"][::6]
LABELS = sorted({question.intent for question in TEXTS})
TRUTH = np.array([LABELS.index(question.intent) for question in TEXTS], dtype=np.int64)


@pytest.fixture(scope="module")
def rows() -> Rows:
    """TF-IDF rows of some of the pack's questions."""
    counted = [features(question.text.split(), question.text.split()) for question in TEXTS]
    return Vocabulary.of(counted).rows(counted)


def dense(rows: Rows) -> np.ndarray:
    """The rows as one matrix."""
    return rows.times(np.eye(rows.width, dtype=np.float32))


def test_logistic_head_agrees_with_scikit_learn(rows: Rows) -> None:
    ours = train_logistic(rows, TRUTH, len(LABELS), strength=5.0, most_steps=150, tolerance=1e-5)
    reference = LogisticRegression(C=5.0, max_iter=2000, tol=1e-6).fit(dense(rows), TRUTH)
    np.testing.assert_allclose(softmax(ours.scores(rows)), reference.predict_proba(dense(rows)), atol=5e-3)


def rings(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points about the middle that no plane parts, and the ring that each lies in."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 3, count)
    points = draw.normal(size=(count, 6))
    points *= (1 + labels[:, None]) / np.linalg.norm(points, axis=1, keepdims=True)
    return (points + draw.normal(scale=0.15, size=points.shape) + 5).astype(np.float32), labels


def test_network_tells_as_much_as_that_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DROPPED", "DROPPED_UNITS"):
        monkeypatch.setattr(network, name, 0.0)  # of six values none can be spared
    (points, labels), (asked, truth) = rings(1500, 1), rings(1000, 2)
    ours = train_network(points, labels, 3, np.arange(1500)).scores(asked).argmax(axis=1)
    reference = MLPClassifier((128,), random_state=0, max_iter=500).fit(points - 5, labels).predict(asked - 5)
    assert (ours == truth).mean() >= max(0.9, (reference == truth).mean() - 0.01)


def test_network_steps_down_the_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Along each of its parts, against the difference that a small change makes to the loss."""
    for name, value in (("UNITS", 5), ("DROPPED", 0.0), ("DROPPED_UNITS", 0.0)):
        monkeypatch.setattr(network, name, value)
    draw = np.random.default_rng(3)
    weights = network._Weights(4, 3, draw)
    inputs, labels = draw.normal(size=(8, 4)).astype(np.float32), draw.integers(0, 3, 8)

    def loss() -> float:
        scores = Network(*weights.parts).scores(inputs)
        return -float(np.log(softmax(scores)[np.arange(8), labels]).mean())

    weights.step(inputs, labels, 0.0, draw)
    for part, slopes in zip(weights.parts, weights._slopes, strict=True):
        at = np.unravel_index(np.abs(slopes).argmax(), part.shape)
        before, part[at] = part[at], part[at] + 0.01
        more, part[at] = loss(), before - 0.01
        less, part[at] = loss(), before
        assert slopes[at] == pytest.approx((more - less) / 0.02, rel=0.02)


def test_network_knows_nothing_of_other_texts() -> None:
    points, labels = rings(400, 4)
    seen = np.arange(0, 400, 2)
    whole = train_network(points, labels, 3, seen)
    alone = train_network(points[seen], labels[seen], 3, np.arange(200))
    np.testing.assert_array_equal(whole.scores(points), alone.scores(points))


def test_network_takes_few_texts_and_texts_that_are_the_same() -> None:
    one = train_network(np.ones((1, 4), np.float16), np.array([1]), 2, np.arange(1))
    assert one.scores(np.ones((3, 4), np.float16)).argmax(axis=1).tolist() == [1, 1, 1]
    assert one.scores(np.zeros((0, 4), np.float32)).shape == (0, 2)
    both = train_network(np.ones((2, 4), np.float16), np.array([0, 1]), 2, np.arange(2))
    np.testing.assert_allclose(softmax(both.scores(np.ones((1, 4), np.float32))), 0.5, atol=0.05)
    assert np.isfinite(both.inner.astype(np.float16)).all()  # as it is saved
    assert np.isfinite(both.scores(np.eye(4, dtype=np.float32))).all()


def test_sparse_rows_multiply_like_dense_ones(rows: Rows) -> None:
    matrix = np.random.default_rng(2).normal(size=(rows.width, 3)).astype(np.float32)
    np.testing.assert_allclose(rows.times(matrix), dense(rows) @ matrix, atol=1e-4)
    np.testing.assert_allclose(dense(rows.transposed()), dense(rows).T)


def test_rows_have_length_one(rows: Rows) -> None:
    filled = np.diff(rows.starts) > 0
    assert filled.mean() > 0.95
    np.testing.assert_allclose(np.linalg.norm(dense(rows), axis=1), filled, atol=1e-5)


def test_paraphrases_stay_in_one_fold() -> None:
    groups = [question.group for question in TEXTS]
    parts = fold_of(groups, 5)
    assert set(parts.tolist()) == {0, 1, 2, 3, 4}
    assert all(
        len({part for part, group in zip(parts.tolist(), groups, strict=True) if group == one}) == 1
        for one in set(groups)
    )


@pytest.mark.parametrize(("enough", "trials"), [(1, 1), (25, 2), (90, FOLDS), (1000, FOLDS)])
def test_no_more_is_held_back_than_is_enough(enough: int, trials: int) -> None:
    held_back = trials_of(range(100), enough)
    assert held_back.sum(axis=0).tolist() == [20] * trials
    assert held_back.sum(axis=1).max() == 1


def test_nothing_is_held_back_where_all_are_paraphrases() -> None:
    assert trials_of([7] * 50).shape == (50, 0)
    assert calibrate(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), ["a", "b"]) == CAREFUL


def test_trial_knows_nothing_of_what_it_is_tried_on() -> None:
    """Texts without any sense that occur nowhere else cannot be told by heads that did not see them."""
    draw = np.random.default_rng(4)
    points = draw.normal(size=(400, 64)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    words = ["".join(chr(97 + one) for one in draw.integers(0, 26, 8)) for _ in range(400)]
    counted = [features([word], [word]) for word in words]
    vocabulary = Vocabulary.of(counted * FEWEST)
    numbers = draw.integers(0, 2, 400)
    examples = Examples(("a", "b"), numbers, vocabulary, vocabulary.rows(counted), points)
    heads, trial = train_heads(examples, trials_of(range(400)))
    assert (trial.both.argmax(axis=1) == numbers).mean() < 0.6
    assert (trial.words.argmax(axis=1) == numbers).mean() < 0.6
    assert heads.network is not None
    seen = heads.network.scores(points).argmax(axis=1)
    assert (seen == numbers).mean() > 0.95


@pytest.mark.parametrize(("count", "kept"), [(MANY - 1, True), (MANY, False)])
def test_of_few_texts_rarer_features_count(count: int, kept: bool) -> None:
    texts = [features(["often"], ["often"]) for _ in range(count - 2)] + [features(["rare"], ["rare"])] * 2
    assert ("_rare" in Vocabulary.of(texts).names) is kept


def test_thresholds_keep_the_promised_share_of_errors() -> None:
    draw = np.random.default_rng(3)
    labels = ["a", "b", STRAY]
    truth = draw.integers(0, 3, 2000)
    scores = draw.normal(size=(2000, 3)).astype(np.float32)
    scores[np.arange(2000), truth] += 2
    chances = softmax(scores)
    found = calibrate(chances, truth, labels)
    sure = found.sharpened(chances)
    first, told = sure.argmax(axis=1), sure.max(axis=1) >= found.answer_at
    wrong = told & (first != truth) & (first != 2)
    assert 0.01 < wrong.mean() <= 0.04
    assert (sure[truth != 2, 2] >= found.refuse_at).mean() <= 0.02


def test_sharpened_probabilities_sum_to_one() -> None:
    sharp = Calibration(2.0, 0.5, 0.5).sharpened(np.array([[0.6, 0.4], [0.0, 1.0]], dtype=np.float32))
    np.testing.assert_allclose(sharp.sum(axis=1), 1, atol=1e-6)
    assert sharp[0, 0] > 0.6
