"""Corporate actions: the factor that makes prices continuous, from reference prices alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def carried(values: Floats) -> Floats:
    """Each column's last value so far, (T, N); NaN before the first.

    >>> carried(np.array([[np.nan], [1.0], [np.nan]])).ravel()
    array([nan,  1.,  1.])
    """
    there = np.isfinite(values)
    last = np.maximum.accumulate(np.where(there, np.arange(len(values))[:, None], -1), axis=0)
    found: Floats = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, found, np.nan)


def before(values: Floats) -> Floats:
    """The row before, (T, N); NaN in the first.

    >>> before(np.array([[1.0], [2.0]])).ravel()
    array([nan,  1.])
    """
    return np.vstack([np.full((1, values.shape[1]), np.nan), values[:-1]])


def adjust_factor(close: Floats, preclose: Floats, tolerance: float = 1e-4) -> Floats:
    """Cumulative factor of adjustment, forward from 1, so that ``close * factor`` has the returns of close to preclose.

    On an ex date the exchange lowers the reference price by what was detached, so that

        factor[t] / factor[t - 1] = close[t - 1] / preclose[t]

    with the last close (or, through a suspension, the last reference price). It never looks ahead: a day more changes
    no factor before it.

    Parameters
    ----------
    close : ndarray of shape (T, N)
        Unadjusted; NaN where there was no deal.
    preclose : ndarray of shape (T, N)
        The exchange's reference price of each day, of suspended days too where it is known.
    tolerance : float
        A relative difference that is rounding, not an ex date.

    Returns
    -------
    ndarray of shape (T, N)

    Examples
    --------
    Ten new shares for ten old ones on the second day:

    >>> adjust_factor(np.array([[10.0], [5.5]]), np.array([[10.0], [5.0]])).ravel()
    array([1., 2.])
    """
    reference = carried(np.where(np.isfinite(close), close, preclose))
    with np.errstate(invalid="ignore", divide="ignore"):
        step = before(reference) / preclose
    step = np.where(np.isfinite(step) & (np.abs(step - 1) > tolerance), step, 1.0)
    found: Floats = np.cumprod(step, axis=0, dtype=np.float64)
    return found
