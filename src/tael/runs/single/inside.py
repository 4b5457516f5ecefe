"""What is inside a model: coefficients and odds, importances, its first tree, out-of-bag error, boosting by rounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone

Floats = NDArray[np.float64]
Rows = tuple[pl.DataFrame, Floats]
DEPTH = 3
"""Splits of a tree that are drawn, one below the other."""
TOP = 20
ROWS = 3_000
"""Training rows of a boosting that is fitted again with another learning rate, and rows that are explained."""
COUNTS = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1200)


def explained(model: Any, names: list[str], train: Rows, held: Rows, n_classes: int, seed: int) -> dict[str, Any]:
    """The estimator's own pictures.

    Parameters
    ----------
    model : fitted pipeline
    names : list of str
        Of the matrix's columns.
    train, held : (frame, labels)
        The rows that it learned from, and those of validation.
    n_classes : int
        0 for a number.
    seed : int

    Returns
    -------
    dict
        Any of ``coefficients``, ``importances``, ``tree``, ``oob``, ``boosting``.
    """
    one, found = model[-1], {}  # type: Any, dict[str, Any]
    matrix = model[:-1].transform(train[0])
    if hasattr(one, "coef_") and np.atleast_2d(one.coef_).shape == (1, len(names)):
        found["coefficients"] = _coefficients(one, names)
    else:
        found |= _importances(model, names, held, seed)
    if (tree := _a_tree(one)) is not None:
        found["tree"] = _drawn(tree, names, matrix, train[1], n_classes)
    if (bags := _out_of_bag(one, matrix, train[1], model[:-1].transform(held[0]), held[1], n_classes)) is not None:
        found["oob"] = bags
    if (rounds := _boosting(model, matrix, train[1], held, n_classes, seed)) is not None:
        found["boosting"] = rounds
    return found


def _coefficients(one: Any, names: list[str]) -> list[dict[str, Any]]:
    values = np.atleast_2d(one.coef_)[0]
    logistic = type(one).__name__.startswith("Logistic")
    return [
        {"name": names[k], "value": float(values[k]), "odds": float(np.exp(values[k])) if logistic else None}
        for k in np.argsort(-np.abs(values))[:TOP]
    ]


def _importances(model: Any, names: list[str], held: Rows, seed: int) -> dict[str, Any]:
    """As the estimator says them; of a model that explains its rows, the mean size of what each column adds."""
    one = model[-1]
    if hasattr(one, "contributions") and hasattr(one, "decision_function"):
        rows = np.random.default_rng(seed).permutation(len(held[1]))[:ROWS]
        parts = one.contributions(model[:-1].transform(held[0][rows]))[:, :-1]
        gains, kind = np.abs(parts).mean(axis=0), "moved"
    elif hasattr(one, "feature_importances_"):
        gains, kind = np.asarray(one.feature_importances_, dtype=np.float64), "share"
        gains = gains / max(float(gains.sum()), 1e-12)
    else:
        return {}
    ranked = [{"name": names[k], "value": float(gains[k])} for k in np.argsort(-gains)[:TOP] if gains[k] > 0]
    return {"importances": ranked, "importance": kind}


def _a_tree(one: Any) -> Any:
    """The tree of a tree; of a forest or a boosting the first."""
    from sklearn.tree import BaseDecisionTree

    if isinstance(one, BaseDecisionTree):
        return one.tree_
    grown = getattr(one, "estimators_", None)
    first = np.ravel(np.asarray(grown, dtype=object))[0] if grown is not None and len(grown) else None
    return first.tree_ if isinstance(first, BaseDecisionTree) else None


def _drawn(tree: Any, names: list[str], matrix: Floats, y: Floats, n_classes: int) -> dict[str, Any]:
    """The first splits as plain data: at each node the training rows that come by, and what their label is on average.

    The rows are all training rows, also where a forest's tree saw a sample of them.
    """
    reached = tree.decision_path(np.asarray(matrix, dtype=np.float32)).tocsc()
    gone = tree.__getstate__()["nodes"]["missing_go_to_left"]
    nodes: list[dict[str, Any]] = []

    def add(node: int, depth: int) -> int:
        rows = reached[:, node].indices
        at = len(nodes)
        labels = y[rows]
        one: dict[str, Any] = {"n": len(rows), "depth": depth}
        if n_classes > 2:
            one["class"] = int(np.bincount(labels.astype(int), minlength=n_classes).argmax()) if len(rows) else 0
            one["value"] = float((labels == one["class"]).mean()) if len(rows) else None
        else:
            one["value"] = float(labels.mean()) if len(rows) else None
        nodes.append(one)
        if tree.children_left[node] >= 0:
            if depth >= DEPTH:
                one["more"] = int(_below(tree, node))
            else:
                threshold = float(tree.threshold[node])
                one |= {"name": names[tree.feature[node]], "threshold": threshold if np.isfinite(threshold) else None}
                if np.isnan(matrix[rows, tree.feature[node]]).any():
                    one["missing"] = "left" if gone[node] else "right"
                one["left"] = add(int(tree.children_left[node]), depth + 1)
                one["right"] = add(int(tree.children_right[node]), depth + 1)
        return at

    add(0, 0)
    return {"nodes": nodes, "leaves": int((tree.children_left < 0).sum()), "depth": int(tree.max_depth)}


def _below(tree: Any, node: int) -> int:
    """Splits at and below a node."""
    if tree.children_left[node] < 0:
        return 0
    return 1 + _below(tree, tree.children_left[node]) + _below(tree, tree.children_right[node])


def _error(y: Floats, told: Floats, n_classes: int) -> float:
    """Share of wrong classes, or the root of the mean squared error."""
    if n_classes:
        return float((told.argmax(axis=1) != y).mean())
    return float(np.sqrt(((told[:, 0] - y) ** 2).mean()))


def _answers(one: Any, X: Floats, n_classes: int) -> Floats:
    if n_classes:
        return np.asarray(one.predict_proba(X), dtype=np.float64)
    return np.asarray(one.predict(X), dtype=np.float64).reshape(-1, 1)


def _out_of_bag(one: Any, X: Floats, y: Floats, Z: Floats, yz: Floats, n_classes: int) -> dict[str, Any] | None:
    """Error on rows that a tree did not draw, beside that on validation, and how many rows a tree drew."""
    from sklearn.ensemble._forest import BaseForest

    if not isinstance(one, BaseForest) or not one.bootstrap:
        return None
    width = max(n_classes, 1)
    votes, seen, held = np.zeros((len(y), width)), np.zeros(len(y)), np.zeros((len(yz), width))
    points, shares = [], []
    for k, (tree, drawn) in enumerate(zip(one.estimators_, one.estimators_samples_, strict=True), 1):
        out = np.ones(len(y), dtype=bool)
        out[drawn] = False
        shares.append(1.0 - float(out.mean()))
        votes[out] += _answers(tree, X[out], n_classes)
        seen += out
        held += _answers(tree, Z, n_classes)
        if k in COUNTS or k == len(one.estimators_):
            there = seen > 0
            told = votes[there] / seen[there, None]
            points.append(
                {
                    "trees": k,
                    "oob": _error(y[there], told, n_classes),
                    "validation": _error(yz, held / k, n_classes),
                    "rows": float(there.mean()),
                }
            )
    return {"measure": "error" if n_classes else "rmse", "points": points, "drawn": float(np.mean(shares))}


def _boosting(model: Any, X: Floats, y: Floats, held: Rows, n_classes: int, seed: int) -> dict[str, Any] | None:
    """Loss by rounds on training and validation, and on validation with a slower and a faster learning rate."""
    one = model[-1]
    if not hasattr(one, "learning_rate") or not (hasattr(one, "staged_predict") or hasattr(one, "booster_")):
        return None
    rate = float(one.learning_rate)
    Z, yz = model[:-1].transform(held[0]), held[1]
    most = _rounds(one)
    counts = sorted({k for k in COUNTS if k < most} | {most})
    own = {
        part: _losses(one, rows, labels, counts, n_classes)
        for part, rows, labels in (("train", X, y), ("validation", Z, yz))
    }
    some = np.random.default_rng(seed).permutation(len(y))[:ROWS]
    others = []
    for factor in (0.2, 5.0):
        if rate * factor > 1.0:
            continue
        other = clone(one).set_params(learning_rate=rate * factor)
        if n_classes and len(np.unique(y[some])) < n_classes:
            break
        other.fit(X[some], y[some])
        there = [k for k in counts if k <= _rounds(other)]
        others.append({"rate": rate * factor, "rounds": there, "validation": _losses(other, Z, yz, there, n_classes)})
    measure = "log_loss" if n_classes else "rmse"
    return {"measure": measure, "rate": rate, "rounds": counts, **own, "others": others, "rows": len(some)}


def _rounds(one: Any) -> int:
    if hasattr(one, "booster_"):
        return int(one.booster_.current_iteration())
    if hasattr(one, "n_iter_"):
        return int(one.n_iter_)
    return len(one.estimators_)


def _losses(one: Any, X: Floats, y: Floats, counts: list[int], n_classes: int) -> list[float]:
    """Log loss, or root mean squared error, after so many rounds."""

    def loss(told: Floats) -> float:
        if not n_classes:
            return float(np.sqrt(((np.ravel(told) - y) ** 2).mean()))
        p = np.asarray(told, dtype=np.float64)[np.arange(len(y)), y.astype(int)]
        return float(-np.log(np.clip(p, 1e-15, 1)).mean())

    if hasattr(one, "booster_"):
        asked = one.predict_proba if n_classes else one.predict
        return [loss(asked(X, num_iteration=k)) for k in counts]
    wanted = set(counts)
    stages = one.staged_predict_proba(X) if n_classes else one.staged_predict(X)
    return [loss(told) for k, told in enumerate(stages, 1) if k in wanted]
