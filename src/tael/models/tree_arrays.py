"""scikit-learn's trees as the arrays of `tael.kernels.shap`, for exact Shapley values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.kernels import shap
from tael.kernels.forest import Forest

Floats = NDArray[np.float64]
Splits = tuple[NDArray[Any], ...]
_NAN, _LEFT = 8, 2  # LightGBM's bits: a missing value goes its own way, and that way is left


def forest_of(estimator: Any) -> tuple[Forest, str, int] | None:
    """The trees of a fitted estimator of two classes or of a number, if it is made of trees.

    Parameters
    ----------
    estimator : fitted estimator
        A decision tree, a forest, extra trees, gradient boosting of either kind.

    Returns
    -------
    forest : Forest
    scale : {"probability", "log_odds", "value"}
        Of the sum of the trees.
    precision : {4, 8}
        Bytes in which the estimator reads a value: a threshold is compared with the value as it reads it.
    """
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    bagged = (RandomForestClassifier, ExtraTreesClassifier, RandomForestRegressor, ExtraTreesRegressor)
    if isinstance(estimator, DecisionTreeClassifier | DecisionTreeRegressor):
        trees, scale = [estimator.tree_], "value" if isinstance(estimator, DecisionTreeRegressor) else "probability"
        return _joined([_tree(one, 1.0) for one in trees], estimator.n_features_in_, 0.0), scale, 4
    if isinstance(estimator, bagged):
        share = 1.0 / len(estimator.estimators_)
        scale = "probability" if hasattr(estimator, "classes_") else "value"
        parts = [_tree(one.tree_, share) for one in estimator.estimators_]
        return _joined(parts, estimator.n_features_in_, 0.0), scale, 4
    if isinstance(estimator, GradientBoostingClassifier | GradientBoostingRegressor):
        if isinstance(estimator, GradientBoostingClassifier) and estimator.loss != "log_loss":
            return None
        if not (estimator.init is None or estimator.init == "zero"):
            return None
        some = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
        parts = [_tree(one.tree_, estimator.learning_rate) for one in estimator.estimators_[:, 0]]
        base = float(np.ravel(estimator._raw_predict_init(some))[0])
        scale = "log_odds" if hasattr(estimator, "classes_") else "value"
        return _joined(parts, estimator.n_features_in_, base), scale, 4
    if isinstance(estimator, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
        if estimator.is_categorical_ is not None or estimator.n_trees_per_iteration_ != 1:
            return None
        if not hasattr(estimator, "classes_") and estimator.loss in ("poisson", "gamma"):
            return None
        parts = [_grown(one[0].nodes) for one in estimator._predictors]
        base = float(np.ravel(estimator._baseline_prediction)[0])
        scale = "log_odds" if hasattr(estimator, "classes_") else "value"
        return _joined(parts, estimator.n_features_in_, base), scale, 8
    return None


def _tree(tree: Any, factor: float) -> Splits:
    """A tree whose leaves hold the value, or of two classes the share of the second."""
    value = tree.value[:, 0, -1] if tree.value.shape[2] == 2 else tree.value[:, 0, 0]
    gone = np.asarray(tree.__getstate__()["nodes"]["missing_go_to_left"], dtype=bool)
    return _arrays(
        tree.children_left, tree.children_right, tree.feature, tree.threshold, gone, tree.weighted_n_node_samples,
        factor * value,
    )  # fmt: skip


def _grown(nodes: Any) -> Splits:
    left, right = (np.where(nodes["is_leaf"] == 1, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
    return _arrays(
        left, right, nodes["feature_idx"], nodes["num_threshold"], nodes["missing_go_to_left"].astype(bool),
        nodes["count"].astype(np.float64), nodes["value"],
    )  # fmt: skip


def _arrays(left: Any, right: Any, feature: Any, threshold: Any, gone: Any, count: Any, value: Any) -> Splits:
    """Nodes in the order of the estimator, a parent before its children, as splits and leaves in two lists."""
    split = left >= 0
    place = np.where(split, np.cumsum(split) - 1, -np.cumsum(~split))
    at = np.flatnonzero(split)
    child = np.column_stack([place[left[at]], place[right[at]]]).reshape(-1, 2)
    cover = np.column_stack([count[left[at]], count[right[at]]]).reshape(-1, 2) / count[at][:, None]
    decision = np.where(gone[at], _NAN | _LEFT, _NAN)
    share = count[~split] / count[0]
    return feature[at], threshold[at], decision, child, cover, value[~split], share


def _joined(parts: list[Splits], n_features: int, base: float) -> Forest:
    start = np.concatenate([[0], np.cumsum([len(part[0]) for part in parts])])
    leaf_start = np.concatenate([[0], np.cumsum([len(part[5]) for part in parts])])
    feature, threshold, decision, child, cover, value = (np.concatenate([part[k] for part in parts]) for k in range(6))
    expected = base + sum(float(part[5] @ part[6]) for part in parts)
    trees = shap.grow(start, feature, threshold, decision, child, cover, leaf_start, value)
    return Forest(int(n_features), expected, trees)
