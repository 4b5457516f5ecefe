"""What a backtest leaves: equity, cash, positions, every trade, every order that was not filled and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.kernels.backtest_rules import DAILY
from tael.markets.backtest import accounts
from tael.markets.backtest.costs import Costs
from tael.markets.backtest.rules import FuturesRules, Rules
from tael.markets.bars import Bars

if TYPE_CHECKING:
    import polars as pl

    from tael.markets.backtest.accounts import Attribution
    from tael.markets.backtest.studies import Capacity, Stress

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Backtest:
    """The history of an account, T bars of N entities.

    Parameters
    ----------
    bars : Bars
    targets : ndarray of shape (T, N)
        Weights that were asked for.
    rules, costs
        As traded.
    cash_at_start : float
    account : ndarray of shape (T, 14)
        One row a bar, columns as in `tael.kernels.backtest_rules.DAILY`; `daily` is the same as a frame.
    positions : ndarray of int64, shape (T, N)
        Shares or signed contracts held after each bar.
    log
        Trades and misses as the kernel wrote them.
    profit : ndarray of shape (N,)
        What each entity earned before costs, in currency.
    ruined : int
        Row of the bar after which equity was no longer positive; -1: never. What follows is the winding up.
    whole : (Bars, ndarray, int), optional
        Bars and targets with the history before the account, and its first bar.
    """

    bars: Bars
    targets: Floats = field(repr=False)
    rules: Rules
    costs: Costs
    cash_at_start: float
    account: Floats = field(repr=False)
    positions: NDArray[np.int64] = field(repr=False)
    log: Any = field(repr=False)
    profit: Floats = field(repr=False)
    ruined: int = -1
    whole: tuple[Bars, Floats, int] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        end = self.equity[-1] / self.cash_at_start - 1.0
        kind = "futures" if self.is_futures else "shares"
        return f"<Backtest of {kind}, {len(self.bars)} bars, {end:+.1%}, {self.log.used[0]} trades>"

    @property
    def is_futures(self) -> bool:
        """Whether the account trades contracts on margin."""
        return isinstance(self.rules, FuturesRules)

    @property
    def times(self) -> NDArray[np.datetime64]:
        """(T,)."""
        return self.bars.times

    @property
    def equity(self) -> Floats:
        """Currency at the close of each bar, (T,)."""
        return self.account[:, DAILY.index("equity")]

    @property
    def cash(self) -> Floats:
        """Currency at the close of each bar, (T,); for futures the balance, which is all of the equity."""
        return self.account[:, DAILY.index("cash")]

    @cached_property
    def returns(self) -> Floats:
        """Return of each bar on the equity before it, (T,). After ruin it is 0."""
        before = np.concatenate(([self.cash_at_start], self.equity[:-1]))
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(before > 0, self.equity / before - 1.0, 0.0)
        return np.maximum(found, -1.0)

    @cached_property
    def daily(self) -> pl.DataFrame:
        """One row a bar: time, equity, cash, and what flowed during it (gross gains, each cost, bought and sold)."""
        return accounts.daily(self)

    @cached_property
    def trades(self) -> pl.DataFrame:
        """One row a trade: time, entity, side, quantity, price, decision (the price known when it was sized), its
        costs, slippage against the decision price (cost is positive), and what it was for."""
        return accounts.trades(self)

    @cached_property
    def unfilled(self) -> pl.DataFrame:
        """One row for each order and bar that was not filled in full: wanted, filled (signed), and the reason."""
        return accounts.unfilled(self)

    @cached_property
    def values(self) -> Floats:
        """Signed value of each position at its last known price, in currency (futures: notional), (T, N)."""
        return accounts.values(self)

    def exposure(self, by: str | None = None) -> pl.DataFrame:
        """Long, short, gross and net value as shares of equity, one row a bar.

        Parameters
        ----------
        by : str, optional
            Name of one of the bars' groups, or "board" or "product": then one row a bar and group.
        """
        return accounts.exposure(self, by)

    @cached_property
    def turnover(self) -> Floats:
        """Bought and sold, halved, as a share of the equity before, (T,): 1 is everything once round."""
        before = np.concatenate(([self.cash_at_start], self.equity[:-1]))
        dealt = self.account[:, DAILY.index("bought")] + self.account[:, DAILY.index("sold")]
        return np.divide(0.5 * dealt, before, out=np.zeros(len(dealt)), where=before > 0)

    def attribution(self) -> Attribution:
        """Where the gain came from and what it cost: from decision prices to the last cent of fee."""
        return accounts.attribution(self)

    def stress(self, times: float = 2.0) -> Stress:
        """The same targets with all costs multiplied."""
        from tael.markets.backtest.studies import stress

        return stress(self, times)

    def capacity(self, levels: Sequence[float] = (1e7, 1e8, 1e9)) -> Capacity:
        """The same targets with other amounts of cash at the start."""
        from tael.markets.backtest.studies import capacity

        return capacity(self, levels)
