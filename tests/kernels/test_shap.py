"""Shapley values by quadrature against their definition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.kernels import shap

LEFT_IF_MISSING, ZERO_IS_MISSING, NAN_IS_MISSING = 2, 4, 8
P = 4


@dataclass(frozen=True)
class Split:
    feature: int
    threshold: float
    decision: int
    cover: float
    left: Split | float
    right: Split | float


def goes_left(split: Split, x: float) -> bool:
    """The rule of LightGBM's ``Tree::NumericalDecision``."""
    missing = split.decision & 12
    if abs(x) <= 1e-35 or (math.isnan(x) and missing != NAN_IS_MISSING):  # rows come without their zeros
        x = 0.0
    if (missing == ZERO_IS_MISSING and x == 0.0) or (missing == NAN_IS_MISSING and math.isnan(x)):
        return bool(split.decision & LEFT_IF_MISSING)
    return x <= split.threshold


def value_of(tree: Split | float, row: np.ndarray, known: frozenset[int]) -> float:
    """Mean of the leaves that the known features leave open."""
    if isinstance(tree, float):
        return tree
    if tree.feature in known:
        return value_of(tree.left if goes_left(tree, row[tree.feature]) else tree.right, row, known)
    left, right = value_of(tree.left, row, known), value_of(tree.right, row, known)
    return tree.cover * left + (1 - tree.cover) * right


def by_definition(tree: Split | float, row: np.ndarray) -> list[float]:
    """The mean over all orders of what each feature adds when it becomes known."""
    gains = []
    for j in range(P):
        others = [k for k in range(P) if k != j]
        gains.append(
            sum(
                (value_of(tree, row, frozenset({*s, j})) - value_of(tree, row, frozenset(s)))
                / (P * math.comb(P - 1, size))
                for size in range(P)
                for s in combinations(others, size)
            )
        )
    return gains


def grown(trees: list[Split | float]) -> shap.Trees:
    start, leaf_start = [0], [0]
    feature, threshold, decision, child, cover, leaves = [], [], [], [], [], []
    for tree in trees:
        queue = [tree] if isinstance(tree, Split) else []
        n_leaves = 0 if queue else 1
        leaves += [] if queue else [tree]
        for split in queue:  # grows while it is walked: parents come before children
            feature.append(split.feature)
            threshold.append(split.threshold)
            decision.append(split.decision)
            cover.append([split.cover, 1 - split.cover])
            ways = []
            for way in (split.left, split.right):
                if isinstance(way, Split):
                    ways.append(len(queue))
                    queue.append(way)
                else:
                    n_leaves += 1
                    ways.append(-n_leaves)
                    leaves.append(way)
            child.append(ways)
        start.append(start[-1] + len(queue))
        leaf_start.append(leaf_start[-1] + n_leaves)
    n = start[-1]
    children, covers = np.array(child).reshape(n, 2), np.array(cover, float).reshape(n, 2)
    arrays = (np.array(start), np.array(feature), np.array(threshold), np.array(decision), children, covers)
    return shap.grow(*arrays, np.array(leaf_start), np.array(leaves))


def explained(trees: list[Split | float], X: np.ndarray) -> np.ndarray:
    out = np.zeros_like(X)
    shap.explain(X, grown(trees), out)
    return out


VALUES = st.sampled_from([-math.inf, -1.5, -1.0, -1e-36, 0.0, 1e-36, 0.25, 1.0, 2.0, math.inf, math.nan])
LEAVES = st.floats(-5, 5, width=32)
TREES = st.recursive(
    LEAVES,
    lambda below: st.builds(
        Split,
        feature=st.integers(0, P - 1),
        threshold=st.sampled_from([-1.0, -1.0000000180025095e-35, 0.0, 1.0000000180025095e-35, 0.25, 1.0]),
        decision=st.sampled_from([0, 2, 4, 6, 8, 10]),
        cover=st.sampled_from([0.001, 0.25, 0.5, 0.9]),
        left=below,
        right=below,
    ),
    max_leaves=16,
)
ROWS = st.lists(st.lists(VALUES, min_size=P, max_size=P), min_size=1, max_size=3).map(lambda v: np.array(v, float))


@settings(deadline=None, max_examples=150)
@given(trees=st.lists(TREES, min_size=1, max_size=3), X=ROWS)
def test_equals_the_definition(trees: list[Split | float], X: np.ndarray) -> None:
    wanted = np.array([np.sum([by_definition(tree, row) for tree in trees], axis=0) for row in X])
    np.testing.assert_allclose(explained(trees, X), wanted, rtol=1e-11, atol=1e-12)


def test_a_deep_path_loses_no_precision() -> None:
    """40 features in a chain, one row in a million at its end: in closed form by symmetry."""
    p, cover = 40, 0.7
    tree: Split | float = 1.0
    for j in range(p):
        tree = Split(j, 0.0, 0, cover, tree, 0.0)
    X = np.vstack([np.full(p, -1.0), np.r_[1.0, np.full(p - 1, -1.0)]])
    out = explained([tree], X)
    np.testing.assert_allclose(out[0], (1 - cover**p) / p, rtol=1e-13)  # all alike: they share the whole
    # The first feature says no, so the leaf counts only as long as it is unknown: the others' gains, and all lost.
    lost = sum(cover**k for k in range(p)) / p * cover
    np.testing.assert_allclose(out[1, 0], -lost, rtol=1e-13)
    np.testing.assert_allclose(out[1, 1:], (lost - cover**p) / (p - 1), rtol=1e-13)


@pytest.mark.parametrize("n_rows", [1, shap.BLOCK - 1, shap.BLOCK, shap.BLOCK + 1, 3 * shap.BLOCK])
def test_rows_do_not_know_of_each_other(n_rows: int) -> None:
    rng = np.random.default_rng(n_rows)
    X = rng.normal(size=(n_rows, P))
    inner = Split(0, -0.5, 2, 0.3, Split(1, 0.1, 8, 0.6, 1.5, -0.7), Split(0, 0.4, 0, 0.5, 0.2, 3.0))
    trees: list[Split | float] = [Split(2, 0.0, 10, 0.25, inner, 0.125), 4.0, Split(3, 0.2, 0, 0.5, 1.0, inner)]
    together = explained(trees, X)
    alone = np.vstack([explained(trees, X[i : i + 1]) for i in range(n_rows)])
    assert together.tobytes() == alone.tobytes()


def test_adds_to_what_is_there() -> None:
    X = np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 5.0, 0.0, 0.0]])
    out = np.full((2, P + 1), 10.0)
    shap.explain(X, grown([Split(1, 4.0, 0, 0.5, -1.0, 1.0), 3.0]), out)
    assert out.tolist() == [[10.0, 9.0, 10.0, 10.0, 10.0], [10.0, 11.0, 10.0, 10.0, 10.0]]


@pytest.mark.parametrize("n_rows", [0, 1, 700, 1600])
def test_threads_change_no_bit(n_rows: int) -> None:
    X = np.random.default_rng(0).normal(size=(n_rows, P))
    trees = grown([Split(0, 0.0, 0, 0.3, Split(1, 0.5, 0, 0.6, 0.1, 0.7), Split(0, 1.0, 0, 0.9, 0.3, -1.1))])
    one, three = np.zeros((2, n_rows, P))
    shap.explain(X, trees, one)
    shap.explain(X, trees, three, n_threads=3)
    assert one.tobytes() == three.tobytes()
    assert bool(np.abs(one).sum() > 0) == (n_rows > 0)
