"""An account that begins later: the bars before it are history alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tael.errors import MarketError
from tael.markets.backtest import StockCosts, StockRules, backtest
from tael.markets.bars import Bars

T, N, START = 60, 6, 25


def market(seed: int = 0) -> tuple[Bars, Any]:
    rng = np.random.default_rng(seed)
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, (T, N)), axis=0))
    days = np.arange("2024-01-01", "2024-03-01", dtype="M8[D]")[:T]
    volume = rng.integers(10_000, 50_000, (T, N)).astype(float)
    bars = Bars(days, tuple("ABCDEF"), close, close * 1.01, close * 0.99, close, volume=volume, amount=volume * close)
    return bars, rng.dirichlet(np.ones(N), T) * 0.9


@pytest.mark.parametrize("rate", [0.0, 0.03])
def test_it_is_the_account_with_no_decision_before(rate: float) -> None:
    bars, targets = market()
    rules = StockRules(cash_rate=rate)
    late = backtest(bars, targets, rules=rules, cash=1e6, start=START)
    assert np.isfinite(targets).all()
    assert len(late.equity) == T - START
    assert late.times[0] == bars.times[START]
    assert late.equity[0] == pytest.approx(1e6, rel=1e-3)
    silent = targets.copy()
    silent[:START] = np.nan
    whole = backtest(bars, silent, rules=rules, cash=1e6)
    if rate == 0:
        np.testing.assert_array_equal(late.equity, whole.equity[START:])
        np.testing.assert_array_equal(late.positions, whole.positions[START:])
        assert late.trades.equals(whole.trades)
        assert late.unfilled.equals(whole.unfilled)


def test_trailing_volumes_know_the_history() -> None:
    bars, targets = market()
    costs = StockCosts(impact=1.0)
    knowing = backtest(bars, targets, costs=costs, cash=1e7, start=START)
    blind = backtest(bars.window(START, None), targets[START:], costs=costs, cash=1e7)
    assert knowing.trades.height != blind.trades.height or not knowing.trades.equals(blind.trades)


def test_studies_trade_the_same_account() -> None:
    bars, targets = market()
    done = backtest(bars, targets, cash=1e6, start=START)
    np.testing.assert_array_equal(done.stress(1.0).stressed.equity, done.equity)


@pytest.mark.parametrize("start", [-1, T])
def test_it_begins_within_the_bars(start: int) -> None:
    bars, targets = market()
    with pytest.raises(MarketError, match="begins outside the bars"):
        backtest(bars, targets, start=start)
