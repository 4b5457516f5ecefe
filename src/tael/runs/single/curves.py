"""How a model learns: its learning curve, and the curve of its main setting."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone

Floats = NDArray[np.float64]
SHARES = (0.2, 0.5)
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
    """Scores on the rows learned from and on validation, for growing shares of the rows; the model itself last.

    Parameters
    ----------
    model : fitted pipeline
        Cloned for each point but the last.
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
        fitted = _quicker(model).fit(frame[rows], y[rows])
        found.append(
            {
                "n": float(len(rows)),
                "train": score_of(fitted, frame[rows], y[rows], n_classes),
                "validation": score_of(fitted, *held, n_classes),
            }
        )
    whole = {part: score_of(model, *rows, n_classes) for part, rows in (("train", train), ("validation", held))}
    return [*found, {"n": float(len(y)), **whole}] if found else []


def _quicker(model: Any) -> Any:
    """The same, unfitted; a portfolio with the members that it chose and three folds, to which it comes down."""
    from tael.models import PortfolioClassifier

    made, one = clone(model), model[-1]
    if isinstance(one, PortfolioClassifier):
        made.set_params(model__members=[member.name for member in one.members_], model__cv=3)
    return made


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
