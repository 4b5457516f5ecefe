"""A strategy beside its benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tael.errors import MarketError
from tael.markets.performance.arrays import series
from tael.markets.performance.drawdown import max_drawdown
from tael.markets.performance.returns import annual_return, sharpe_ratio, volatility


@dataclass(frozen=True)
class Relative:
    """Figures of a strategy against a benchmark.

    Parameters
    ----------
    excess : float
        Difference of the annual returns.
    tracking_error : float
        Standard deviation of the difference of returns, a year.
    information_ratio : float
        Mean difference by its standard deviation, a year.
    beta : float
        Slope of the returns on the benchmark's.
    alpha : float
        What beta leaves of the mean return, a year.
    up_capture, down_capture : float
        Mean return where the benchmark rose (fell), by the benchmark's.
    excess_drawdown : float
        Deepest fall of the curve of differences, at most 0.
    """

    excess: float
    tracking_error: float
    information_ratio: float
    beta: float
    alpha: float
    up_capture: float
    down_capture: float
    excess_drawdown: float


def relative(returns: Any, benchmark: Any, periods: float = 252) -> Relative:
    """Compare returns with a benchmark's at the same periods.

    Parameters
    ----------
    returns, benchmark : (T,)
    periods : float

    Examples
    --------
    >>> bench = np.array([0.01, -0.01, 0.02, -0.02])
    >>> found = relative(2 * bench, bench)
    >>> round(found.beta, 6), round(found.alpha, 6)
    (2.0, 0.0)
    """
    r, b = series(returns), series(benchmark, "benchmark's returns")
    if len(r) != len(b):
        raise MarketError("The benchmark does not match the returns.", expected=f"{len(r)} periods", got=str(len(b)))
    moves = float(np.var(b, ddof=1))
    beta = float(np.cov(r, b)[0, 1] / moves) if moves > 0 else float("nan")

    def capture(chosen: Any) -> float:
        base = float(b[chosen].mean()) if chosen.any() else 0.0
        return float(r[chosen].mean()) / base if base != 0 else float("nan")

    return Relative(
        excess=annual_return(r, periods) - annual_return(b, periods),
        tracking_error=volatility(r - b, periods),
        information_ratio=sharpe_ratio(r - b, periods=periods),
        beta=beta,
        alpha=(float(r.mean()) - beta * float(b.mean())) * periods,
        up_capture=capture(b > 0),
        down_capture=capture(b < 0),
        excess_drawdown=max_drawdown(r - b).depth,
    )
