"""Momentum and carry on real futures: sign and rough size as in the literature, filled a bar late and after costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tael.markets import Bars
from tael.markets.backtest import FuturesCosts, FuturesRules, backtest
from tael.markets.futures import Roll, continuous, contract_bars, roll, targets_on_contracts
from tael.markets.performance import sharpe_ratio
from tael.panels import Panel, compute

Floats = NDArray[np.float64]
RISK = 0.4 / np.sqrt(252)
"""Volatility of each position, a bar: 40 % a year (Moskowitz, Ooi and Pedersen 2012, equation 5)."""


@pytest.fixture(scope="module")
def contracts(data_dir: Path) -> tuple[Bars, Roll, Panel]:
    """Shanghai's metals 2009-2010 and Dalian's products 2014-2016, rolled by open interest."""
    bars = contract_bars(
        pl.read_parquet(data_dir / "market/futures/contracts_daily.parquet"), halve_before="2020-01-01"
    )
    rolled = roll(bars, "open_interest")
    return bars, rolled, continuous(bars, rolled)


def weights(signal: Floats, volatility: Floats, live: NDArray[np.bool_]) -> Floats:
    """The sign of a signal at equal risk, a part for each product that has one."""
    there = live & np.isfinite(signal) & (volatility > 0)
    size = np.divide(RISK, volatility, out=np.zeros_like(volatility), where=there)
    return np.where(there, np.sign(signal) * np.minimum(size, 4.0), 0.0) / np.maximum(
        there.sum(axis=1, keepdims=True), 1
    )


def test_momentum_of_the_past_year_pays_on_continuous_series(data_dir: Path) -> None:
    """Net Sharpe ratio of .5 to 1 in 2010-2014; the series are not adjusted for rolls, whose pay is not in it."""
    raw = pl.read_parquet(data_dir / "market/futures/continuous_daily_2000_2014.parquet")
    raw = raw.with_columns(pl.col("date").str.to_date(), pl.col("close").cast(pl.Float64))
    panel = Panel.from_frame(raw, time="date", entity="symbol", fields=["close"])
    formulas = [
        "close / delay(close, 1) - 1",
        "close / delay(close, 250) - 1",
        "ts_std(close / delay(close, 1) - 1, 60)",
    ]
    returns, past, volatility = compute(panel, formulas)
    decided = weights(past, volatility, panel.listed)
    held = np.zeros_like(decided)
    held[2:] = decided[:-2]  # decided after bar t, dealt at the close of t + 1, paid from then on
    costs = np.abs(np.diff(held, axis=0, prepend=0.0)).sum(axis=1) * 2e-4
    net = np.nansum(held * np.nan_to_num(returns), axis=1) - costs
    late = panel.times >= np.datetime64("2010-01-01")
    assert 0.5 < sharpe_ratio(net[late]) < 1.0
    assert sharpe_ratio(-net[late] - 2 * costs[late]) < 0  # the contrary loses


def traded(contracts: tuple[Bars, Roll, Panel], formula: str, rate: float) -> tuple[Floats, Floats]:
    """Returns of an account on dated contracts, and of the same weights on the continuous series; weekly."""
    bars, rolled, panel = contracts
    signal, volatility = compute(panel, [formula, "ts_std(returns, 60)"])
    start = 245
    decided = np.full_like(signal, np.nan)
    decided[start::5] = weights(signal, volatility, panel.listed)[start::5]
    done = backtest(
        bars, targets_on_contracts(decided, rolled), costs=FuturesCosts(rate=rate), rules=FuturesRules(fill="close"),
        cash=1e10, start=start,
    )  # fmt: skip
    held = np.zeros_like(decided)
    last = np.zeros(decided.shape[1])
    for t in range(2, len(decided)):
        last = decided[t - 2] if np.isfinite(decided[t - 2]).all() else last
        held[t] = last
    paper = np.nansum(held * np.nan_to_num(panel.fields["returns"]), axis=1)[start:]
    return done.returns, paper


def test_carry_pays_on_dated_contracts(contracts: tuple[Bars, Roll, Panel]) -> None:
    """Koijen, Moskowitz, Pedersen and Vrugt (2018): .5 to .6 in commodities; three years lie within an error of it."""
    net, _ = traded(contracts, "ts_mean(carry, 20)", 2e-4)
    assert 0.1 < sharpe_ratio(net) < 1.3


def test_three_years_cannot_tell_momentum_from_nothing(contracts: tuple[Bars, Roll, Panel]) -> None:
    """With an error of .6 in the Sharpe ratio, three years on dated contracts neither show nor refute momentum."""
    net, _ = traded(contracts, "close / delay(close, 240) - 1", 2e-4)
    assert abs(sharpe_ratio(net) - 0.7) < 2 * 0.6


def test_an_account_on_contracts_earns_what_the_continuous_series_says(contracts: tuple[Bars, Roll, Panel]) -> None:
    """Two ways to the same money, week by week, but for drift, settlement and days without a deal."""
    net, paper = traded(contracts, "ts_mean(carry, 20)", 0.0)
    weeks = len(net) // 5 * 5
    one, two = (line[:weeks].reshape(-1, 5).sum(axis=1) for line in (net, paper))
    assert np.corrcoef(one, two)[0, 1] > 0.9
    assert abs(sharpe_ratio(net) - sharpe_ratio(paper)) < 0.25
