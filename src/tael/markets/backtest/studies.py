"""The same targets again under other conditions: costs multiplied, more and more cash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tael.errors import MarketError
from tael.markets.performance.returns import annual_return, periods_per_year, sharpe_ratio

if TYPE_CHECKING:
    import polars as pl

    from tael.markets.backtest.result import Backtest


@dataclass(frozen=True)
class Stress:
    """A backtest beside itself with all costs multiplied.

    Parameters
    ----------
    times : float
        The factor.
    base, stressed : Backtest
    annual_return, sharpe : tuple of float
        Of the base, and stressed.
    """

    times: float
    base: Backtest
    stressed: Backtest
    annual_return: tuple[float, float]
    sharpe: tuple[float, float]

    @property
    def survives(self) -> bool:
        """Whether something is left under stress."""
        return self.annual_return[1] > 0.0


def _again(done: Backtest, **changed: Any) -> Backtest:
    from tael.markets.backtest.run import backtest

    bars, targets, start = done.whole or (done.bars, done.targets, 0)
    given: dict[str, Any] = {"costs": done.costs, "rules": done.rules, "cash": done.cash_at_start, "start": start}
    return backtest(bars, targets, **(given | changed))


def stress(done: Backtest, times: float) -> Stress:
    """Trade the same targets with all costs multiplied."""
    if not (np.isfinite(times) and times >= 0):
        raise MarketError("Costs cannot be multiplied by that.", expected="a number of at least 0", got=repr(times))
    other = _again(done, costs=done.costs.times(times))
    periods = periods_per_year(done.times)
    both = (done, other)
    return Stress(
        float(times),
        done,
        other,
        (annual_return(done.returns, periods), annual_return(other.returns, periods)),
        (sharpe_ratio(done.returns, periods=periods), sharpe_ratio(both[1].returns, periods=periods)),
    )


@dataclass(frozen=True)
class Capacity:
    """How a strategy does with more money.

    Parameters
    ----------
    curve : polars.DataFrame
        cash, annual_return, sharpe, cost (all trading costs and slippage, a year, as a share of equity), invested (mean
        gross exposure), filled (share of the quantity ordered that was dealt; a carried order counts on each bar).
    """

    curve: pl.DataFrame

    def most(self, share: float = 0.5) -> float:
        """The largest cash tried that keeps at least `share` of the smallest one's annual return; NaN where none does.

        >>> import polars as pl
        >>> Capacity(pl.DataFrame({"cash": [1e7, 1e8], "annual_return": [0.2, 0.05]})).most()
        10000000.0
        """
        first = self.curve["annual_return"][0]
        kept = self.curve.filter(self.curve["annual_return"] >= share * first) if first > 0 else self.curve.head(0)
        return float(kept["cash"].max()) if len(kept) else float("nan")  # type: ignore[arg-type]


def capacity(done: Backtest, levels: Sequence[float]) -> Capacity:
    """Trade the same targets with each amount of cash.

    Raises
    ------
    MarketError
        Where nothing depends on the size of orders: neither impact nor a participation cap.
    """
    import polars as pl

    if done.rules.participation is None and done.costs.impact == 0:
        raise MarketError(
            "Without impact and participation cap any amount trades like any other.",
            expected="costs with impact above 0, or rules with a participation cap",
            fix="Pass them to backtest(), then ask for the capacity.",
        )
    periods = periods_per_year(done.times)
    rows = []
    for cash in sorted(float(level) for level in levels):
        one = _again(done, cash=cash)
        parts = one.attribution()
        mean = float(np.mean(np.maximum(one.equity, 0.0)))
        missed = one.unfilled
        wanted, got = float(missed["wanted"].abs().sum()), float(missed["filled"].abs().sum())
        dealt = float(one.trades["quantity"].sum())
        rows.append(
            {
                "cash": cash,
                "annual_return": annual_return(one.returns, periods),
                "sharpe": sharpe_ratio(one.returns, periods=periods),
                "cost": (parts.costs + parts.slippage) / mean * periods / len(one.times) if mean else float("nan"),
                "invested": float(np.nanmean(one.exposure()["gross"].to_numpy())),
                "filled": dealt / (dealt + wanted - got) if dealt + wanted > 0 else float("nan"),
            }
        )
    return Capacity(pl.DataFrame(rows))
