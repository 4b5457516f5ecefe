"""`LogisticReference`: the plain logistic regression that stands beside every other model."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from tael.models._input import check_monotone, check_training
from tael.models.additive import AdditiveClassifier
from tael.models.linear import LinearScorer, fit_linear
from tael.models.logistic import Floats


class LogisticReference(AdditiveClassifier):
    """Logistic regression on all columns: mean for missing, a flag beside it, standardised, ridge.

    A model that is not clearly better than this one is not worth its opacity, so every report shows both.

    Parameters
    ----------
    l2 : float, default=1.0
        Ridge on the standardised coefficients, in rows (scikit-learn's ``1 / C``).
    monotone : None, dict or array of shape (p,), default=None
        As in `PortfolioClassifier`.
    class_weight : None, dict or "balanced", default=None

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    n_features_in_, feature_names_in_
        As in scikit-learn.
    coef_ : ndarray of shape (p,)
        Log-odds for one unit of each column.
    scorer_ : LinearScorer
        Everything else that was fitted.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [np.nan]])
    >>> LogisticReference().fit(X, ["good", "good", "bad", "bad"]).predict(X[:1]).tolist()
    ['good']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "l2": [Interval(Real, 0, None, closed="left")],
        "monotone": ["array-like", dict, None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    scorer_: LinearScorer

    def __init__(
        self,
        l2: float = 1.0,
        *,
        monotone: Mapping[Any, int] | ArrayLike | None = None,
        class_weight: Any = None,
    ) -> None:
        self.l2 = l2
        self.monotone = monotone
        self.class_weight = class_weight

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit on all rows.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        y : array of shape (n,)
        sample_weight : array of shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ModelError
            One class, text columns, unknown directions.
        """
        from threadpoolctl import threadpool_limits

        X, label, self.classes_, weight = check_training(self, X, y, sample_weight, self.class_weight)
        names = getattr(self, "feature_names_in_", None)
        sign = check_monotone(self.monotone, X.shape[1], None if names is None else names.tolist())
        used = weight > 0
        with threadpool_limits(limits=1, user_api="blas"):
            self.scorer_ = fit_linear(X[used], label[used], weight[used], sign, l2=float(self.l2))
        return self

    @property
    def coef_(self) -> Floats:
        """Log-odds for one unit of each column, shape (p,)."""
        return np.asarray(self.scorer_.slope)

    def _log_odds(self, X: Floats) -> Floats:
        return self.scorer_.score(X)

    def _contributions(self, X: Floats) -> Floats:
        return self.scorer_.contributions(X)
