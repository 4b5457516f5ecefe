"""A simulated market in memory: its tables, its days and stocks, and the truth that was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.datasets.market_alphas import Alpha, ranked, standardised
from tael.datasets.market_calendar import Days, Floats
from tael.datasets.market_prices import LAG, Prices
from tael.datasets.simulated import PlantedTruth, SimulatedBank


@dataclass(frozen=True)
class MarketTruth(PlantedTruth):
    """What really foretells returns in a simulated market: for judging, never for building.

    Attributes
    ----------
    frame : polars.DataFrame
        One row for each planted alpha: ``formula``; ``ic`` (as planted: mean correlation, over the stocks of a day,
        of the alpha after the close of day t with the return from close t + 1 to close t + 2); ``realised_ic`` and
        ``realised_rank_ic`` (means over the days), ``standard_error`` of `realised_ic`, ``days``. Where alphas
        resemble each other, the realised one holds a part of the others' too.
    words : dict
        Formula to ``{"en", "zh", "formula"}``.
    regime : tuple of str
        Of each day: bull, bear or crisis.
    beta : float64 array, shape (N,)
        Sensitivity to the market.
    scores : dict of float32 arrays, shape (T, N)
        Formula to its values, standardised among the members of each day (0 where missing).
    expected : float32 array, shape (T, N)
        What the planted alphas add to the return from close t + 1 to close t + 2.
    """

    regime: tuple[str, ...]
    beta: Floats
    scores: dict[str, NDArray[np.float32]]
    expected: NDArray[np.float32]


@dataclass(frozen=True)
class SimulatedMarket(SimulatedBank):
    """Linked tables of a stock market that does not exist.

    Attributes
    ----------
    frames, schema
        As for :class:`SimulatedBank`: ``market.tables()`` and ``market.write(folder)``.
    truth : MarketTruth
        What was planted. Never part of `frames`, never written by ``write``.
    days : datetime64[D] array, shape (T,)
    codes : tuple of str, N
    event_totals : dict of float64 arrays, shape (T, N)
        ``upgrades`` and ``surprises``: running totals of what the tables ``analysts`` and ``statements`` had said
        before each close (NaN where a stock is not listed or suspended): fields that planted formulas name. On the
        tables they are ``count(analysts, where=action == "upgrade")`` and ``sum(statements.surprise)`` at the closes
        (the latter but for a constant of each stock: what was announced long before its listing).
    """

    truth: MarketTruth
    days: Days
    codes: tuple[str, ...]
    event_totals: dict[str, Floats]

    def __repr__(self) -> str:
        return "SimulatedMarket" + super().__repr__().removeprefix("SimulatedBank")


def alpha_table(alphas: Sequence[tuple[Alpha, float]], prices: Prices) -> pl.DataFrame:
    """Measure what became of each planted alpha.

    Parameters
    ----------
    alphas : sequence of (Alpha, IC)
    prices : Prices

    Returns
    -------
    polars.DataFrame
        As :class:`MarketTruth` says.
    """
    paid = prices.close[LAG:] / prices.preclose[LAG:] - 1
    priced = prices.listed & ~prices.suspended
    dealt = priced[LAG:] & priced[LAG - 1 : -1]
    rows = []
    for (alpha, ic), score in zip(alphas, prices.scores, strict=True):
        daily, ranks = [], []
        for t in range(len(paid)):
            there = dealt[t] & (score[t] != 0)
            if there.sum() < 10:
                continue
            known = score[t].astype(np.float64)
            daily.append((standardised(known, there) * standardised(paid[t], there))[there].mean())
            x, y = (standardised(ranked(values, there), there) for values in (known, paid[t]))
            ranks.append((x * y)[there].mean())
        rows.append(
            {
                "formula": alpha.formula,
                "ic": ic,
                "realised_ic": float(np.mean(daily)) if daily else None,
                "realised_rank_ic": float(np.mean(ranks)) if ranks else None,
                "standard_error": float(np.std(daily, ddof=1) / np.sqrt(len(daily))) if len(daily) > 1 else None,
                "days": len(daily),
            }
        )
    columns = {
        "formula": pl.String,
        "ic": pl.Float64,
        "realised_ic": pl.Float64,
        "realised_rank_ic": pl.Float64,
        "standard_error": pl.Float64,
        "days": pl.Int64,
    }
    return pl.DataFrame(rows, schema=columns)
