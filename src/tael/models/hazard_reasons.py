"""Which columns bring a cause about, or hold it off: parts of the log-odds of its hazard."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from tael.errors import ModelError, did_you_mean
from tael.models.binning_columns import read_columns
from tael.models.encoding import TableCode
from tael.models.hazard_fit import Hazard
from tael.models.hazard_time import TimeGrid
from tael.models.logistic import Floats


class HazardReasons:
    """What `CompetingRisks` says beside its curves."""

    causes_: tuple[Any, ...]
    grid_: TimeGrid
    code_: TableCode
    scorer_: Hazard
    n_features_in_: int

    def hazard_score(self, X: Any, cause: Any = None, time: float | None = None) -> Floats:
        r"""What `contributions` add up to: the log-odds of a cause against nothing happening in a bin of time.

        .. math:: \log \frac{h_c(k \mid x)}{1 - \sum_d h_d(k \mid x)}

        Parameters
        ----------
        X : array or frame of shape (n, p)
        cause : object, optional
            One of ``causes_``; None where there is one.
        time : float, optional
            Whose bin is meant; None is the mean over all bins.

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        ModelError
            An unknown cause, none where there are several, a time beyond what the training rows were followed for.
        """
        M, c, k = self._asked(X, cause, time)
        return self.scorer_.score(M, c, k)

    def contributions(self, X: Any, cause: Any = None, time: float | None = None) -> Floats:
        """What each column of X adds to the log-odds of a cause's hazard.

        The logistic method's columns add the same in every bin, each beside its mean, and time moves the base alone.
        Of the boosted method they are exact Shapley values of the cause's trees less those of "nothing happens", with
        time held at its bin, or averaged over all bins: time itself is in the base.

        A cause whose hazard is high need not be the likeliest end: another may come first.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        cause : object, optional
            One of ``causes_``; None where there is one.
        time : float, optional
            Whose bin is meant; None is the mean over all bins.

        Returns
        -------
        ndarray of shape (n, p + 1)
            By column of X, categories included; the last column is the base, the same in all rows. Each row sums to
            `hazard_score`.

        Raises
        ------
        ModelError
            As `hazard_score`.
        """
        M, c, k = self._asked(X, cause, time)
        return self.code_.by_column(self.scorer_.contributions(M, c, k))

    def _asked(self, X: Any, cause: Any, time: float | None) -> tuple[Floats, int, int | None]:
        check_is_fitted(self)
        known = list(self.causes_)
        if cause not in known and (cause is not None or len(known) > 1):
            raise ModelError(
                "It is not said of which cause." if cause is None else "There is no such cause.",
                expected=f"cause= one of {', '.join(map(repr, known))}",
                got="nothing" if cause is None else repr(cause),
                fix=did_you_mean(cause, map(str, known)) if isinstance(cause, str) else None,
            )
        k = None if time is None else int(self.grid_.weights(np.array([time], dtype=np.float64))[0][0])
        columns = read_columns(self, X, kinds=self.code_.kinds)
        return self.code_.matrix(columns), 0 if cause is None else known.index(cause), k
