"""All figures of a series of returns at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.markets.performance.arrays import series
from tael.markets.performance.benchmark import Relative, relative
from tael.markets.performance.drawdown import Drawdown, calmar_ratio, max_drawdown
from tael.markets.performance.resampling import Interval, bootstrap
from tael.markets.performance.returns import (
    annual_return,
    expected_shortfall,
    hit_rate,
    periods_per_year,
    sharpe_ratio,
    sortino_ratio,
    value_at_risk,
    volatility,
)
from tael.markets.performance.sharpe import (
    DeflatedSharpe,
    autocorrelated_sharpe,
    deflated_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_error,
)


@dataclass(frozen=True)
class Performance:
    """Figures of returns; each is documented at the function of its name.

    Parameters
    ----------
    periods : float
        Of a year.
    n : int
        Periods measured.
    annual_return, volatility, sharpe, sharpe_error, sharpe_autocorrelated, sortino, calmar, hit_rate : float
        The error of the Sharpe ratio bears autocorrelation.
    value_at_risk, expected_shortfall : float
        Of a period, at 95 %.
    drawdown : Drawdown
    sharpe_interval : Interval
        95 %, by the stationary bootstrap.
    probability : float
        That the true Sharpe ratio is above 0.
    deflated : DeflatedSharpe
        After the trials.
    track_record : float
        Periods needed until the ratio is above 0 with 95 %.
    relative : Relative or None
        Beside a benchmark.
    """

    periods: float
    n: int
    annual_return: float
    volatility: float
    sharpe: float
    sharpe_error: float
    sharpe_autocorrelated: float
    sortino: float
    calmar: float
    hit_rate: float
    value_at_risk: float
    expected_shortfall: float
    drawdown: Drawdown
    sharpe_interval: Interval
    probability: float
    deflated: DeflatedSharpe
    track_record: float
    relative: Relative | None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, without the bootstrap's draws: what goes into a report."""
        plain = asdict(self)
        del plain["sharpe_interval"]["draws"]
        for name in ("peak", "trough", "recovered"):
            value = plain["drawdown"][name]
            plain["drawdown"][name] = str(value.astype("M8[D]")) if isinstance(value, np.datetime64) else value
        return plain


def performance(
    returns: Any,
    *,
    times: NDArray[np.datetime64] | None = None,
    benchmark: Any = None,
    riskless: Any = 0.0,
    trials: int = 1,
    periods: float | None = None,
    draws: int = 500,
    seed: int = 0,
) -> Performance:
    """Measure returns.

    Parameters
    ----------
    returns : (T,)
        Of periods, such as `Backtest.returns`.
    times : (T,) datetime64, optional
        For the dates of the drawdown and the periods of a year.
    benchmark : (T,), optional
    riskless : float or (T,)
        Of a period; taken off for ratios of Sharpe.
    trials : int
        How many strategies were tried before this one.
    periods : float, optional
        Of a year; by default from the times, else 252.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    Performance

    Examples
    --------
    >>> r = np.random.default_rng(0).normal(0.001, 0.01, 500)
    >>> found = performance(r, trials=10, draws=100)
    >>> found.sharpe_interval.low < found.sharpe < found.sharpe_interval.high
    True
    """
    r = series(returns, least=10)
    year = periods if periods is not None else (252.0 if times is None else periods_per_year(times))
    over = r - riskless
    return Performance(
        periods=float(year),
        n=len(r),
        annual_return=annual_return(r, year),
        volatility=volatility(r, year),
        sharpe=sharpe_ratio(over, periods=year),
        sharpe_error=sharpe_error(over, periods=year, lags=None),
        sharpe_autocorrelated=autocorrelated_sharpe(over, periods=max(1, round(year))),
        sortino=sortino_ratio(r, periods=year),
        calmar=calmar_ratio(r, year),
        hit_rate=hit_rate(r),
        value_at_risk=value_at_risk(r),
        expected_shortfall=expected_shortfall(r),
        drawdown=max_drawdown(r, times),
        sharpe_interval=bootstrap(over, lambda x: sharpe_ratio(x, periods=year), draws=draws, seed=seed),
        probability=probabilistic_sharpe(over, periods=year),
        deflated=deflated_sharpe(over, trials, periods=year),
        track_record=minimum_track_record(over, periods=year),
        relative=None if benchmark is None else relative(r, benchmark, year),
    )
