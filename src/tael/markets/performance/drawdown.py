"""How far and how long a curve lay below its highest point so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.performance.arrays import Floats, series
from tael.markets.performance.returns import annual_return


@dataclass(frozen=True)
class Drawdown:
    """The deepest fall.

    Parameters
    ----------
    depth : float
        As a share of the highest point before, at most 0.
    peak, trough : int or datetime64
        When it began and where it was deepest: periods, or times where they were given. Period -1 is the start.
    recovered : int, datetime64 or None
        When the old height was reached again; None: not by the end.
    length : int
        Periods from the peak to the recovery, or to the end.
    """

    depth: float
    peak: Any
    trough: Any
    recovered: Any
    length: int


def drawdowns(returns: Any) -> Floats:
    """Share by which the curve lies below its highest point so far, after each period, (T,), at most 0.

    >>> drawdowns([0.0, -0.5, 1.0]).tolist()
    [0.0, -0.5, 0.0]
    """
    curve = np.cumprod(1.0 + np.maximum(series(returns, least=1), -1.0))
    top = np.maximum.accumulate(np.concatenate(([1.0], curve)))[1:]
    found: Floats = curve / top - 1.0
    return found


def max_drawdown(returns: Any, times: NDArray[np.datetime64] | None = None) -> Drawdown:
    """The deepest fall of the curve of these returns, with its dates.

    Parameters
    ----------
    returns : (T,)
    times : (T,) datetime64, optional
        Closes of the periods; the peak may be the start, which has none and stays -1.

    Examples
    --------
    >>> max_drawdown([0.1, -0.2, -0.1, 0.5])
    Drawdown(depth=-0.28, peak=0, trough=2, recovered=3, length=3)
    """
    r = series(returns, least=1)
    if times is not None and len(times) != len(r):
        raise MarketError("The times do not match the returns.", expected=f"{len(r)} times", got=str(len(times)))
    below = drawdowns(r)
    curve = np.concatenate(([1.0], np.cumprod(1.0 + np.maximum(r, -1.0))))
    trough = int(np.argmin(below))
    peak = int(np.argmax(curve[: trough + 2])) - 1
    after = np.flatnonzero(curve[trough + 2 :] >= curve[peak + 1] * (1 - 1e-12))
    back = int(after[0]) + trough + 1 if len(after) else None
    if below[trough] == 0.0:
        peak = trough = back = len(r) - 1
    length = (back if back is not None else len(r) - 1) - peak

    def when(place: int | None) -> Any:
        return place if times is None or place is None or place < 0 else times[place]

    return Drawdown(round(float(below[trough]), 12), when(peak), when(trough), when(back), length)


def calmar_ratio(returns: Any, periods: float = 252) -> float:
    """Annual return by the depth of the deepest fall; NaN without a fall.

    >>> round(calmar_ratio([0.1, -0.1], periods=2), 3)
    -0.1
    """
    depth = max_drawdown(returns).depth
    return annual_return(returns, periods) / -depth if depth < 0 else float("nan")
