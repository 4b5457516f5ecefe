"""The model of a single table: columns made into numbers, then any estimator of scikit-learn's convention."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin, is_classifier, is_regressor
from sklearn.utils import get_tags

from tael.errors import RunError
from tael.runs.single.table import SingleTable, Task

ALLOWED = ("sklearn", "lightgbm", "tael")
"""Packages that an estimator may be named from."""
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

    def names(self) -> list[str]:
        """Names of the matrix's columns."""
        return [*self.numbers, *(f"{name} = {value}" for name, value in self.flags_)]


def estimator_of(model: Any, task: Task, n_classes: int, seed: int, parameters: Mapping[str, Any] | None = None) -> Any:
    """The estimator that was asked for, or the task's own.

    Parameters
    ----------
    model : None, str or estimator
        A name such as ``"sklearn.ensemble.RandomForestClassifier"``, of the packages in `ALLOWED`.
    task : {"regression", "classification"}
    n_classes, seed : int
    parameters : mapping, optional
        Of an estimator that is named.

    Returns
    -------
    estimator

    Raises
    ------
    RunError
        If there is no such estimator, or it is of another task.
    """
    if model is None:
        return _own(task, n_classes, seed)
    made = _named(model, dict(parameters or {}), seed) if isinstance(model, str) else model
    fits = is_classifier(made) if task == "classification" else is_regressor(made)
    if not fits:
        raise RunError(
            "The model is of another kind than the task.", expected=f"an estimator for {task}", got=type(made).__name__
        )
    return made


def _own(task: Task, n_classes: int, seed: int) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    from tael.models import PortfolioClassifier

    if task == "classification" and n_classes == 2:
        return PortfolioClassifier(random_state=seed)
    settings: dict[str, Any] = {
        "n_estimators": 200, "learning_rate": 0.05, "num_leaves": 15, "min_child_samples": 20, "subsample": 0.8,
        "subsample_freq": 1, "colsample_bytree": 0.8, "random_state": seed, "n_jobs": 1, "verbose": -1,
        "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    return LGBMClassifier(**settings) if task == "classification" else LGBMRegressor(**settings)


def _named(name: str, parameters: dict[str, Any], seed: int) -> Any:
    module, _, kind = name.rpartition(".")
    if module.split(".", 1)[0] not in ALLOWED:
        raise RunError(
            "No estimator is taken from there.", expected=f"a name of {', '.join(ALLOWED)}", got=repr(name),
            fix='For instance "sklearn.ensemble.RandomForestClassifier"; from Python, hand over the estimator itself.',
        )  # fmt: skip
    try:
        found = getattr(import_module(module), kind)
    except (ImportError, AttributeError):
        raise RunError("There is no such estimator.", expected="package.module.Class", got=repr(name)) from None
    if not (isinstance(found, type) and issubclass(found, BaseEstimator)):
        raise RunError("This is no estimator.", expected="a class with fit and predict", got=repr(name))
    try:
        made = found(**parameters)
    except TypeError as error:
        raise RunError("The estimator does not take these parameters.", got=str(error), where=name) from None
    if module.split(".", 1)[0] == "lightgbm" and not {"verbose", "verbosity"} & set(parameters):
        made.set_params(verbose=-1)
    if "random_state" in made.get_params() and "random_state" not in parameters:
        made.set_params(random_state=seed)
    return made


def whole(table: SingleTable, estimator: Any) -> Any:
    """Columns and estimator in one pipeline; missing numbers are filled only for an estimator that cannot take them."""
    from sklearn.base import clone
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    steps: list[tuple[str, Any]] = [("columns", Columns(table.numbers, table.categories))]
    linear = (
        hasattr(estimator, "coef_") or "linear" in type(estimator).__module__ or "svm" in type(estimator).__module__
    )
    if not get_tags(estimator).input_tags.allow_nan:
        steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
    if linear and "linear_model" in type(estimator).__module__:
        steps.append(("scale", StandardScaler()))
    return Pipeline([*steps, ("model", clone(estimator))])
