"""What the classifiers of this room share: probabilities from log-odds that add up over the columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from tael.models._input import check_matrix
from tael.models.logistic import Floats


class AdditiveClassifier(ClassifierMixin, BaseEstimator, ABC):
    """What the classifiers of this room share: probabilities from log-odds that add up over the columns."""

    classes_: NDArray[Any]
    n_features_in_: int

    def __sklearn_tags__(self) -> Any:
        """Missing values are welcome, more than two classes are not."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    @abstractmethod
    def _log_odds(self, X: Floats) -> Floats:
        """Calibrated log-odds of checked rows, shape (n,)."""

    @abstractmethod
    def _contributions(self, X: Floats) -> Floats:
        """What each column adds to them, and the base last, shape (n, p + 1)."""

    def decision_function(self, X: Any) -> Floats:
        """Calibrated log-odds of ``classes_[1]``.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
        """
        check_is_fitted(self)
        return self._log_odds(check_matrix(self, X))

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, 2)
            In the order of ``classes_``. One row scored alone equals the same row scored among others, to the last bit.
        """
        from scipy.special import expit

        p = expit(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any) -> NDArray[Any]:
        """The likelier class of each row.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
        """
        likelier = (self.decision_function(X) > 0).astype(int)
        return self.classes_[likelier]

    def contributions(self, X: Any) -> Floats:
        """How much each column adds to the log-odds of each row.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, p + 1)
            Log-odds; the last column is the base, the same in all rows. Each row sums to `decision_function`.
        """
        check_is_fitted(self)
        return self._contributions(check_matrix(self, X))
