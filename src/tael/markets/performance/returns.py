"""Return, volatility and their ratios. Returns are those of periods (days), as shares: 0.01 is one per cent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.performance.arrays import Floats, above_zero, series


def periods_per_year(times: NDArray[np.datetime64]) -> float:
    """How many of these bars a year has: 252 for days, 52 for weeks, 12 for months; within the day, 252 times a day's.

    Parameters
    ----------
    times : (T,) datetime64

    Examples
    --------
    >>> periods_per_year(np.arange("2024-01-01", "2024-02-01", dtype="M8[D]"))
    252.0
    """
    stamps = np.asarray(times)
    if stamps.dtype.kind != "M" or stamps.ndim != 1 or len(stamps) < 2:
        raise MarketError("Bars of a year are counted from times.", expected="two times or more", got=f"{stamps.shape}")
    days = stamps.astype("M8[D]")
    distinct = len(np.unique(days))
    if distinct < len(stamps):
        return 252.0 * len(stamps) / distinct
    step = float(np.median(np.diff(days).astype(np.int64)))
    return 252.0 if step < 5 else 52.0 if step < 20 else 12.0 if step < 60 else 4.0 if step < 200 else 1.0


def annual_return(returns: Any, periods: float = 252) -> float:
    """Geometric mean return a year.

    Parameters
    ----------
    returns : (T,)
    periods : float
        Periods in a year.

    Examples
    --------
    >>> round(annual_return([0.1, -0.05], periods=2), 4)
    0.045
    """
    r, years = series(returns, least=1), above_zero(periods, "periods of a year")
    growth = float(np.prod(1.0 + r)) if np.all(r > -1) else 0.0
    return float(growth ** (years / len(r)) - 1.0)


def volatility(returns: Any, periods: float = 252) -> float:
    """Standard deviation (n - 1) a year.

    >>> round(volatility([0.01, -0.01], periods=252), 4)
    0.2245
    """
    return float(np.std(series(returns), ddof=1) * np.sqrt(above_zero(periods, "periods of a year")))


def excess(returns: Any, riskless: Any = 0.0) -> Floats:
    """Returns less the riskless one of each period (a number, or (T,))."""
    r = series(returns)
    rate = np.asarray(riskless, dtype=np.float64)
    if rate.ndim and rate.shape != r.shape:
        raise MarketError("The riskless returns do not fit.", expected=f"{len(r)} periods", got=str(rate.shape))
    return r - rate


def sharpe_ratio(returns: Any, riskless: Any = 0.0, periods: float = 252) -> float:
    """Mean excess return by its standard deviation, a year (times the root of the periods). NaN where nothing moves.

    Parameters
    ----------
    returns : (T,)
    riskless : float or (T,)
        Of each period.
    periods : float
        1: the ratio of the period itself.

    Examples
    --------
    >>> round(sharpe_ratio([0.02, 0.0, 0.01], periods=1), 4)
    1.0
    """
    r = excess(returns, riskless)
    spread = float(np.std(r, ddof=1))
    if spread <= 1e-12 * max(1e-12, float(np.max(np.abs(r)))):
        return float("nan")
    return float(np.mean(r) / spread * np.sqrt(above_zero(periods, "periods of a year")))


def sortino_ratio(returns: Any, target: float = 0.0, periods: float = 252) -> float:
    """Mean return above the target by the root mean square of shortfalls over all periods (Sortino and Price 1994).

    >>> round(sortino_ratio([0.03, -0.01], periods=1), 4)
    1.4142
    """
    r = series(returns) - target
    down = float(np.sqrt(np.mean(np.minimum(r, 0.0) ** 2)))
    return float(np.mean(r) / down * np.sqrt(above_zero(periods, "periods of a year"))) if down > 0 else float("nan")


def hit_rate(returns: Any) -> float:
    """Share of the periods with a gain, among those with gain or loss.

    >>> hit_rate([0.1, 0.0, -0.1, 0.2])
    0.6666666666666666
    """
    r = series(returns, least=1)
    moved = r != 0
    return float(np.mean(r[moved] > 0)) if moved.any() else float("nan")


def value_at_risk(returns: Any, level: float = 0.95) -> float:
    """Loss that a period exceeds with probability 1 - level, from the returns' own quantile (a loss is positive).

    >>> round(value_at_risk([-0.05, -0.01, 0.0, 0.01, 0.02], level=0.8), 4)
    0.018
    """
    return float(-np.quantile(series(returns), _tail(level)))


def expected_shortfall(returns: Any, level: float = 0.95) -> float:
    """Mean loss of the worst 1 - level of the periods, a fraction of a period counted as such (CVaR).

    Rockafellar and Uryasev 2002, "Conditional value-at-risk for general loss distributions".

    >>> round(expected_shortfall([-0.05, -0.01, 0.0, 0.01, 0.02], level=0.6), 4)
    0.03
    """
    r = np.sort(series(returns))
    size = _tail(level) * len(r)
    whole = int(np.floor(size + 1e-12))
    worst = float(r[:whole].sum()) + (size - whole) * float(r[min(whole, len(r) - 1)])
    return -worst / size


def _tail(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise MarketError("The level of a tail is a probability.", expected="between 0 and 1", got=repr(level))
    return 1.0 - level
