"""The backtest: bars and targets in, an account's whole history out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.backtest.costs import Costs, FuturesCosts, StockCosts
from tael.markets.backtest.inputs import checked_targets, fitting, futures_inputs, stock_inputs
from tael.markets.backtest.result import Backtest
from tael.markets.backtest.rules import FuturesRules, Rules
from tael.markets.bars import Bars

Floats = NDArray[np.float64]


def backtest(
    bars: Bars,
    targets: Any,
    *,
    costs: Costs | None = None,
    rules: Rules | None = None,
    cash: float = 1e7,
    start: int = 0,
) -> Backtest:
    """Trade weights through bars, by an account's rules.

    Row t of the targets is what was decided after bar t had closed; it is dealt at bar t + ``rules.delay``. Orders are
    sized with equity and prices as of the close before the fill. Whether they fill is decided from what is known at
    the time of the fill; what is not filled is logged with its reason. The order of events within a bar is told in
    `tael.kernels.backtest` (shares) and `tael.kernels.backtest_futures` (contracts).

    Parameters
    ----------
    bars : Bars
        T bars of N entities, in real prices.
    targets : array of shape (T, N)
        Weights of equity (for futures: signed weights of notional). A row without a number is no decision: what is
        held stays, and open orders stay open. Within a row a missing weight is no decision on that entity; 0 sells it.
    costs : StockCosts or FuturesCosts, optional
    rules : StockRules or FuturesRules, optional
        The kind of account. By default that of futures if the bars have expiries, multipliers or margins.
    cash : float
        At the start.
    start : int
        The first bar of the account. Bars before it are history alone: trailing volumes and volatilities know them, no
        decision is taken on them, and the result does not hold them.

    Returns
    -------
    Backtest

    Raises
    ------
    MarketError
        Targets that do not fit, costs and rules of different kinds, bars that lack what a rule needs.

    Examples
    --------
    >>> days = np.array(["2024-01-02", "2024-01-03", "2024-01-04"], dtype="M8[D]")
    >>> price = np.array([[10.0], [10.0], [11.0]])
    >>> bars = Bars(days, ("600000",), price, price, price, price, lot=np.array([100]), min_lot=np.array([100]))
    >>> from tael.markets.backtest import StockCosts, StockRules
    >>> free = StockCosts(commission=0, half_spread_bp=0, impact=0)
    >>> done = backtest(bars, np.full((3, 1), 0.5), costs=free, rules=StockRules(participation=None), cash=10_000)
    >>> done.positions[:, 0], done.equity
    (array([  0, 500, 500]), array([10000., 10000., 10500.]))
    """
    rules, costs = fitting(bars, rules, costs)
    if not (np.isfinite(cash) and cash > 0):
        raise MarketError("A backtest starts with cash.", expected="an amount above 0", got=repr(cash))
    short = isinstance(rules, FuturesRules) or rules.short
    weights = checked_targets(targets, bars, short=short)
    if not 0 <= start < len(bars):
        raise MarketError("The account begins outside the bars.", expected=f"0 to {len(bars) - 1}", got=str(start))
    if start:
        weights = weights.copy()
        weights[:start] = np.nan
    done = _run(bars, weights, rules, costs, float(cash))
    if start == 0:
        return done
    grown = float(done.equity[start - 1])
    if grown != cash:  # interest on what lay idle before the account began
        done = _run(bars, weights, rules, costs, float(cash) * float(cash) / grown)
    return _from(done, start, float(cash))


def _run(bars: Bars, weights: Floats, rules: Rules, costs: Costs, cash: float) -> Backtest:
    daily = np.zeros((len(bars), 14))
    positions = np.empty(bars.shape, dtype=np.int64)
    if isinstance(rules, FuturesRules):
        from tael.kernels.backtest_futures import run_futures

        assert isinstance(costs, FuturesCosts)
        inputs = futures_inputs(bars, rules, costs)
        log, profit, ruined = run_futures(*inputs, weights, cash, daily, positions)
    else:
        from tael.kernels.backtest import run_stocks

        assert isinstance(costs, StockCosts)
        log, profit, ruined = run_stocks(*stock_inputs(bars, rules, costs), weights, cash, daily, positions)
    return Backtest(bars, weights, rules, costs, cash, daily, positions, log, profit, int(ruined))


def _from(done: Backtest, start: int, cash: float) -> Backtest:
    """The account without the bars that were history alone."""
    log = done.log._replace(trade_ints=done.log.trade_ints.copy(), misses=done.log.misses.copy())
    log.trade_ints[:, 0] -= start
    log.misses[:, 0] -= start
    return Backtest(
        done.bars.window(start, None), done.targets[start:], done.rules, done.costs, cash, done.account[start:],
        done.positions[start:], log, done.profit, done.ruined - start if done.ruined >= 0 else -1,
        (done.bars, done.targets, start),
    )  # fmt: skip
