"""Shapley values of a LightGBM model, as its own ``pred_contrib`` gives them, at a fraction of the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.kernels import shap

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forest:
    """The trees of a model as arrays, ready for `tael.kernels.shap.explain`.

    Parameters
    ----------
    n_features : int
        Columns that the model wants.
    expected : float
        Mean raw score over the training rows, by the trees' own counts.
    trees : tael.kernels.shap.Trees
    """

    n_features: int
    expected: float
    trees: shap.Trees


def read_forest(text: str) -> Forest | None:
    r"""Read the trees from LightGBM's text.

    Parameters
    ----------
    text : str
        ``Booster.model_to_string()``.

    Returns
    -------
    Forest or None
        None for what only LightGBM itself explains: categorical splits, linear leaves, several classes, random
        forests (averaged trees), splits by which no training row went one of the ways, and trees written in
        another order than LightGBM's (a split after the one that leads to it).

    Examples
    --------
    >>> lines = ["num_leaves=2", "split_feature=0", "threshold=0.5", "decision_type=2", "left_child=-1"]
    >>> lines += ["right_child=-2", "leaf_value=-1 3", "leaf_count=75 25", "internal_count=100"]
    >>> forest = read_forest("\n".join(["tree", "max_feature_idx=0", "", "Tree=0", *lines]))
    >>> explain(forest, np.array([[0.0], [1.0]]))
    array([[-1.,  0.],
           [ 3.,  0.]])
    """
    head, *blocks = text.split("\nTree=")
    facts = _facts(head)
    n_features = int(facts["max_feature_idx"]) + 1
    if "\naverage_output" in head or facts.get("num_tree_per_iteration", "1") != "1":
        return None
    parts: list[tuple[NDArray[Any], ...]] = []
    leaves: list[Floats] = []
    expected = 0.0
    for block in blocks:
        lines = _facts(block)
        if lines.get("num_cat", "0") != "0" or lines.get("is_linear", "0") != "0":
            return None
        value = _numbers(lines, "leaf_value", np.float64)
        leaves.append(value)
        if value.size == 1:
            parts.append(_no_split())
            expected += float(value[0])
            continue
        feature, threshold = _numbers(lines, "split_feature", np.int32), _numbers(lines, "threshold", np.float64)
        decision = _numbers(lines, "decision_type", np.uint8)
        ways = [_numbers(lines, f"{side}_child", np.int32) for side in ("left", "right")]
        within, at_leaf = _numbers(lines, "internal_count", np.float64), _numbers(lines, "leaf_count", np.float64)
        # The kernel looks up without checking, and walks the splits in their order.
        if {a.size for a in (feature, threshold, decision, *ways, within)} != {value.size - 1}:
            return None
        if at_leaf.size != value.size or feature.min() < 0 or feature.max() >= n_features:
            return None
        child = np.column_stack(ways)
        if not _parents_first(child):
            return None
        reached = np.where(child >= 0, within[np.maximum(child, 0)], at_leaf[np.maximum(-1 - child, 0)])
        if not (within.min() > 0 and reached.min() > 0):
            return None
        for share, v in zip(at_leaf / within[0], value, strict=True):  # in LightGBM's order of additions
            expected += float(share * v)
        parts.append((feature, threshold, decision, child, reached / within[:, None]))
    if not parts:
        return None
    start = np.concatenate([[0], np.cumsum([len(part[0]) for part in parts])]).astype(np.int64)
    leaf_start = np.concatenate([[0], np.cumsum([leaf.size for leaf in leaves])]).astype(np.int64)
    feature, threshold, decision, child, cover = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    trees = shap.grow(start, feature, threshold, decision, child, cover, leaf_start, np.concatenate(leaves))
    return Forest(n_features, expected, trees)


def explain(forest: Forest, X: Floats, n_threads: int = 1) -> Floats:
    """Exact Shapley values of the raw score (path-dependent TreeSHAP, Lundberg 2018).

    Parameters
    ----------
    forest : Forest
    X : (n, p) float64
        NaN is missing.
    n_threads : int
        The result does not depend on it, nor on which rows are asked for together.

    Returns
    -------
    (n, p + 1) float64
        A column's contribution each, the expected value last.
    """
    X = np.ascontiguousarray(X, dtype=np.float64)
    out = np.zeros((X.shape[0], X.shape[1] + 1))
    out[:, -1] = forest.expected
    shap.explain(X, forest.trees, out, n_threads)
    return out


def _facts(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.split("\n\n\n", 1)[0].splitlines())
    return {name: value for name, _, value in pairs}


def _numbers(lines: dict[str, str], name: str, dtype: type) -> NDArray[Any]:
    return np.array(lines[name].split(), dtype=np.float64).astype(dtype)


def _parents_first(child: NDArray[np.int32]) -> bool:
    """Whether each split but the first, and each leaf, is led to once, by an earlier split."""
    n = len(child)
    every = np.sort(child, axis=None)
    once = np.array_equal(every, np.r_[np.arange(-n - 1, 0), np.arange(1, n)])
    return once and bool(((child < 0) | (child > np.arange(n)[:, None])).all())


def _no_split() -> tuple[NDArray[Any], ...]:
    nothing = np.empty(0)
    return (
        nothing.astype(np.int32),
        nothing,
        nothing.astype(np.uint8),
        np.empty((0, 2), np.int32),
        np.empty((0, 2)),
    )
