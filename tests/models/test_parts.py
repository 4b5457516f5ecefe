"""The parts under the portfolio, each against a slow or well-known oracle."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from tael.models import LogisticReference, PortfolioClassifier, blend
from tael.models.blending import log_loss, prune
from tael.models.linear import fit_binned, quantile_edges

Data = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize("l2", [0.5, 5.0])
def test_the_reference_is_scikit_learns_logistic_regression(credit: Data, l2: float) -> None:
    X, y = credit
    X = X[:, :4]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    oracle = LogisticRegression(C=1 / l2, tol=1e-10, solver="newton-cholesky").fit(Z, y)
    ours = LogisticReference(l2=l2).fit(X, y)
    np.testing.assert_allclose(ours.decision_function(X), oracle.decision_function(Z), atol=1e-5)
    np.testing.assert_allclose(ours.coef_ * X.std(axis=0), oracle.coef_[0], atol=1e-5)


def test_a_bound_that_does_not_bind_changes_nothing(credit: Data) -> None:
    X, y = credit
    free = LogisticReference().fit(X, y)
    bound = LogisticReference(monotone=np.sign(free.coef_).astype(int)).fit(X, y)
    np.testing.assert_allclose(free.decision_function(X), bound.decision_function(X), atol=1e-4)
    against = LogisticReference(monotone={0: -1}).fit(X, y)
    assert free.coef_[0] > 0.5
    assert against.coef_[0] == 0.0


def test_blending_finds_the_optimum_of_its_objective() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 300).astype(float)
    Z = np.column_stack([(2 * y - 1) * s + rng.normal(size=300) * 2 for s in (1.0, 0.6, 0.0)])
    weights, line = blend(Z, y, np.ones(300), prior=4.0)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1.0)

    def objective(params: np.ndarray) -> float:
        v = params[:3] ** 2  # another way to hold v >= 0, and no gradient
        return log_loss(y, params[3] + Z @ v, np.ones(300)) + 4.0 / 300 * float(((v - 1 / 3) ** 2).sum())

    slow = minimize(objective, [0.5, 0.5, 0.5, 0.0], method="Nelder-Mead", options={"maxiter": 5000, "fatol": 1e-12})
    np.testing.assert_allclose(weights * line.slope, slow.x[:3] ** 2, atol=2e-3)
    assert line.intercept == pytest.approx(slow.x[3], abs=2e-3)


def test_a_strong_prior_is_plain_averaging() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 100).astype(float)
    Z = np.column_stack([2 * y - 1 + rng.normal(size=100), rng.normal(size=100)])
    weights, _ = blend(Z, y, np.ones(100), prior=1e7)
    np.testing.assert_allclose(weights, 0.5, atol=1e-3)


def test_pruning_keeps_few_and_never_none() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 500).astype(float)
    Z = np.column_stack([2 * y - 1 + rng.normal(size=500) for _ in range(6)] + [rng.normal(size=500), 1 - 2 * y])
    kept = prune(Z, y, np.ones(500), smallest=0.05, at_most=4)
    assert len(kept) <= 4
    assert 7 not in kept
    assert prune(-Z[:, :2], y, np.ones(500), smallest=0.05, at_most=4) != []


def test_members_that_are_wrong_give_the_base_rate() -> None:
    y = np.tile([0.0, 0.0, 1.0], 100)
    weights, line = blend(np.column_stack([1 - 2 * y, 1 - 2 * y]) * 9, y, np.ones(300), prior=0.0)
    assert line.slope == pytest.approx(0.0, abs=1e-9)
    assert line.intercept == pytest.approx(np.log(0.5), abs=1e-3)
    np.testing.assert_allclose(weights, 0.5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-5, 5).map(lambda v: round(v, 1)), min_size=1, max_size=60), st.integers(2, 8))
def test_edges_split_the_rows_into_bins_that_are_all_used(values: list[float], bins: int) -> None:
    x = np.array(values)
    edges = quantile_edges(x, bins)
    assert len(edges) < bins or len(edges) == len(np.unique(x)) - 1
    assert np.all(np.diff(edges) > 0)
    assert set(np.searchsorted(edges, x)) == set(range(len(edges) + 1))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, -1]))
def test_bins_follow_a_direction_whatever_the_data(seed: int, sign: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 2))
    X[rng.random((80, 2)) < 0.2] = np.nan
    y = rng.integers(0, 2, 80).astype(float)
    y[:2] = [0, 1]
    scorer = fit_binned(X, y, rng.random(80) + 0.1, np.array([sign, 0]))
    assert np.all(np.diff(scorer.values[0]) * sign >= 0)
    np.testing.assert_allclose(scorer.contributions(X).sum(axis=1), scorer.score(X), atol=1e-12)


def test_values_never_seen_fall_into_the_outer_bins_and_unseen_missing_is_average() -> None:
    X = np.arange(40.0).reshape(-1, 1)
    y = (X[:, 0] > 20).astype(float)
    scorer = fit_binned(X, y, np.ones(40), np.array([0]))
    low, high, gone = scorer.score(np.array([[-1e9], [1e9], [np.nan]]))
    assert low == scorer.score(X[:1])[0]
    assert high == scorer.score(X[-1:])[0]
    assert gone == scorer.base


def test_the_real_thing_beats_its_targets_on_german(data_folder: object) -> None:
    rows = [line.split() for line in open(f"{data_folder}/credit/german/german.data").read().splitlines()[1:]]  # noqa: SIM115
    table = np.array([r for r in rows if r])
    y = (table[:, -1] == "2").astype(int)
    columns: list[np.ndarray] = []
    for j in range(table.shape[1] - 1):
        text = table[:, j]
        if text[0].startswith("A"):
            columns += [(text == v).astype(float) for v in np.unique(text)]
        else:
            columns.append(text.astype(float))
    X = np.column_stack(columns)
    members = ["linear", "binned", "shallow"]  # the quick ones; the benchmark runs them all
    auc = cross_val_score(PortfolioClassifier(members), X, y, cv=3, scoring="roc_auc").mean()
    plain = cross_val_score(LogisticReference(), X, y, cv=3, scoring="roc_auc").mean()
    assert auc > 0.78
    assert auc > plain - 0.002


def test_importing_the_room_loads_no_heavy_library() -> None:
    code = (
        "import sys, tael.models; print([m for m in ('lightgbm', 'sklearn', 'pandas', 'polars') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
