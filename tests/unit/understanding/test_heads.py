"""Tests of the heads and their calibration against scikit-learn and against plain cases."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge as ReferenceRidge
from sklearn.linear_model import LogisticRegression

from bot.understanding.calibration import CAREFUL, STRAY, Calibration, calibrate
from bot.understanding.heads import FOLDS, Examples, fold_of, thinned, train_heads, trials_of
from bot.understanding.logistic import softmax, train_logistic
from bot.understanding.ridge import LANDMARKS, train_ridges
from bot.understanding.tfidf import FEWEST, Rows, Vocabulary, features
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


@pytest.mark.parametrize("count", [300, 1200])
def test_ridge_head_agrees_with_scikit_learn(count: int) -> None:
    draw = np.random.default_rng(1)
    points = draw.normal(size=(count, 16)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = draw.integers(0, 3, count)
    [ridge] = train_ridges(points, labels, 3, np.ones((count, 1), np.bool_), width=1.0, penalty=0.1)
    ours = ridge.scores(ridge.likeness(points[:50]))
    reference = ReferenceRidge(kernel="rbf", gamma=1.0, alpha=0.1).fit(points, np.eye(3)[labels]).predict(points[:50])
    np.testing.assert_allclose(ours, reference, atol=2e-3)


def test_ridges_trained_at_once_are_those_trained_alone() -> None:
    draw = np.random.default_rng(2)
    points = draw.normal(size=(2 * LANDMARKS, 16)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels, parts = draw.integers(0, 3, len(points)), draw.integers(0, 3, len(points))
    taught = (parts[:, None] != np.arange(3)) & (draw.random((len(points), 3)) < 0.8)
    ridges = train_ridges(points, labels, 3, taught, width=1.0, penalty=0.1)
    for part, ridge in enumerate(ridges):
        rows, asked = taught[:, part], np.flatnonzero(parts == part)
        alone = ReferenceRidge(kernel="rbf", gamma=1.0, alpha=0.1).fit(points[rows], np.eye(3)[labels[rows]])
        np.testing.assert_allclose(ridge.scores_of(points, asked), alone.predict(points[asked]), atol=2e-3)


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
    assert heads.ridge is not None
    seen = heads.ridge.scores_of(points, np.arange(400)).argmax(axis=1)
    assert (seen == numbers).mean() > 0.95


def test_like_examples_of_one_intent_are_kept_once() -> None:
    points = np.eye(3, dtype=np.float32)[[0, 0, 1, 0]]
    among = np.array([[True, False], [True, True], [True, True], [True, True]])
    kept = thinned(points, np.array([0, 0, 0, 1]), among)
    assert [np.flatnonzero(column).tolist() for column in kept.T] == [[0, 2, 3], [1, 2, 3]]


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
