"""Predicted beside observed effects: by tenths of the list, and as one line; effects of rows without a model."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError
from tael.validation import arrays
from tael.validation._value import NAN, Metric
from tael.validation.arrays import Floats
from tael.validation.uplift_order import read_trial
from tael.validation.words import Words


def plain_effects(y: ArrayLike, treatment: ArrayLike, propensity: ArrayLike | None = None) -> Floats:
    """A noisy effect of each row whose mean is the mean effect: for a randomised trial, with no model behind it.

    Parameters
    ----------
    y, treatment, propensity
        As in `qini_curve`; without a propensity, the share of the treated.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> float(plain_effects([1, 0, 1, 0], [1, 1, 0, 0]).mean())
    0.0
    """
    trial = read_trial(y, np.zeros(len(np.asarray(y))), treatment, None, propensity)
    t, w = trial.t, trial.weight
    e = t.mean() if propensity is None else np.asarray(propensity, dtype=np.float64)
    treated, other = (float(np.average(trial.y[t == k], weights=w[t == k])) for k in (1.0, 0.0))
    return treated - other + t * (trial.y - treated) / e - (1.0 - t) * (trial.y - other) / (1.0 - e)


def uplift_table(
    uplift: ArrayLike, effects: ArrayLike, *, bins: int = 10, weight: ArrayLike | None = None, level: float = 0.95
) -> pl.DataFrame:
    """Predicted and observed uplift by tenths of the list, best first.

    Parameters
    ----------
    uplift : array-like of shape (n,)
        Predicted, in units of the outcome.
    effects : array-like of shape (n,)
        Noisy effect of each row: `plain_effects`, or doubly robust ones (`tael.models.Nuisances.effects`).
    bins : int
        Parts of about equal size; rows are cut by rank, equal predictions by their order.
    weight : array-like of shape (n,), optional
    level : float
        Coverage.

    Returns
    -------
    polars.DataFrame
        part, rows, predicted, observed, low, high.

    Examples
    --------
    >>> uplift_table([0.2, 0.1], [0.3, 0.0], bins=2)["observed"].to_list()
    [0.3, 0.0]
    """
    phi = arrays.floats(effects, "effects")
    score, w = arrays.scores(uplift, len(phi), probability=False), arrays.weights(weight, len(phi))
    parts = np.array_split(np.argsort(-score, kind="stable"), min(bins, len(phi)))
    rows = []
    for number, part in enumerate(parts, 1):
        mean, error = mean_error(phi[part], w[part])
        reach = normal_reach(level) * error
        rows.append(
            (number, len(part), float(np.average(score[part], weights=w[part])), mean, mean - reach, mean + reach)
        )
    return pl.DataFrame(rows, schema=["part", "rows", "predicted", "observed", "low", "high"], orient="row")


def uplift_calibration(
    uplift: ArrayLike, effects: ArrayLike, *, weight: ArrayLike | None = None, level: float = 0.95
) -> dict[str, Metric]:
    """The best straight line from predicted to actual effects: slope 1 where differences are as large as foretold.

    Parameters
    ----------
    uplift, effects, weight, level
        As in `uplift_table`.

    Returns
    -------
    dict
        ``mean``: mean effect less mean prediction; ``slope``: 0 where the predictions tell nobody apart (NaN where
        they are all equal). Intervals from robust standard errors.

    References
    ----------
    Chernozhukov, Demirer, Duflo, Fernandez-Val (2018). Generic machine learning inference on heterogeneous treatment
    effects, best linear predictor.

    Examples
    --------
    >>> uplift_calibration([0.1, 0.2, 0.3], [0.2, 0.4, 0.6])["slope"].value
    2.0
    """
    phi = arrays.floats(effects, "effects")
    score, w = arrays.scores(uplift, len(phi), probability=False), arrays.weights(weight, len(phi))
    z = normal_reach(level)
    gap, error = mean_error(phi - score, w)
    x = score - np.average(score, weights=w)
    spread = float((w * x * x).sum())
    if spread <= 1e-18 * max(1.0, float(w.sum())):
        slope = Metric(NAN, reason=Words("All predictions are equal.", "所有预测值相同。"))
    else:
        b = float((w * x * phi).sum()) / spread
        left = phi - np.average(phi, weights=w) - b * x
        reach = z * float(np.sqrt(((w * x * left) ** 2).sum())) / spread
        slope = Metric(round(b, 12), b - reach, b + reach)
    return {"mean": Metric(gap, gap - z * error, gap + z * error), "slope": slope}


def mean_error(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and its standard error; NaN where one row has all the weight."""
    mean = float(np.average(values, weights=weight))
    share = weight / weight.sum()
    n = int((weight > 0).sum())
    error = np.sqrt(((share * (values - mean)) ** 2).sum() * n / (n - 1)) if n > 1 else NAN
    return mean, float(error)


def normal_reach(level: float) -> float:
    """How many standard errors an interval of this coverage reaches to either side.

    >>> round(normal_reach(0.95), 2)
    1.96
    """
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValidationError("The coverage is not a share.", expected="between 0 and 1", got=repr(level))
    return float(ndtri(0.5 + level / 2))


def top_share(score: ArrayLike, share: float) -> NDArray[np.bool_]:
    """The rule "treat the best `share` of the list": equal scores by their order.

    >>> top_share([0.1, 0.3, 0.2, 0.0], 0.5).tolist()
    [False, True, True, False]
    """
    values = arrays.floats(score, "scores")
    if not 0 <= share <= 1:
        raise ValidationError("The share to treat is not a share.", expected="0 to 1", got=repr(share))
    chosen = np.zeros(len(values), dtype=bool)
    chosen[np.argsort(-values, kind="stable")[: round(share * len(values))]] = True
    return chosen
