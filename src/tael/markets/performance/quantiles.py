"""Returns by quantile of a score, and how fast a score's order changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tael.errors import MarketError
from tael.markets.performance.arrays import Floats, panel
from tael.markets.performance.ic import _within, correlate_rows, ranks
from tael.markets.performance.regression import MeanTest, mean_test


@dataclass(frozen=True)
class Quantiles:
    """Mean label of each quantile of a score.

    Parameters
    ----------
    means : ndarray of shape (T, q)
        At each time; the lowest scores first. Missing where a time has fewer than q scores.
    spread : MeanTest
        Of the highest less the lowest.
    monotone : float
        Rank correlation of the quantiles' overall means with their order: 1 is rising throughout.
    """

    means: Floats
    spread: MeanTest
    monotone: float

    @property
    def mean(self) -> Floats:
        """Over all times, (q,)."""
        found: Floats = np.nanmean(self.means, axis=0)
        return found


def quantile_codes(scores: Any, q: int, *, members: Any = None) -> Floats:
    """Quantile of each score within its row, 0 to q - 1, by rank; NaN where missing.

    >>> quantile_codes(np.array([[3.0, 1.0, 2.0, 4.0]]), 2).tolist()
    [[1.0, 0.0, 0.0, 1.0]]
    """
    if q < 2:
        raise MarketError("Quantiles are at least two.", got=str(q))
    r = ranks(_within(panel(scores, "scores"), members))
    n = np.isfinite(r).sum(axis=1, keepdims=True)
    codes = np.minimum(np.floor((r - 0.5) * q / np.maximum(n, 1)), q - 1.0)
    found: Floats = np.where(n >= q, codes, np.nan)
    return found


def quantile_returns(
    scores: Any, labels: Any, q: int = 5, *, members: Any = None, lags: int | None = None
) -> Quantiles:
    """Mean label by quantile of the score, equally weighted, at each time.

    Parameters
    ----------
    scores, labels : (T, N)
        A score without a label is left out before the quantiles are cut.
    q : int
    lags : int, optional
        Of the spread's errors.

    Examples
    --------
    >>> x = np.arange(10.0).reshape(1, 10).repeat(4, axis=0)
    >>> quantile_returns(x, x, q=2).mean.tolist()
    [2.0, 7.0]
    """
    x = panel(scores, "scores")
    y = panel(labels, "labels", x.shape)
    codes = quantile_codes(np.where(np.isfinite(y), x, np.nan), q, members=members)
    means = np.full((len(x), q), np.nan)
    for k in range(q):
        here = codes == k
        count = here.sum(axis=1)
        total = np.where(here, y, 0.0).sum(axis=1)
        means[:, k] = np.divide(total, count, out=np.full(len(x), np.nan), where=count > 0)
    there = np.isfinite(means).all(axis=1)
    if there.sum() < 2:
        raise MarketError(
            "Too few times have scores and labels in every quantile.", expected="two", got=f"{there.sum()}"
        )
    overall = means[there].mean(axis=0)
    monotone = (
        float(correlate_rows(ranks(overall[None, :]), np.arange(float(q))[None, :])[0])
        if q > 2
        else float(np.sign(overall[1] - overall[0]))
    )
    return Quantiles(means, mean_test(means[:, -1] - means[:, 0], lags), monotone)


@dataclass(frozen=True)
class FactorTurnover:
    """How fast a score's order changes.

    Parameters
    ----------
    autocorrelation : float
        Mean rank correlation with the scores one (``lag``) bar before.
    top : float
        Mean share of the highest quantile that was not in it before.
    lag, q : int
    """

    autocorrelation: float
    top: float
    lag: int
    q: int


def factor_turnover(scores: Any, *, lag: int = 1, q: int = 5, members: Any = None) -> FactorTurnover:
    """Rank autocorrelation and turnover of the highest quantile.

    >>> factor_turnover(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), q=3)
    FactorTurnover(autocorrelation=1.0, top=0.0, lag=1, q=3)
    """
    x = panel(scores, "scores")
    if not 1 <= lag < len(x):
        raise MarketError("The lag does not fit the scores.", expected=f"1 to {len(x) - 1}", got=str(lag))
    r = ranks(_within(x, members))
    steady = correlate_rows(r[lag:], r[:-lag])
    highest = quantile_codes(x, q, members=members) == q - 1
    now, before = highest[lag:], highest[:-lag]
    size = now.sum(axis=1)
    fine = (size > 0) & before.any(axis=1)
    fresh = (now & ~before).sum(axis=1)[fine] / size[fine]
    steady = steady[np.isfinite(steady)]
    return FactorTurnover(
        float(np.mean(steady)) if len(steady) else float("nan"),
        float(np.mean(fresh)) if len(fresh) else float("nan"),
        lag,
        q,
    )
