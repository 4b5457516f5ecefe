"""Held columns against a slow oracle: Shapley's sum over all teams, by the trees' own counts."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import ModelError
from tael.kernels.forest import explain
from tael.models.held_trees import hold

_QUIET = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 3, "num_leaves": 6, "deterministic": True}


def _booster(X: np.ndarray, y: np.ndarray, **more: Any) -> lightgbm.Booster:
    params = {**_QUIET, "objective": "regression", **more}
    return lightgbm.train(params, lightgbm.Dataset(X, label=y, params=params), num_boost_round=5)


def _mean(node: dict[str, Any], x: np.ndarray, known: set[int]) -> float:
    """The tree's mean where only some columns are known."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        v = x[node["split_feature"]]
        goes_left = node["default_left"] if np.isnan(v) else v <= node["threshold"]
        return _mean(left if goes_left else right, x, known)
    n = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    return (n[0] * _mean(left, x, known) + n[1] * _mean(right, x, known)) / sum(n)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=1, max_size=4))
def test_against_all_teams(seed: int, at: list[float]) -> None:
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 4, 60), rng.normal(size=(60, 3))]).astype(float)
    X[rng.random((60, 4)) < 0.1] = np.nan
    X[:, 0] = rng.integers(0, 4, 60)
    booster = _booster(X, np.nan_to_num(X[:, 1]) * X[:, 0] + np.nan_to_num(X[:, 2]) + rng.normal(size=60) * 0.1)
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    found = explain(hold(booster.model_to_string(), [0], np.array(at)[:, None]), np.ascontiguousarray(X[:3, 1:]))
    for i in range(3):
        fair = np.zeros(4)
        for held in at:
            x = X[i].copy()
            x[0] = held

            def worth(team: tuple[int, ...], x: np.ndarray = x) -> float:
                return sum(_mean(tree, x, {0, *team}) for tree in trees)

            fair[3] += worth(()) / len(at)
            for j in (1, 2, 3):
                rest = [c for c in (1, 2, 3) if c != j]
                for size in range(3):
                    share = factorial(size) * factorial(2 - size) / 6 / len(at)
                    fair[j - 1] += share * sum(worth((*t, j)) - worth(t) for t in combinations(rest, size))
        np.testing.assert_allclose(found[i], fair, atol=1e-9)


def test_a_class_of_several() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    booster = _booster(X, np.digitize(X[:, 0] + X[:, 3], [-0.5, 0.5]), objective="multiclass", num_class=3)
    for c in range(3):
        found = explain(
            hold(booster.model_to_string(), [3, 1], np.array([[0.4, -1.0]]), of_class=c), X[:, [0, 2]].copy()
        )
        at = X.copy()
        at[:, 3], at[:, 1] = 0.4, -1.0
        np.testing.assert_allclose(found.sum(axis=1), booster.predict(at, raw_score=True)[:, c], atol=1e-9)
        assert (found[:, -1] == found[0, -1]).all()


def test_trees_that_need_no_column() -> None:
    X = np.column_stack([np.arange(40.0), np.zeros(40)])
    text = _booster(X, np.zeros(40)).model_to_string()
    assert explain(hold(text, [0], np.array([[1.0]])), X[:2, 1:].copy()).tolist() == [[0.0, 0.0]] * 2
    text = _booster(X, X[:, 0]).model_to_string()
    base = explain(hold(text, [0], X[:, :1]), X[:1, 1:].copy())
    assert base[0].tolist() == pytest.approx([0.0, X[:, 0].mean()])  # held at what training saw: its mean


def test_what_cannot_be_held_is_told() -> None:
    rng = np.random.default_rng(0)
    X, y = np.column_stack([rng.integers(0, 5, 200), rng.normal(size=200)]), rng.normal(size=200)
    params = {**_QUIET, "objective": "regression", "min_data_per_group": 1, "cat_smooth": 0.1}
    data = lightgbm.Dataset(X, label=y, categorical_feature=[0], params=params)
    with pytest.raises(ModelError, match="cannot be held"):
        hold(lightgbm.train(params, data, num_boost_round=3).model_to_string(), [1], np.array([[0.0]]))
