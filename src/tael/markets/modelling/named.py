"""Any regressor by its name, for the return of each entity beside the others of its bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from tael.errors import ModelError
from tael.models.estimators import build, told
from tael.models.named import common_state, restore_common
from tael.models.preparation import Preparation, prepare

State = dict[str, Any]
_DIGITS = 9  # libraries add in another order for one row than for many
_ASKED = 2_000
"""Rows by which the weight of columns is measured, where the estimator says none itself."""


class PanelNamed(RegressorMixin, BaseEstimator):
    """A regressor of scikit-learn's convention that is named, where `PanelBooster` and `PanelRidge` stand.

    Missing values become medians and columns are scaled where the estimator needs it. The validation stretch is not
    looked at: such an estimator does not stop by it.

    Parameters
    ----------
    estimator : str
        Such as ``"sklearn.ensemble.ExtraTreesRegressor"``; packages as of `tael.models.estimators.packages`.
    parameters : mapping, optional
    random_state : int
    n_jobs : int
        Threads of an estimator that takes them.

    Attributes
    ----------
    estimator_ : fitted estimator
    preparation_ : Preparation
    feature_importances_ : (p,)
    n_features_in_ : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3)); y = X[:, 0] + rng.normal(size=400)
    >>> model = PanelNamed("sklearn.linear_model.Lasso", {"alpha": 0.1}).fit(X, y)
    >>> int(model.feature_importances_.argmax())
    0
    """

    estimator_: Any
    preparation_: Preparation

    def __init__(
        self, estimator: str = "sklearn.linear_model.Ridge", parameters: Mapping[str, Any] | None = None, *,
        random_state: int = 0, n_jobs: int = 1,
    ) -> None:  # fmt: skip
        self.estimator = estimator
        self.parameters = parameters
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Missing values are welcome; a fit on noise may score badly."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.regressor_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any, days: Any = None, valid: tuple[Any, Any, Any] | None = None) -> PanelNamed:
        """Fit; see `PanelBooster.fit` for the parameters."""
        made = regressor(self.estimator, self.parameters, seed=self.random_state)
        X, y = validate_data(
            self, X, y, ensure_all_finite="allow-nan", dtype=[np.float32, np.float64], y_numeric=True,
            ensure_min_samples=2,
        )  # fmt: skip
        X = np.asarray(X, dtype=np.float64)
        self.preparation_ = prepare(X, made)
        if "n_jobs" in made.get_params(deep=False) and "n_jobs" not in (self.parameters or {}):
            made.set_params(n_jobs=self.n_jobs)
        with told(self.estimator):
            self.estimator_ = made.fit(self.preparation_.apply(X), np.asarray(y, dtype=np.float64))
        self.feature_importances_ = self._weight(X)
        return self

    def _weight(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of each column: as the estimator says it, or by how much predictions move when it is shuffled."""
        one = self.estimator_
        if hasattr(one, "feature_importances_"):
            weight = np.asarray(one.feature_importances_, dtype=np.float64)
        elif hasattr(one, "coef_") and np.size(one.coef_) == X.shape[1]:
            weight = np.abs(np.ravel(one.coef_))
        else:
            rng = np.random.default_rng(0)
            rows = self.preparation_.apply(X[rng.permutation(len(X))[:_ASKED]])
            known, weight = self._asked(rows), np.zeros(X.shape[1])
            for j in range(X.shape[1]):
                mixed = rows.copy()
                mixed[:, j] = rng.permutation(mixed[:, j])
                weight[j] = float(np.abs(self._asked(mixed) - known).mean())
        total = float(weight.sum())
        return weight / total if total > 0 else weight

    def _asked(self, Z: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.ravel(np.asarray(self.estimator_.predict(Z), dtype=np.float64))

    def predict(self, X: Any) -> NDArray[np.float64]:
        """On the scale of the labels, shape (n,)."""
        check_is_fitted(self, "estimator_")
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=[np.float32, np.float64])
        if len(X) == 0:
            return np.zeros(0)
        return np.round(self._asked(self.preparation_.apply(np.asarray(X, dtype=np.float64))), _DIGITS)


def regressor(name: str, parameters: Mapping[str, Any] | None, *, seed: int = 0) -> Any:
    """An unfitted regressor by its name.

    Raises
    ------
    ModelError
        As `tael.models.estimators.build`; or it is no regressor.
    """
    from sklearn.base import is_regressor

    made = build(name, parameters, seed=seed)
    if not is_regressor(made):
        near = name.replace("Classifier", "Regressor")
        raise ModelError(
            "A return needs a regressor.", expected="a regressor", got=name,
            fix=f"Its sibling may be called {near}." if near != name else None,
        )  # fmt: skip
    return made


def named_state(model: PanelNamed) -> State:
    """For `tael.models.persist`."""
    return {**common_state(model, "predict"), "weight": model.feature_importances_}


def named_from_state(state: State) -> PanelNamed:
    """For `tael.models.persist`."""
    model: PanelNamed = restore_common(PanelNamed(), state)
    model.feature_importances_ = np.asarray(state["weight"], dtype=np.float64)
    return model
