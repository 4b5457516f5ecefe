"""The labels, weights and periods of the training rows, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import _check_sample_weight, _check_y

from tael.models._input import check_two_classes
from tael.models.logistic import Floats


@dataclass(frozen=True)
class Rows:
    """The labels of the training rows, as the kernel counts them.

    Parameters
    ----------
    label : ndarray of shape (n,), uint8
        1 for bad.
    weight : ndarray of shape (n,) or (0,)
        Empty: 1 each.
    period : ndarray of shape (n,) or (0,), int32
        Empty: one period.
    """

    label: NDArray[np.uint8]
    weight: Floats
    period: NDArray[np.int32]

    def empty_counts(self, n_bins: int) -> Floats:
        """Where goods and bads of each bin are added up, by period."""
        return np.zeros((int(self.period.max()) + 1 if self.period.size else 1, 2, n_bins))


def training_rows(
    estimator: Any, n: int, y: Any, sample_weight: Any, period: Any
) -> tuple[Rows, NDArray[np.int64] | None, NDArray[Any]]:
    """Check what stands beside X.

    Parameters
    ----------
    estimator : estimator
        Named in messages.
    n : int
        Rows of X.
    y : array of shape (n,)
    sample_weight : array of shape (n,) or None
        0 leaves a row out.
    period : array of shape (n,) or None

    Returns
    -------
    rows : Rows
        Those that count.
    used : ndarray or None
        Which those are; None: all.
    classes : ndarray of shape (2,)

    Raises
    ------
    ModelError
        One class, or more than two.
    """
    labels = _check_y(y, multi_output=False, estimator=estimator)
    check_consistent_length(np.empty(n), labels)
    weight = _check_sample_weight(sample_weight, np.empty((n, 0)), dtype=np.float64, ensure_non_negative=True)
    label, classes = check_two_classes(labels, weight)
    codes = np.empty(0, dtype=np.int32)
    if period is not None:
        periods = np.asarray(period)
        check_consistent_length(labels, periods)
        codes = np.unique(periods, return_inverse=True)[1].astype(np.int32)
    used = None
    if (weight == 0).any():
        used = np.flatnonzero(weight > 0)
        label, weight = label[used], weight[used]
        codes = codes[used] if codes.size else codes
    weight = np.empty(0) if (weight == 1.0).all() else weight
    return Rows(label.astype(np.uint8), weight, codes), used, classes
