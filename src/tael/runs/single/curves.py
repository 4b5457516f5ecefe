"""What explains a model: its learning curve, the curve of its main setting, and its own picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone

Floats = NDArray[np.float64]
SHARES = (0.2, 0.5, 1.0)
MOST = 3_000
"""Rows that a curve is drawn from at most."""
SETTINGS: dict[str, tuple[str, tuple[float, ...]]] = {
    "DecisionTree": ("max_depth", (1, 2, 4, 6, 10, 16)),
    "RandomForest": ("max_depth", (2, 4, 6, 10, 16)),
    "ExtraTrees": ("max_depth", (2, 4, 6, 10, 16)),
    "GradientBoosting": ("learning_rate", (0.01, 0.03, 0.1, 0.3, 1.0)),
    "HistGradientBoosting": ("learning_rate", (0.01, 0.03, 0.1, 0.3, 1.0)),
    "LGBM": ("learning_rate", (0.01, 0.03, 0.1, 0.3, 1.0)),
    "LogisticRegression": ("C", (0.001, 0.01, 0.1, 1.0, 10.0)),
    "Ridge": ("alpha", (0.01, 1.0, 100.0, 10_000.0)),
    "Lasso": ("alpha", (0.001, 0.01, 0.1, 1.0)),
    "KNeighbors": ("n_neighbors", (1, 5, 20, 80)),
}
"""By the beginning of an estimator's name: the setting that makes it simpler or freer."""


def score_of(model: Any, frame: pl.DataFrame, y: Floats, n_classes: int) -> float:
    """R2, AUC or accuracy, whichever the task has."""
    from sklearn.metrics import accuracy_score, r2_score, roc_auc_score

    if n_classes == 0:
        return float(r2_score(y, model.predict(frame)))
    if n_classes == 2 and hasattr(model, "predict_proba"):
        return float(roc_auc_score(y, model.predict_proba(frame)[:, 1])) if 0 < y.sum() < len(y) else float("nan")
    return float(accuracy_score(y, model.predict(frame)))


def learning_curve(
    model: Any, train: tuple[pl.DataFrame, Floats], held: tuple[pl.DataFrame, Floats], n_classes: int, seed: int
) -> list[dict[str, float]]:
    """Scores on the rows learned from and on validation, for growing shares of the training rows.

    Parameters
    ----------
    model : pipeline
        Cloned for each point.
    train, held : (frame, labels)
    n_classes : int
        0 for a number.
    seed : int

    Returns
    -------
    list of dict
        ``n``, ``train``, ``validation``.
    """
    frame, y = train
    order = np.random.default_rng(seed).permutation(len(y))[:MOST]
    found = []
    for share in SHARES:
        rows = order[: int(share * len(order))]
        if len(rows) < 20 or (n_classes and len(np.unique(y[rows])) < n_classes):
            continue
        if n_classes and np.bincount(y[rows].astype(int)).min() < 5:
            continue
        fitted = clone(model).fit(frame[rows], y[rows])
        found.append(
            {
                "n": float(len(rows)),
                "train": score_of(fitted, frame[rows], y[rows], n_classes),
                "validation": score_of(fitted, *held, n_classes),
            }
        )
    return found


def validation_curve(
    model: Any, train: tuple[pl.DataFrame, Floats], held: tuple[pl.DataFrame, Floats], n_classes: int, seed: int
) -> dict[str, Any] | None:
    """Scores by the model's main setting; None where it has none that is known."""
    name = type(model[-1]).__name__
    setting = next((SETTINGS[start] for start in SETTINGS if name.startswith(start)), None)
    if setting is None:
        return None
    frame, y = train
    rows = np.random.default_rng(seed).permutation(len(y))[:MOST]
    points = []
    for value in setting[1]:
        fitted = clone(model).set_params(**{f"model__{setting[0]}": value}).fit(frame[rows], y[rows])
        points.append(
            {
                "value": float(value),
                "train": score_of(fitted, frame[rows], y[rows], n_classes),
                "validation": score_of(fitted, *held, n_classes),
            }
        )
    return {"setting": setting[0], "points": points}


def explained(model: Any, names: list[str], train: tuple[pl.DataFrame, Floats], seed: int) -> dict[str, Any]:
    """The estimator's own picture: coefficients with odds, a tree in words, out-of-bag score against trees.

    Parameters
    ----------
    model : fitted pipeline
    names : list of str
        Of the matrix's columns.
    train : (frame, labels)
    seed : int

    Returns
    -------
    dict
        Any of ``coefficients``, ``importances``, ``tree``, ``oob``.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_text

    one, found = model[-1], {}  # type: Any, dict[str, Any]
    if hasattr(one, "coef_") and np.atleast_2d(one.coef_).shape[0] == 1:
        values = np.atleast_2d(one.coef_)[0]
        logistic = type(one).__name__.startswith("Logistic")
        ranked = np.argsort(-np.abs(values))[:20]
        found["coefficients"] = [
            {"name": names[k], "value": float(values[k]), "odds": float(np.exp(values[k])) if logistic else None}
            for k in ranked
        ]
    elif hasattr(one, "feature_importances_"):
        gains = np.asarray(one.feature_importances_, dtype=np.float64)
        gains = gains / max(gains.sum(), 1e-12)
        found["importances"] = [
            {"name": names[k], "value": float(gains[k])} for k in np.argsort(-gains)[:20] if gains[k]
        ]
    if isinstance(one, DecisionTreeClassifier | DecisionTreeRegressor):
        found["tree"] = export_text(one, feature_names=names, max_depth=3, decimals=2)
    if isinstance(one, RandomForestClassifier | RandomForestRegressor) and one.bootstrap:
        found["oob"] = _out_of_bag(model, train)
    return found


def _out_of_bag(model: Any, train: tuple[pl.DataFrame, Floats]) -> list[dict[str, float]]:
    """Fewer than twenty trees leave rows that are in every bag, so the curve begins there."""
    frame, y = train
    matrix = model[:-1].transform(frame)
    forest = clone(model[-1]).set_params(warm_start=True, oob_score=True)
    found = []
    for trees in (20, 40, 80, 160):
        forest.set_params(n_estimators=trees).fit(matrix, y)
        found.append({"trees": float(trees), "score": float(forest.oob_score_)})
    return found
