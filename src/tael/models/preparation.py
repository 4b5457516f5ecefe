"""What stands before an estimator by name: gaps filled and columns scaled, where the estimator needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SCALED = ("linear_model", "svm", "neighbors", "neural_network", "gaussian_process", "discriminant_analysis", "kernel")
"""Modules of scikit-learn whose estimators look at distances, or penalise weights: units must not matter to them."""


@dataclass(frozen=True)
class Preparation:
    """Learned on training rows, applied to all.

    Parameters
    ----------
    typical : ndarray of shape (p,)
        The median of each column; 0 where training never saw a value.
    mean, spread : ndarray of shape (p,)
        Of the filled columns; a spread of 0 is read as 1.
    fills, scales : bool
        Whether missing values become typical ones, and whether columns are brought to zero mean and unit spread.
    """

    typical: Floats
    mean: Floats
    spread: Floats
    fills: bool
    scales: bool

    def apply(self, X: Floats) -> Floats:
        """The matrix that the estimator is given, (n, p)."""
        if self.fills or self.scales:
            X = np.where(np.isnan(X), self.typical, X) if self.fills else X
        return (X - self.mean) / self.spread if self.scales else X


def prepare(X: Floats, estimator: Any, weight: Floats | None = None) -> Preparation:
    """Learn what an estimator needs.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        NaN is missing.
    estimator : estimator
        Unfitted; its tags say whether it takes missing values.
    weight : ndarray of shape (n,), optional

    Returns
    -------
    Preparation

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> known = prepare(np.array([[1.0], [2.0], [3.0], [np.nan]]), LogisticRegression())
    >>> known.apply(np.array([[np.nan], [2.0]])).tolist()
    [[0.0], [0.0]]
    """
    w = np.ones(len(X)) if weight is None else weight
    there = ~np.isnan(X)
    typical = np.array([_median(X[there[:, j], j], w[there[:, j]]) for j in range(X.shape[1])])
    filled = np.where(there, X, typical)
    mean = np.average(filled, axis=0, weights=w)
    spread = np.sqrt(np.average((filled - mean) ** 2, axis=0, weights=w))
    spread = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(mean)), spread, 1.0)
    return Preparation(typical, mean, spread, not takes_gaps(estimator), is_scaled(estimator))


def _median(values: Floats, weight: Floats) -> float:
    """Of what is there; a row of weight two is two rows."""
    if not weight.sum() > 0:
        return 0.0
    return float(np.quantile(values, 0.5, method="inverted_cdf", weights=weight))


def takes_gaps(estimator: Any) -> bool:
    """Whether it is at home with missing values."""
    from sklearn.utils import get_tags

    return bool(get_tags(estimator).input_tags.allow_nan)


def is_scaled(estimator: Any) -> bool:
    """Whether it, or one within it, needs columns on one scale."""
    parts = [estimator, *(one for one in estimator.get_params().values() if hasattr(one, "get_params"))]
    return any(any(room in type(one).__module__.split(".") for room in SCALED) for one in parts)
