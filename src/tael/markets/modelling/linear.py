"""A ridge on the cross-section: features as ranks within their bar, a missing one in the middle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from tael.markets.modelling._days import checked_days, mean_ic, sizes

_BLOCK = 65_536


class PanelRidge(RegressorMixin, BaseEstimator):
    """Ridge regression for the return of each entity beside the others of its bar.

    Columns are brought to zero mean and unit spread with the training rows' figures, drawn in at three standard
    deviations, and a missing value is the mean. The penalty is the one of `alphas` whose mean correlation with the
    validation's labels is best; without validation it is the middle one.

    Parameters
    ----------
    alphas : tuple of float
        Penalties, as shares of the number of rows.

    Attributes
    ----------
    coef_ : (p,)
        For columns in units of their spread.
    alpha_ : float
    n_features_in_ : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3)); y = X[:, 0] + rng.normal(size=400)
    >>> model = PanelRidge().fit(X, y)
    >>> int(np.abs(model.coef_).argmax())
    0
    """

    def __init__(self, alphas: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0, 10.0)) -> None:
        self.alphas = alphas

    def __sklearn_tags__(self) -> Any:
        """Missing values are welcome; a fit on noise may score badly."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.regressor_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any, days: Any = None, valid: tuple[Any, Any, Any] | None = None) -> PanelRidge:
        """Fit; see `PanelBooster.fit` for the parameters."""
        X, y = validate_data(
            self,
            X,
            y,
            ensure_all_finite="allow-nan",
            dtype=[np.float32, np.float64],
            y_numeric=True,
            ensure_min_samples=2,
        )
        checked_days(days, len(y))
        known = np.isfinite(X)
        count = np.maximum(known.sum(axis=0), 1)
        self.mean_ = np.where(known, X, 0).sum(axis=0, dtype=np.float64) / count
        square = np.where(known, X - self.mean_.astype(X.dtype), 0).astype(np.float64)
        spread = np.sqrt((square**2).sum(axis=0) / count)
        del square
        self.scale_ = np.where(spread > 0, spread, 1.0)
        self.intercept_ = float(np.mean(y))
        target = np.asarray(y, dtype=np.float64) - self.intercept_
        p = X.shape[1]
        gram, moment = np.zeros((p, p)), np.zeros(p)
        for start in range(0, len(target), _BLOCK):
            Z = self._scaled(X[start : start + _BLOCK])
            gram += Z.T @ Z
            moment += Z.T @ target[start : start + _BLOCK]
        found = {
            alpha: solve(gram + np.eye(p) * max(alpha, 1e-12) * len(target), moment, assume_a="pos")
            for alpha in self.alphas
        }
        self.alpha_ = self.alphas[len(self.alphas) // 2] if valid is None else self._best(found, valid)
        self.coef_ = found[self.alpha_]
        return self

    def _best(self, found: dict[float, NDArray[np.float64]], valid: tuple[Any, Any, Any]) -> float:
        X, y, days = valid
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=[np.float32, np.float64])
        Z, count = self._scaled(X), sizes(checked_days(days, len(X)))
        told = {alpha: mean_ic(Z @ coef, np.asarray(y, dtype=np.float64), count) for alpha, coef in found.items()}
        return max(told, key=lambda alpha: np.nan_to_num(told[alpha], nan=-1.0))

    def _scaled(self, X: NDArray[Any]) -> NDArray[np.float64]:
        Z = (X - self.mean_) / self.scale_
        return np.ascontiguousarray(np.clip(np.nan_to_num(Z, nan=0.0), -3.0, 3.0))

    def predict(self, X: Any) -> NDArray[np.float64]:
        """On the scale of the labels, shape (n,)."""
        check_is_fitted(self, "coef_")
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=[np.float32, np.float64])
        out = np.empty(X.shape[0])
        for start in range(0, len(out), _BLOCK):
            # Not `@`: BLAS adds in another order for one row than for many, and a score must be the same in both.
            out[start : start + _BLOCK] = (self._scaled(X[start : start + _BLOCK]) * self.coef_).sum(axis=1)
        return out + self.intercept_

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """Share of the absolute weights, shape (p,)."""
        check_is_fitted(self, "coef_")
        weight = np.abs(self.coef_)
        total = float(weight.sum())
        return np.asarray(weight / total if total > 0 else weight, dtype=np.float64)
