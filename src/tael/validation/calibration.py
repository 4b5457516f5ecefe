"""Whether a predicted 5 % happens five times in a hundred: calibration by decile, its error, slope and intercept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError
from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.metrics import one_class
from tael.validation.words import Words


def wilson(events: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's interval of a proportion; it stays within [0, 1] and has a width even at 0 events.

    Parameters
    ----------
    events, n : array-like
        Events and rows (they need not be whole numbers: effective sizes of weighted samples are not).
    level : float
        Coverage.

    Returns
    -------
    low, high : ndarray
        NaN where n is 0.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22.

    Examples
    --------
    >>> low, high = wilson([0], [10])
    >>> float(low[0]), round(float(high[0]), 3)
    (0.0, 0.278)
    """
    from scipy.special import ndtri

    k, size = np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    rate = np.divide(k, size, out=np.full(np.broadcast(k, size).shape, np.nan), where=size > 0)
    size = np.where(size > 0, size, np.nan)
    middle = (rate + z2 / (2 * size)) / (1 + z2 / size)
    half = np.sqrt(z2 * (rate * (1 - rate) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def quantile_bins(p: Floats, w: Floats, bins: int) -> NDArray[np.int64]:
    """Bin of each row, by weighted quantiles of `p`; equal values are never torn apart, so there may be fewer bins."""
    if bins < 1:
        raise ValidationError("There must be at least one bin.", expected="bins of 1 or more", got=str(bins))
    order = np.argsort(p, kind="stable")
    above = np.cumsum(w[order])
    sorted_p = p[order]
    start = np.flatnonzero(np.append(True, np.diff(sorted_p) != 0))
    run = np.cumsum(np.append(True, np.diff(sorted_p) != 0)) - 1
    # a run of ties goes where its middle lies
    end = np.append(start[1:], len(p)) - 1
    middle = (np.append(0.0, above)[start] + above[end]) / 2 / above[-1]
    result = np.empty(len(p), dtype=np.int64)
    result[order] = np.minimum((middle * bins).astype(np.int64), bins - 1)[run]
    return np.unique(result, return_inverse=True)[1].astype(np.int64)


def calibration_table(
    y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, bins: int = 10, level: float = 0.95
) -> pl.DataFrame:
    """Predicted and observed rates by quantile of the prediction.

    Parameters
    ----------
    y, p : array-like of shape (n,)
        Labels (0 or 1) and predicted probabilities.
    weight : array-like of shape (n,), optional
        Sample weights.
    bins : int
        Number of bins; fewer come out where many rows share one prediction.
    level : float
        Coverage of Wilson's interval (with weights: on the effective sample size, Kish 1965).

    Returns
    -------
    polars.DataFrame
        One row a bin, lowest risk first: bin, from, to (range of the predictions), n, weight, predicted, observed,
        low, high.

    Raises
    ------
    ValidationError
        If an array is empty, missing, or not a probability.

    Examples
    --------
    >>> calibration_table([0, 0, 0, 1], [0.1, 0.1, 0.6, 0.6], bins=2)["observed"].to_list()
    [0.0, 0.5]
    """
    labels, p_, w = _checked(y, p, weight)
    return _table(labels, p_, w, bins, level)


def _checked(y: ArrayLike, p: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    labels = arrays.labels(y)
    return labels, arrays.scores(p, len(labels), probability=True), arrays.weights(weight, len(labels))


def _table(y: Floats, p: Floats, w: Floats, bins: int, level: float) -> pl.DataFrame:
    there = w > 0
    y, p, w = y[there], p[there], w[there]
    where = quantile_bins(p, w, bins)
    total = np.bincount(where, w)
    observed = np.bincount(where, w * y) / total
    effective = total**2 / np.bincount(where, w**2)
    low, high = wilson(observed * effective, effective, level)
    start, stop = np.full(len(total), np.inf), np.full(len(total), -np.inf)
    np.minimum.at(start, where, p)
    np.maximum.at(stop, where, p)
    return pl.DataFrame(
        {
            "bin": np.arange(1, len(total) + 1),
            "from": start,
            "to": stop,
            "n": np.bincount(where),
            "weight": total,
            "predicted": np.bincount(where, w * p) / total,
            "observed": observed,
            "low": low,
            "high": high,
        }
    )


def expected_calibration_error(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, bins: int = 10) -> float:
    """Mean distance between predicted and observed rate over the bins of `calibration_table`, weighted by their size.

    Examples
    --------
    >>> expected_calibration_error([0, 1], [0.5, 0.5])
    0.0
    """
    table = calibration_table(y, p, weight=weight, bins=bins)
    gap = np.abs((table["predicted"] - table["observed"]).to_numpy())
    return float(np.average(gap, weights=table["weight"].to_numpy()))


@dataclass(frozen=True, slots=True)
class CalibrationFit:
    """The line from predicted to observed log odds.

    Parameters
    ----------
    slope : float
        1 is right; below 1 the predictions are too extreme (over-fitted), above 1 too timid.
    intercept : float
        Of the same line.
    in_the_large : float
        Shift of the log odds that would make the mean right, slope held at 1; above 0: the risk is understated.
    error : float
        Expected calibration error.
    reason : Words, optional
        Why slope and intercept are NaN.
    """

    slope: float
    intercept: float
    in_the_large: float
    error: float
    reason: Words | None = None


def calibration_fit(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> CalibrationFit:
    """Fit the calibration line: log odds of y = intercept + slope * logit(p), by Newton's method.

    Parameters
    ----------
    y, p, weight
        As in `calibration_table`. Predictions are held at least 1e-6 away from 0 and 1, whose log odds are infinite.

    Returns
    -------
    CalibrationFit
        NaN with a reason where the line is not defined (one class, one value, classes told apart without error).

    References
    ----------
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45.
    """
    labels, p_, w = _checked(y, p, weight)
    error = expected_calibration_error(labels, p_, weight=w)
    nan = float("nan")
    why = one_class(labels[w > 0])
    if why is not None:
        return CalibrationFit(nan, nan, nan, error, why)
    clipped = np.clip(p_, 1e-6, 1 - 1e-6)
    x = np.log(clipped / (1 - clipped))
    shift = _newton(np.ones((len(x), 1)), labels, w, offset=x)
    large = float(shift[0]) if shift is not None else nan
    if np.ptp(x[w > 0]) == 0:
        return CalibrationFit(nan, nan, large, error, Words("All predictions are equal.", "所有预测值都相同。"))
    line = _newton(np.column_stack([np.ones(len(x)), x]), labels, w, offset=np.zeros(len(x)))
    if line is None:
        apart = Words("The prediction separates the classes without error.", "预测完全分开了两个类别。")
        return CalibrationFit(nan, nan, large, error, apart)
    return CalibrationFit(float(line[1]), float(line[0]), large, error)


def _newton(X: Floats, y: Floats, w: Floats, offset: Floats) -> Floats | None:
    """Logistic regression with a handful of coefficients; None where it runs away (separation)."""
    from scipy.special import expit, log_expit

    def loss(beta: Floats) -> float:
        z = X @ beta + offset
        return float(-(w * (y * log_expit(z) + (1 - y) * log_expit(-z))).sum())

    beta = np.zeros(X.shape[1])
    now = loss(beta)
    for _ in range(100):
        mu = expit(X @ beta + offset)
        curve = w * mu * (1 - mu)
        hessian = (X * curve[:, None]).T @ X
        if np.linalg.cond(hessian) > 1e12:
            return None
        step = np.linalg.solve(hessian, X.T @ (w * (y - mu)))
        size = 1.0
        while (then := loss(beta + size * step)) > now + 1e-12 and size > 1e-6:
            size /= 2
        beta = beta + size * step
        if np.max(np.abs(size * step)) < 1e-9:
            return beta
        if np.max(np.abs(beta)) > 1e3:
            return None
        now = then
    return None
