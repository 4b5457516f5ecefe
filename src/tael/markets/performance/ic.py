"""Information coefficients: does a score order the returns that follow it?

Arrays are times by entities; NaN is missing. Labels lie in the future of their row: make them with `forward_returns`,
and never let a score see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from tael.errors import MarketError
from tael.markets.performance.arrays import Floats, panel
from tael.markets.performance.regression import MeanTest, bandwidth, mean_test

if TYPE_CHECKING:
    import polars as pl


def forward_returns(prices: Any, horizon: int = 1, delay: int = 1) -> Floats:
    """Return from the price ``delay`` bars ahead to that ``delay + horizon`` bars ahead, (T, N); missing at the end.

    Parameters
    ----------
    prices : (T, N)
        Continuous prices (``close * adjust``), missing where there is no bar.
    horizon : int
        Bars held.
    delay : int
        Bars until the score can be dealt on: 1 for a score of the close, dealt at the next close.

    Examples
    --------
    >>> forward_returns(np.array([[1.0], [2.0], [3.0], [6.0]]))[:, 0].tolist()
    [0.5, 1.0, nan, nan]
    """
    p = panel(prices, "prices")
    if horizon < 1 or delay < 0:
        raise MarketError("A label looks ahead.", expected="horizon >= 1, delay >= 0", got=f"{horizon}, {delay}")
    out = np.full(p.shape, np.nan)
    last = len(p) - delay - horizon
    if last > 0:
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:last] = p[delay + horizon :] / p[delay : delay + last] - 1.0
    return out


def ranks(values: Floats) -> Floats:
    """Ranks within each row, ties shared, missing stays missing."""
    out = np.full(values.shape, np.nan)
    there = np.isfinite(values)
    whole = there.all(axis=1)
    if whole.any():
        out[whole] = rankdata(values[whole], axis=1)
    for t in np.flatnonzero(~whole & there.any(axis=1)):
        out[t, there[t]] = rankdata(values[t, there[t]])
    return out


def correlate_rows(x: Floats, y: Floats) -> Floats:
    """Pearson correlation of each row, (T,); missing where fewer than three pairs are there or a side is constant."""
    both = np.isfinite(x) & np.isfinite(y)
    n = both.sum(axis=1)
    safe = np.maximum(n, 1)[:, None]
    a, b = np.where(both, x, 0.0), np.where(both, y, 0.0)
    a = np.where(both, a - a.sum(axis=1, keepdims=True) / safe, 0.0)
    b = np.where(both, b - b.sum(axis=1, keepdims=True) / safe, 0.0)
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    size = np.abs(np.where(both, x, 0.0)).max(axis=1, initial=0.0) * np.abs(np.where(both, y, 0.0)).max(
        axis=1, initial=0.0
    )
    fine = (n >= 3) & (scale > 1e-12 * size)
    return np.divide((a * b).sum(axis=1), scale, out=np.full(len(n), np.nan), where=fine)


def _within(values: Floats, members: Any) -> Floats:
    if members is None:
        return values
    return np.where(panel(members, "members", values.shape) > 0, values, np.nan)


def information_coefficient(scores: Any, labels: Any, *, rank: bool = False, members: Any = None) -> Floats:
    """Correlation of scores and labels at each time, (T,).

    Parameters
    ----------
    scores, labels : (T, N)
    rank : bool
        Of their ranks (Spearman), over those entities that have both.
    members : (T, N) bool, optional
        The universe as known at each time.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0, np.nan]])
    >>> information_coefficient(x, np.array([[1.0, 4.0, 9.0, 1.0]]), rank=True)
    array([1.])
    """
    x = panel(scores, "scores")
    y = panel(labels, "labels", x.shape)
    x = _within(x, members)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    return correlate_rows(ranks(x), ranks(y)) if rank else correlate_rows(x, y)


@dataclass(frozen=True)
class ICSummary:
    """A series of information coefficients in figures.

    Parameters
    ----------
    mean, std : float
    icir : float
        mean / std, of a period.
    t : float
        Of the mean, with Newey-West errors.
    positive : float
        Share of the periods above 0.
    n, lags : int
    """

    mean: float
    std: float
    icir: float
    t: float
    positive: float
    n: int
    lags: int


def summarise_ic(ic: Any, lags: int | None = None) -> ICSummary:
    """Mean, ICIR and an autocorrelation-robust t of a series of coefficients; missing periods are left out.

    >>> summarise_ic([0.1, 0.0, 0.2], lags=0).icir
    1.0
    """
    values = np.asarray(ic, dtype=np.float64)
    values = values[np.isfinite(values)]
    test: MeanTest = mean_test(values, lags)
    std = float(values.std(ddof=1))
    return ICSummary(
        test.mean, std, round(test.mean / std, 12) if std > 0 else float("nan"), test.t,
        float(np.mean(values > 0)), test.n, test.lags,
    )  # fmt: skip


def ic_decay(
    scores: Any, prices: Any, horizons: Sequence[int] = (1, 2, 5, 10, 20), *, delay: int = 1, rank: bool = True,
    members: Any = None,
) -> pl.DataFrame:  # fmt: skip
    """Coefficients by horizon: how fast a score's knowledge is used up.

    Parameters
    ----------
    scores, prices : (T, N)
        Prices as for `forward_returns`.
    horizons : sequence of int
        Bars held. The errors of overlapping labels use at least horizon - 1 lags.

    Returns
    -------
    polars.DataFrame
        horizon, mean, icir, t, n.
    """
    import polars as pl

    rows = []
    for horizon in horizons:
        labels = forward_returns(prices, horizon, delay)
        ic = information_coefficient(scores, labels, rank=rank, members=members)
        n = int(np.isfinite(ic).sum())
        found = summarise_ic(ic, max(horizon - 1, bandwidth(n)) if n else None)
        rows.append({"horizon": horizon, "mean": found.mean, "icir": found.icir, "t": found.t, "n": found.n})
    return pl.DataFrame(rows)


def neutralise(scores: Any, exposures: Sequence[Any] = (), groups: NDArray[np.integer] | None = None) -> Floats:
    """What is left of scores after least squares on exposures and groups within each row, (T, N).

    Parameters
    ----------
    scores : (T, N)
    exposures : sequence of (T, N)
        Such as log size; an entity without one is left out.
    groups : (T, N) integer codes, optional
        Such as sectors; -1: none, left out.

    Examples
    --------
    >>> neutralise(np.array([[1.0, 3.0, 5.0, 9.0]]), groups=np.array([[0, 0, 1, 1]])).tolist()
    [[-1.0, 1.0, -2.0, 2.0]]
    """
    x = panel(scores, "scores")
    sides = [panel(one, "exposures", x.shape) for one in exposures]
    codes = None if groups is None else panel(groups, "groups", x.shape).astype(np.int64)
    out = np.full(x.shape, np.nan)
    for t in range(len(x)):
        there = np.isfinite(x[t])
        for side in sides:
            there &= np.isfinite(side[t])
        if codes is not None:
            there &= codes[t] >= 0
        if there.sum() < 2:
            continue
        y = x[t, there]
        columns = [side[t, there] for side in sides]
        if codes is None:
            columns.append(np.ones(len(y)))
            design = np.column_stack(columns)
        else:
            _, at = np.unique(codes[t, there], return_inverse=True)
            design = np.column_stack([*columns, np.eye(at.max() + 1)[at]])
        out[t, there] = np.round(y - design @ np.linalg.lstsq(design, y, rcond=None)[0], 12)
    return out


def factor_correlation(factors: Mapping[str, Any], *, members: Any = None) -> pl.DataFrame:
    """Mean over time of the rank correlations among factors, as a square frame with the names in ``factor``.

    >>> x = np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])
    >>> factor_correlation({"x": x, "minus": -x})["x"].to_list()
    [1.0, -1.0]
    """
    import polars as pl

    ranked = {name: ranks(_within(panel(values, "factors"), members)) for name, values in factors.items()}
    names = list(ranked)
    square = np.eye(len(names))
    for i, a in enumerate(names):
        for j in range(i):
            series = correlate_rows(ranked[a], ranked[names[j]])
            there = series[np.isfinite(series)]
            square[i, j] = square[j, i] = float(np.mean(there)) if len(there) else np.nan
    return pl.DataFrame({"factor": names, **{name: square[:, i] for i, name in enumerate(names)}})
