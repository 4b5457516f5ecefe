"""Is one group different from another, or is it chance: AUC with its variance, two rates, many looks at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tael.validation.arrays import Floats
from tael.validation.ranked import Sorter


def auc_variance(y: Floats, p: Floats, w: Floats) -> tuple[float, float]:
    """Weighted ROC AUC and its variance by placements (DeLong); NaN where one class is absent.

    The variance of a class's part is that of the mean of its placements, which a weighted mean of n rows estimates with
    n / (n - 1) for the degree of freedom.

    References
    ----------
    DeLong, E., DeLong, D., Clarke-Pearson, D. (1988). Comparing the areas under two or more correlated ROC curves.
    Biometrics 44.

    Examples
    --------
    >>> y, p = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> auc, variance = auc_variance(y, p, np.ones(4))
    >>> auc, round(variance, 4)
    (0.75, 0.125)
    """
    there = w > 0
    y, p, w = y[there], p[there], w[there]
    events, others = float(w[y == 1].sum()), float(w[y == 0].sum())
    if events == 0 or others == 0:
        return float("nan"), float("nan")
    sorter = Sorter(y, p)
    ranked = sorter.ranked(w)
    step = np.searchsorted(ranked.ends, np.arange(len(y)))
    true, false = ranked.true[0], ranked.false[0]
    # For an event: the share of non-events below it, ties one half; for a non-event: of events above it.
    beaten = 1.0 - (false - 0.5 * np.diff(false, prepend=0.0))[step] / others
    caught = (true - 0.5 * np.diff(true, prepend=0.0))[step] / events
    heavy, event = ranked.weight[0], ranked.y == 1
    auc = float(heavy[event] @ beaten[event] / events)
    variance = 0.0
    for rows, placement, total in ((event, beaten, events), (~event, caught, others)):
        n = int(rows.sum())
        if n < 2:
            return auc, float("nan")
        variance += float((heavy[rows] ** 2) @ (placement[rows] - auc) ** 2) / total**2 * n / (n - 1)
    return auc, variance


def auc_interval(auc: float, variance: float, level: float) -> tuple[float, float]:
    """Limits of an AUC on the log-odds scale, so that they stay within 0 and 1; NaN at 0 and 1 themselves."""
    if not (0 < auc < 1 and np.isfinite(variance)):
        return float("nan"), float("nan")
    middle = np.log(auc / (1 - auc))
    half = deviate(level) * np.sqrt(variance) / (auc * (1 - auc))
    low, high = 1 / (1 + np.exp(-(middle - half))), 1 / (1 + np.exp(-(middle + half)))
    return float(low), float(high)


def deviate(level: float) -> float:
    """Half width of an interval of this coverage, in standard deviations."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def two_sided(z: ArrayLike) -> Floats:
    """Chance of a normal deviate at least so far out on either side; NaN stays NaN."""
    from scipy.special import ndtr

    return np.asarray(2.0 * ndtr(-np.abs(np.asarray(z, dtype=np.float64))))


def two_rates(k: ArrayLike, n: ArrayLike, k_other: ArrayLike, n_other: ArrayLike) -> Floats:
    """Normal deviate of the difference of two proportions under one common rate; NaN where it is not defined."""
    k, n, k_other, n_other = (np.asarray(v, dtype=np.float64) for v in (k, n, k_other, n_other))
    with np.errstate(divide="ignore", invalid="ignore"):
        common = (k + k_other) / (n + n_other)
        error = np.sqrt(common * (1 - common) * (1 / n + 1 / n_other))
        z = (k / n - k_other / n_other) / error
    return np.where(np.isfinite(z), z, np.nan)


def holm(chances: ArrayLike) -> Floats:
    """Chances raised for how many were looked at (Holm 1979); NaN does not count as a look.

    >>> holm([0.01, 0.04, 0.03, float("nan")]).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    plain = np.asarray(chances, dtype=np.float64)
    result = np.full(plain.shape, np.nan)
    order = np.argsort(plain)[: int(np.isfinite(plain).sum())]
    raised = plain[order] * np.arange(len(order), 0, -1)
    result[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return result


def effective_size(w: Floats) -> float:
    """Rows without weights that are worth as much as these with theirs (Kish 1965)."""
    return float(w.sum() ** 2 / np.square(w).sum()) if len(w) and w.sum() > 0 else 0.0
