"""Rows, labels, folds: nothing of the test is seen in training, whatever is done to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import ModelError
from tael.markets.modelling import MODELS, PanelBooster, folds_of, rows_of, standardised, walk_forward
from tael.markets.modelling._days import mean_ic, sizes

rng = np.random.default_rng(0)
T, N, P = 120, 30, 4
FEATURES = [rng.normal(size=(T, N)) for _ in range(P)]
SIGNAL = FEATURES[0] + rng.normal(size=(T, N)) * 2
MEMBERS = rng.random((T, N)) > 0.1
SMALL = PanelBooster(2, n_estimators=30, min_child_samples=10, learning_rate=0.1, patience=10)


def test_rows_are_the_members_bar_after_bar() -> None:
    rows = rows_of(FEATURES, MEMBERS, P)
    assert len(rows) == MEMBERS.sum()
    assert np.all(np.diff(rows.day) >= 0)
    np.testing.assert_array_equal(rows.X[:, 1], FEATURES[1][MEMBERS].astype(np.float32))
    again = rows.spread(rows.X[:, 1])
    assert np.array_equal(np.isfinite(again), MEMBERS)


def test_infinities_are_missing() -> None:
    wild = np.array([[np.inf, 1e300, -np.inf, 2.0]])
    rows = rows_of([wild], np.ones((1, 4), dtype=bool), 1)
    assert np.isnan(rows.X[:3, 0]).all()
    assert rows.X[3, 0] == 2.0


@pytest.mark.parametrize(
    ("features", "members", "count", "message"),
    [
        ([], np.zeros((3, 2), dtype=bool), 0, "The universe is empty"),
        ([np.zeros((3, 3))], np.ones((3, 2), dtype=bool), 1, r"of shape \(3, 3\)"),
        ([np.zeros((3, 2))], np.ones((3, 2), dtype=bool), 2, "Some features are absent"),
    ],
)
def test_rows_that_cannot_be(features: list[np.ndarray], members: np.ndarray, count: int, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        rows_of(features, members, count)


@pytest.mark.parametrize("method", ["demean", "zscore", "rank", "rank_normal"])
def test_labels_of_a_bar_say_nothing_of_the_bar(method: str) -> None:
    moved = SIGNAL + np.arange(T)[:, None] * 10
    one, two = standardised(SIGNAL, MEMBERS, method), standardised(moved, MEMBERS, method)
    np.testing.assert_allclose(one, two, atol=1e-9)
    assert np.array_equal(np.isfinite(one), MEMBERS)


def test_few_labels_teach_nothing() -> None:
    label = np.full((1, 10), np.nan)
    label[0, :4] = 1.0
    assert np.isnan(standardised(label)).all()


def test_constant_labels_are_alike() -> None:
    assert (standardised(np.ones((1, 10))) == 0).all()


def test_an_unknown_scale() -> None:
    with pytest.raises(ModelError, match="zscore"):
        standardised(SIGNAL, method="z-score")


@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 5), st.integers(1, 40), st.integers(5, 40))
def test_no_label_reaches_into_what_is_foretold(every: int, ahead: int, embargo: int, valid: int, window: int) -> None:
    test = 100
    folds = folds_of(
        200, valid=test - valid - ahead - embargo - 1, test=test, ahead=ahead, embargo=embargo, every=every,
        window=window,
    )  # fmt: skip
    covered = []
    for fold in folds:
        assert fold.train[1] - 1 + ahead + embargo < fold.valid[0]
        assert fold.valid[1] - 1 + ahead + embargo < fold.test[0]
        assert fold.train[1] - fold.train[0] <= window
        covered += range(*fold.test)
    assert covered == list(range(test, 200))


def test_no_room() -> None:
    with pytest.raises(ModelError, match=r"Move the dates in \[split\]"):
        folds_of(100, valid=50, test=52, ahead=2)


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_a_signal_is_found_and_noise_is_not(kind: str) -> None:
    trees = {"n_seeds": 2, "n_estimators": 60, "min_child_samples": 10, "learning_rate": 0.1}
    small = {"linear": {}, "estimator": {}}.get(kind, trees)
    rows = rows_of(FEATURES, MEMBERS, P)
    folds = folds_of(T, valid=60, test=80, ahead=1)
    for label, low, high in ((SIGNAL, 0.25, 0.6), (rng.normal(size=(T, N)), -0.15, 0.15)):
        made = walk_forward(MODELS[kind](**small), rows, standardised(label, MEMBERS), folds)
        test = slice(80, T)
        at = MEMBERS[test]
        got = mean_ic(made.scores[test][at], label[test][at], at.sum(axis=1))
        assert low < got < high


def test_the_test_stretch_cannot_teach() -> None:
    """Whatever becomes of test labels and of the labels that reach into it: no score moves by a bit."""
    rows = rows_of(FEATURES, MEMBERS, P)
    label, ahead = standardised(SIGNAL, MEMBERS), 2
    folds = folds_of(T, valid=60, test=80, ahead=ahead)
    honest = walk_forward(SMALL, rows, label, folds)
    poisoned = label.copy()
    poisoned[80 - ahead :] = 1e6
    poisoned[60 - ahead : 60] = -1e6
    again = walk_forward(SMALL, rows, poisoned, folds)
    np.testing.assert_array_equal(honest.scores, again.scores)
    later = [f.copy() for f in FEATURES]
    for f in later:
        f[100:] = 7.0
    other = walk_forward(SMALL, rows_of(later, MEMBERS, P), label, folds)
    np.testing.assert_array_equal(honest.scores[:100], other.scores[:100])


def test_refits_see_more_and_only_what_was_known() -> None:
    rows = rows_of(FEATURES, MEMBERS, P)
    label = standardised(SIGNAL, MEMBERS)
    folds = folds_of(T, valid=60, test=80, ahead=1, every=20)
    made = walk_forward(SMALL, rows, label, folds)
    assert len(made.models) == 2
    changed = label.copy()
    changed[100:] = -changed[100:]
    again = walk_forward(SMALL, rows, changed, folds)
    np.testing.assert_array_equal(made.scores, again.scores)
    assert np.isfinite(made.scores[80:][MEMBERS[80:]]).all()
    assert np.isnan(made.scores[:60]).all()


def test_no_labels_to_stop_by() -> None:
    label = standardised(SIGNAL, MEMBERS)
    label[60:80] = np.nan
    with pytest.raises(ModelError, match="no labelled rows"):
        walk_forward(SMALL, rows_of(FEATURES, MEMBERS, P), label, folds_of(T, valid=60, test=80, ahead=1))


def test_days_out_of_order() -> None:
    with pytest.raises(ModelError, match="Sort the rows by time"):
        SMALL.fit(np.zeros((3, 2)), [1.0, 2.0, 3.0], [2, 1, 3])


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(0, 99))
def test_mean_ic_is_the_mean_of_correlations(counts: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    n = sum(counts)
    a, b = random.normal(size=n), random.normal(size=n)
    days = np.repeat(np.arange(len(counts)), counts)
    each = [np.corrcoef(a[days == d], b[days == d])[0, 1] for d in np.unique(days) if (days == d).sum() > 1]
    got = mean_ic(a, b, sizes(days))
    assert got == pytest.approx(np.mean(each)) if each else np.isnan(got)
