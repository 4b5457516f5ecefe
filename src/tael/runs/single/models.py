"""The model of a single table: columns made into numbers, then any estimator of scikit-learn's convention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin, is_classifier, is_regressor

from tael.errors import RunError
from tael.models.estimators import build
from tael.models.preparation import is_scaled, takes_gaps
from tael.runs.single.table import SingleTable, Task

SMALL = 2_000
"""Rows below which the booster grows few leaves."""
LEAST = 10
"""Rows that a category's value needs for a flag of its own."""


class Columns(TransformerMixin, BaseEstimator):
    """Numbers as they are, a flag for each frequent value of a category; missing numbers stay missing.

    Parameters
    ----------
    numbers, categories : tuple of str

    Attributes
    ----------
    flags_ : list of (str, str)
        Column and value of each flag.
    """

    def __init__(self, numbers: tuple[str, ...] = (), categories: tuple[str, ...] = ()) -> None:
        self.numbers = numbers
        self.categories = categories

    def fit(self, X: pl.DataFrame, y: Any = None) -> Columns:
        """Find the frequent values."""
        self.flags_ = []
        for name in self.categories:
            counts = X[name].cast(pl.String).drop_nulls().value_counts(sort=True)
            rows = zip(counts[name].to_list(), counts["count"].to_list(), strict=True)
            found = sorted(str(value) for value, count in rows if count >= LEAST)
            self.flags_ += [(name, value) for value in (found[1:] if len(found) == 2 else found)]
        return self

    def transform(self, X: pl.DataFrame) -> np.ndarray:
        """The matrix, (n, numbers + flags) of float64."""
        parts = [X[name].cast(pl.Float64, strict=False).to_numpy() for name in self.numbers]
        for name, value in self.flags_:
            parts.append((X[name].cast(pl.String) == value).fill_null(False).to_numpy().astype(np.float64))
        found = np.column_stack(parts) if parts else np.zeros((X.height, 0))
        return np.where(np.isfinite(found), found, np.nan)

    def names(self, shown: Callable[[str], str] = str) -> list[str]:
        """Names of the matrix's columns, columns being called as `shown` calls them."""
        return [*map(shown, self.numbers), *(f"{shown(name)} = {value}" for name, value in self.flags_)]


def estimator_of(
    model: Any, task: Task, n_classes: int, seed: int, parameters: Mapping[str, Any] | None = None, n: int = 10_000
) -> Any:
    """The estimator that was asked for, or the task's own.

    Parameters
    ----------
    model : None, str or estimator
        A name such as ``"sklearn.ensemble.RandomForestClassifier"``, as `tael.models.estimators.build` takes them.
    task : {"regression", "classification"}
    n_classes, seed : int
    n : int
        Rows with a label.
    parameters : mapping, optional
        Of an estimator that is named.

    Returns
    -------
    estimator

    Raises
    ------
    ModelError
        If there is no such estimator, or it has no such parameter.
    RunError
        If it is of another task, or tells no probabilities.
    """
    if model is None:
        if parameters:
            raise RunError(
                "Parameters are those of a model that is named.", expected="a model", got=", ".join(parameters),
                fix='Name it: model = "sklearn.ensemble.RandomForestClassifier".',
            )  # fmt: skip
        return _own(task, n_classes, seed, n)
    made = build(model, parameters, seed=seed) if isinstance(model, str) else model
    fits = is_classifier(made) if task == "classification" else is_regressor(made)
    if not fits:
        raise RunError(
            "The model is of another kind than the task.", expected=f"an estimator for {task}", got=type(made).__name__
        )
    if task == "classification" and not (hasattr(made, "predict_proba") or hasattr(made, "final_estimator")):
        raise RunError(
            "This estimator tells no probabilities.", expected="predict_proba", got=type(made).__name__,
            fix="Wrap it in sklearn.calibration.CalibratedClassifierCV, or take another.",
        )  # fmt: skip
    return made


def _own(task: Task, n_classes: int, seed: int, n: int) -> Any:
    """What few rows cannot teach is not asked of them: smaller trees, and fewer of them."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    from tael.models import PortfolioClassifier

    if task == "classification" and n_classes == 2:
        return PortfolioClassifier(random_state=seed)
    settings: dict[str, Any] = {
        "n_estimators": 100 if n < SMALL else 200, "learning_rate": 0.05, "num_leaves": 4 if n < SMALL else 15,
        "min_child_samples": 20, "subsample": 0.8,
        "subsample_freq": 1, "colsample_bytree": 0.8, "random_state": seed, "n_jobs": 1, "verbose": -1,
        "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    return LGBMClassifier(**settings) if task == "classification" else LGBMRegressor(**settings)


def whole(table: SingleTable, estimator: Any) -> Any:
    """Columns and estimator in one pipeline; missing numbers are filled, and scales made one, where it needs that."""
    from sklearn.base import clone
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    steps: list[tuple[str, Any]] = [("columns", Columns(table.numbers, table.categories))]
    if not takes_gaps(estimator):
        steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
    if is_scaled(estimator):
        steps.append(("scale", StandardScaler()))
    return Pipeline([*steps, ("model", clone(estimator))])
