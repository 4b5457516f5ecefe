"""Boosted trees on the cross-section: several seeds averaged, stopped where the stretch before the test says so."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from tael.markets.modelling._days import checked_days, mean_ic, sizes

_ALWAYS: dict[str, Any] = {
    "metric": "none",
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "feature_pre_filter": False,
    "min_data_in_bin": 1,
}


class PanelBooster(RegressorMixin, BaseEstimator):
    """LightGBM for the return of each entity beside the others of its bar.

    Returns are nearly all noise, so a single fit is mostly luck: several seeds, each with its own sample of rows and
    columns, are averaged. Where a validation stretch is given, the number of trees is where the mean correlation with
    its labels, bar by bar, was best; all seeds share one number, so that none is picked for its luck.

    Parameters
    ----------
    n_seeds : int
        Fits that are averaged.
    learning_rate : float
    num_leaves : int
    max_depth : int
        -1: as deep as the leaves allow.
    min_child_samples : int
    reg_alpha, reg_lambda : float
        Penalties on leaves (L1 and L2).
    subsample, colsample_bytree : float
        Shares of rows and columns for each tree.
    n_estimators : int
        Most trees, and their number where there is no validation.
    patience : int
        Trees without a better validation after which a fit stops.
    random_state : int
    n_jobs : int
        Threads.

    Attributes
    ----------
    texts_ : list of str
        LightGBM's text of each fit: the model.
    n_trees_ : int
    n_features_in_ : int

    References
    ----------
    Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3)); y = X[:, 0] + rng.normal(size=400)
    >>> model = PanelBooster(n_seeds=1, n_estimators=20, learning_rate=0.1, min_child_samples=5).fit(X, y)
    >>> bool(np.corrcoef(model.predict(X), y)[0, 1] > 0.5)
    True
    """

    def __init__(
        self, n_seeds: int = 3, *, learning_rate: float = 0.05, num_leaves: int = 64, max_depth: int = 8,
        min_child_samples: int = 50, reg_alpha: float = 0.0, reg_lambda: float = 1.0, subsample: float = 0.8,
        colsample_bytree: float = 0.5, n_estimators: int = 500, patience: int = 50, random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:  # fmt: skip
        self.n_seeds = n_seeds
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.min_child_samples = min_child_samples
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.n_estimators = n_estimators
        self.patience = patience
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Missing values are welcome; a fit on noise may score badly."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.regressor_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any, days: Any = None, valid: tuple[Any, Any, Any] | None = None) -> PanelBooster:
        """Fit.

        Parameters
        ----------
        X : (n, p) array-like
            Missing values allowed.
        y : (n,) array-like
            Labels, put on one scale bar by bar beforehand (:func:`tael.markets.modelling.standardised`).
        days : (n,) array-like of int, optional
            The bar of each row, ascending; left out: all rows are of one bar.
        valid : (X, y, days), optional
            A later stretch that says how many trees are best.
        """
        import lightgbm
        from joblib import Parallel, delayed

        X, y = validate_data(
            self,
            X,
            y,
            ensure_all_finite="allow-nan",
            dtype=[np.float32, np.float64],
            y_numeric=True,
            ensure_min_samples=2,
        )
        count = sizes(checked_days(days, len(y)))
        target, groups = self._target(np.asarray(y, dtype=np.float64), count)
        params = self._params()
        data = lightgbm.Dataset(X, label=target, group=groups, params=params).construct()
        held = None if valid is None else self._held(valid, data)
        # One thread a fit, fits side by side: threads inside a fit wait for one another, and spin while they wait.
        grown = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._grown)(data, params | {"seed": self.random_state + k}, held)
            for k in range(max(1, self.n_seeds))
        )
        curves = [curve for _, curve in grown]
        self.n_trees_ = self.n_estimators if held is None else _best_together(curves)
        self.texts_ = [booster.model_to_string(num_iteration=self.n_trees_) for booster, _ in grown]
        self.validation_ = None if held is None else _together(curves).tolist()
        self._boosters: list[Any] = []
        return self

    def _params(self) -> dict[str, Any]:
        return {
            **_ALWAYS,
            "objective": self.objective,
            **self._more(),
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "max_depth": self.max_depth,
            "min_data_in_leaf": self.min_child_samples,
            "lambda_l1": self.reg_alpha,
            "lambda_l2": self.reg_lambda,
            "bagging_fraction": self.subsample,
            "bagging_freq": 1 if self.subsample < 1 else 0,
            "feature_fraction": self.colsample_bytree,
            "num_threads": 1,
        }

    objective = "regression"
    """What is minimised, in LightGBM's words."""

    def _more(self) -> dict[str, Any]:
        """What the objective needs besides."""
        return {}

    def _target(self, y: NDArray[np.float64], count: NDArray[np.int64]) -> tuple[NDArray[np.float64], Any]:
        """What the trees are grown on, and which rows are ranked among one another (None: a regression)."""
        return y, None

    def _held(self, valid: tuple[Any, Any, Any], data: Any) -> tuple[Any, NDArray[np.float64], NDArray[np.int64]]:
        """The validation as LightGBM bins it, its labels, and the sizes of its bars."""
        X, y, days = valid
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=[np.float32, np.float64])
        count = sizes(checked_days(days, len(X)))
        target, groups = self._target(np.asarray(y, dtype=np.float64), count)
        binned = data.create_valid(X, label=target, group=groups, params=dict(data.params)).construct()
        return binned, np.asarray(y, dtype=np.float64), count

    def _grown(self, data: Any, params: dict[str, Any], held: Any) -> tuple[Any, list[float]]:
        """One seed's booster and, tree by tree, the validation's mean correlation."""
        import lightgbm

        booster = lightgbm.Booster(params=params, train_set=data)
        curve: list[float] = []
        if held is None:
            for _ in range(self.n_estimators):
                if booster.update():
                    break
            return booster, curve
        valid, y, count = held

        def judged(scores: NDArray[Any], _: Any) -> tuple[str, float, bool]:
            return "ic", float(np.nan_to_num(mean_ic(np.asarray(scores), y, count), nan=-1.0)), True

        booster.add_valid(valid, "validation")
        for tree in range(self.n_estimators):
            stuck = booster.update()
            curve.append(booster.eval_valid(judged)[0][2])
            if stuck or tree - int(np.argmax(curve)) >= self.patience:
                break
        return booster, curve

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The mean over the seeds; on the scale of the labels, shape (n,)."""
        check_is_fitted(self, "texts_")
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=[np.float32, np.float64])
        boosters = self._read()
        total = np.zeros(X.shape[0])
        for booster in boosters:
            total += booster.predict(X, num_threads=self.n_jobs)
        return total / len(boosters)

    def _read(self) -> list[Any]:
        """The boosters, read once."""
        import lightgbm

        if not self._boosters:
            self._boosters += [lightgbm.Booster(model_str=text) for text in self.texts_]
        return self._boosters

    def __getstate__(self) -> dict[str, Any]:
        """Only the texts travel to other processes."""
        return {**super().__getstate__(), "_boosters": []}

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """Share of the gain of each column, the mean over the seeds, shape (p,)."""
        check_is_fitted(self, "texts_")
        gains = np.mean([booster.feature_importance("gain") for booster in self._read()], axis=0)
        total = float(gains.sum())
        return np.asarray(gains / total if total > 0 else gains, dtype=np.float64)


def _together(curves: list[list[float]]) -> NDArray[np.float64]:
    """The mean of the seeds' curves; one that stopped holds its last value."""
    longest = max(len(curve) for curve in curves)
    filled = np.array([curve + [curve[-1]] * (longest - len(curve)) for curve in curves])
    return np.asarray(filled.mean(axis=0), dtype=np.float64)


def _best_together(curves: list[list[float]]) -> int:
    """The number of trees at which the mean of the seeds' curves is best."""
    return int(_together(curves).argmax()) + 1
