"""Live (or paper) against the backtest of the same days: returns, positions, tracking error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.performance import MeanTest, mean_test

if TYPE_CHECKING:
    from tael.markets.backtest import Backtest
    from tael.markets.broker.paper import PaperBroker

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Track:
    """What an account did: a return and weights for each day.

    Attributes
    ----------
    days : tuple of date
        Rising.
    returns : ndarray of shape (T,)
        Of each day on the equity before it.
    weights : tuple of dict
        Value by equity of each position at the close of each day.
    """

    days: tuple[date, ...]
    returns: Floats
    weights: tuple[dict[str, float], ...]

    def __post_init__(self) -> None:
        if not len(self.days) == len(self.returns) == len(self.weights):
            raise MarketError(
                "A track has one return and one set of weights for each day.",
                got=f"{len(self.days)} days, {len(self.returns)} returns, {len(self.weights)} sets of weights",
            )
        if list(self.days) != sorted(set(self.days)):
            raise MarketError("The days of a track rise.")

    @classmethod
    def of_broker(cls, broker: PaperBroker) -> Track:
        """The days that a paper broker has closed."""
        equity = [float(broker.opening)]
        days, weights = [], []
        for day, value in broker.equity():
            equity.append(float(value))
            days.append(day)
            weights.append({name: float(worth) / float(value) for name, worth in broker.values(day).items() if worth})
        return cls(tuple(days), np.diff(equity) / np.array(equity[:-1]), tuple(weights))

    @classmethod
    def of_backtest(cls, backtest: Backtest) -> Track:
        """The bars of a backtest, one a day.

        Raises
        ------
        MarketError
            If there are several bars on a day.
        """
        days = tuple(backtest.times.astype("M8[D]").tolist())
        if len(set(days)) < len(days):
            raise MarketError("The backtest has several bars a day: compare day by day.", got=f"{len(days)} bars")
        shares = backtest.values / backtest.equity[:, None]
        names = backtest.bars.entities
        weights = tuple({names[e]: float(row[e]) for e in np.flatnonzero(row)} for row in shares)
        return cls(days, np.asarray(backtest.returns), weights)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two tracks side by side over the days of the live one.

    Attributes
    ----------
    daily : polars.DataFrame
        One row a day: ``day, live, backtest, difference`` (returns), ``apart`` (half the sum of the absolute
        differences of weights: 0 is the same book, 1 a wholly different one; Cremers and Petajisto 2009 call it active
        share), ``missing`` and ``extra`` (held in the backtest only, live only).
    periods : float
        Days in a year.
    """

    daily: pl.DataFrame
    periods: float = 252.0

    @cached_property
    def tracking_error(self) -> float:
        """Standard deviation of the daily differences, a year."""
        return float(np.std(self._difference, ddof=1) * np.sqrt(self.periods))

    @cached_property
    def shortfall(self) -> MeanTest:
        """Mean daily difference, live less backtest, with its Newey-West error."""
        return mean_test(self._difference)

    @cached_property
    def correlation(self) -> float:
        """Of the daily returns; NaN if one of them does not move."""
        live, backtest = (self.daily[name].to_numpy() for name in ("live", "backtest"))
        if live.std() == 0 or backtest.std() == 0:
            return float("nan")
        return float(np.corrcoef(live, backtest)[0, 1])

    @property
    def _difference(self) -> Floats:
        return self.daily["difference"].to_numpy()

    def to_dict(self) -> dict[str, Any]:
        """The figures, as plain data."""
        worst = self.daily.row(int(np.argmin(self._difference)), named=True)
        return {
            "days": self.daily.height,
            "tracking_error": self.tracking_error,
            "difference_a_year": self.shortfall.mean * self.periods,
            "difference_t": self.shortfall.t,
            "correlation": self.correlation,
            "apart": float(self.daily["apart"].to_numpy().mean()),
            "worst_day": worst["day"].isoformat(),
            "worst_difference": worst["difference"],
        }


def compare(live: Track, backtest: Track, *, periods: float = 252.0) -> Comparison:
    """Compare a live account with the backtest of the same signal over the same days.

    Parameters
    ----------
    live : Track
    backtest : Track
        Holds all days of the live one; others are left out.
    periods : float
        Days in a year.

    Returns
    -------
    Comparison

    Raises
    ------
    MarketError
        If there are fewer than two days, or the backtest lacks some.

    Examples
    --------
    >>> days = (date(2024, 1, 2), date(2024, 1, 3))
    >>> live = Track(days, np.array([0.01, 0.0]), ({"A": 0.5}, {"A": 0.5}))
    >>> found = compare(live, Track(days, np.array([0.01, 0.01]), ({"A": 0.5}, {"B": 0.5})))
    >>> found.daily["difference"].to_list(), found.daily["apart"].to_list()
    ([0.0, -0.01], [0.0, 0.5])
    """
    place = {day: t for t, day in enumerate(backtest.days)}
    absent = [day for day in live.days if day not in place]
    if absent:
        raise MarketError(
            f"The backtest lacks {len(absent)} of {len(live.days)} live days.",
            got=", ".join(map(str, absent[:5])),
            fix="Run the backtest over the live days, with the data as they are.",
        )
    if len(live.days) < 2:
        raise MarketError("Two accounts are compared over days.", expected="at least 2", got=str(len(live.days)))
    rows = []
    for t, day in enumerate(live.days):
        u = place[day]
        here, there = live.weights[t], backtest.weights[u]
        names = here.keys() | there.keys()
        one, two = float(live.returns[t]), float(backtest.returns[u])
        rows.append(
            {
                "day": day,
                "live": one,
                "backtest": two,
                "difference": one - two,
                "apart": 0.5 * sum(abs(here.get(name, 0.0) - there.get(name, 0.0)) for name in sorted(names)),
                "missing": len(there.keys() - here.keys()),
                "extra": len(here.keys() - there.keys()),
            }
        )
    return Comparison(pl.DataFrame(rows), periods)
