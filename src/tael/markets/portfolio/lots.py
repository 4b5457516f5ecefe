"""Weights to whole lots: the largest remainders get what the rounding down left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lots:
    """Positions that can be traded.

    Parameters
    ----------
    shares : ndarray of int64, shape (N,)
        Shares or contracts, signed.
    weights : ndarray of float, shape (N,)
        What they weigh.
    spent : float
        Value of all of them (absolute), in currency; at most that of the weights asked for.
    missed : float
        Sum of the absolute differences of the weights.
    tracking_error : float
        Standard deviation of the difference in return per bar, by the risk model; NaN without one.
    """

    shares: NDArray[np.int64]
    weights: Floats
    spent: float
    missed: float
    tracking_error: float


def to_lots(
    weights: Any,
    equity: float,
    price: Any,
    lot: Any = 100,
    min_lot: Any = None,
    *,
    multiplier: Any = 1.0,
    risk: FactorRisk | None = None,
) -> Lots:
    """Round weights to lots, spending no more than the weights do.

    Every position is rounded down (towards none). What is left is spent one step at a time on the positions with the
    largest remainders, measured in steps, for as long as it pays for the next step; a position gets at most one.

    Parameters
    ----------
    weights : array-like of float, shape (N,)
        Share of equity in each name; NaN counts as 0.
    equity : float
        In currency.
    price : array-like of float, shape (N,)
        Currency a share (or the contract's quotation); needed where the weight is not 0.
    lot : int or array-like of int, shape (N,)
        Shares of a step.
    min_lot : int or array-like of int, shape (N,), optional
        Smallest position that may be bought; default: one lot. (STAR market: 200, then single shares.) The step to it
        from nothing is the whole of it.
    multiplier : float or array-like, shape (N,)
        Currency for one point of one contract.
    risk : FactorRisk, optional
        Tells what the rounding costs in tracking error.

    Returns
    -------
    Lots

    Raises
    ------
    MarketError
        If the equity is not positive, a price is missing, or a lot is less than 1.

    Examples
    --------
    >>> made = to_lots([0.5, 0.5], 10_000, [24.0, 13.0])
    >>> made.shares, made.spent
    (array([200, 400]), 10000.0)
    """
    wanted = np.nan_to_num(np.asarray(weights, dtype=np.float64), nan=0.0)
    n = len(wanted)
    cost = np.broadcast_to(np.asarray(price, dtype=np.float64) * np.asarray(multiplier, dtype=np.float64), n)
    step = np.broadcast_to(np.asarray(lot), n).astype(np.int64)
    least = step if min_lot is None else np.maximum(np.broadcast_to(np.asarray(min_lot), n).astype(np.int64), 1)
    if not (np.isfinite(equity) and equity > 0):
        raise MarketError("The equity makes no sense.", expected="more than 0", got=str(equity))
    if (step < 1).any() or (least < 1).any():
        raise MarketError("A lot makes no sense.", expected="1 or more", got=str(min(step.min(), least.min())))
    bad = (wanted != 0) & ~(np.isfinite(cost) & (cost > 0))
    if bad.any():
        raise MarketError(
            f"{int(bad.sum())} names to be held have no price.",
            expected="a positive price for every weight that is not 0",
            got=f"{cost[bad][0]} at name {int(np.flatnonzero(bad)[0])}",
        )
    ideal = np.abs(wanted) * equity / np.where(cost > 0, cost, 1.0)
    # a hair is forgiven, or 300 shares asked for would come out as 299.99999
    down = (np.floor(ideal / step + 1e-9) * step).astype(np.int64)
    down[down < least] = 0
    jump = np.where(down == 0, np.maximum(step, -(-least // step) * step), step)
    remainder = (ideal - down) / jump
    left = float((ideal - down) @ np.where(cost > 0, cost, 0.0))
    for i in np.argsort(-remainder, kind="stable"):
        if remainder[i] <= 1e-9:
            break
        price_of_step = float(jump[i] * cost[i])
        if price_of_step <= left + 1e-9:
            down[i] += jump[i]
            left -= price_of_step
    shares = np.where(wanted < 0, -down, down)
    got = shares * np.where(np.isfinite(cost), cost, 0.0) / equity
    off = got - wanted
    error = float("nan") if risk is None else float(risk.volatility(off))
    return Lots(shares, np.asarray(got), float(np.abs(got).sum() * equity), float(np.abs(off).sum()), error)
