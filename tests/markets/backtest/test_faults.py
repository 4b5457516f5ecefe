"""What a backtest refuses, in words; costs and studies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import MarketError
from tael.markets.backtest import FuturesCosts, FuturesRules, StockCosts, StockRules, TradeCosts, backtest
from tael.markets.bars import Bars


def bars_of(T: int = 60, N: int = 3, seed: int = 0, **more: Any) -> Bars:
    """A small market of 100 million shares a day."""
    rng = np.random.default_rng(seed)
    close = 10 * np.exp(np.cumsum(rng.normal(0.0005, 0.01, (T, N)), axis=0))
    days = np.datetime64("2024-01-01") + np.arange(T)
    given = {"volume": np.full((T, N), 1e6), "amount": close * 1e6} | more
    return Bars(days, tuple("abcdefgh"[:N]), close, close, close, close, **given)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: StockRules(delay=0), "bar t itself is over"),
        (lambda: StockRules(fill="last"), "open | vwap | close"),  # type: ignore[arg-type]
        (lambda: StockRules(participation=0.0), "above 0"),
        (lambda: StockRules(recovery=1.2), "at most 1"),
        (lambda: FuturesRules(maintenance=1.5), "at most 1"),
        (lambda: FuturesRules(unfilled="keep"), "carry | drop"),  # type: ignore[arg-type]
        (lambda: StockCosts(commission=-0.1), "at least 0"),
        (lambda: StockCosts(stamp_duty={"soon": 0.1}), "YYYY-MM-DD"),
        (lambda: backtest(bars_of(), np.zeros((2, 2))), "weights of shape (60, 3)"),
        (lambda: backtest(bars_of(), np.full((60, 3), np.inf)), "a at 2024-01-01"),
        (lambda: backtest(bars_of(), np.full((60, 3), -0.1)), "StockRules(short=True)"),
        (lambda: backtest(bars_of(), np.zeros((60, 3)), cash=0), "an amount above 0"),
        (lambda: backtest(bars_of(), np.zeros((60, 3)), rules=FuturesRules(), costs=StockCosts()), "different kinds"),
        (lambda: backtest(bars_of(volume=None, amount=None), np.zeros((60, 3))), "participation=None"),
        (lambda: backtest(bars_of(amount=None), np.zeros((60, 3)), rules=StockRules(fill="vwap")), "amount and volume"),
        (
            lambda: backtest(bars_of(volume=np.full((60, 3), 1e4)), np.zeros((60, 3)), rules=StockRules(fill="vwap")),
            "outside the day's low and high on 180 bars",
        ),
        (
            lambda: backtest(bars_of(), np.zeros((60, 3)), rules=FuturesRules(), costs=FuturesCosts(rate={"p": 0.1})),
            "a fee for each product",
        ),
        (lambda: backtest(bars_of(), np.zeros((60, 3))).exposure("sector"), "no group 'sector'"),
        (lambda: backtest(bars_of(), np.zeros((60, 3))).stress(-1), "at least 0"),
    ],
)
def test_a_fault_says_what_was_expected(make: Any, words: str) -> None:
    with pytest.raises(MarketError) as fault:
        make()
    assert words in str(fault.value)


def test_costs_of_an_exchange_change_by_date() -> None:
    from tael.markets.exchanges import cn_stocks

    days = np.array(["2023-08-25", "2023-08-28", "2023-08-29"], dtype="M8[D]")
    costs = StockCosts.from_fees(cn_stocks.fees(days), days, impact=0, half_spread_bp=0)
    assert costs.stamp_duty == {"2023-08-25": 0.001, "2023-08-28": 0.0005}
    assert costs.trade(-100_000, 10.0, "2023-08-25") == pytest.approx(TradeCosts(250.0, 1000.0, 10.0, 0.0, 0.0))
    assert costs.trade(100_000, 10.0, "2023-08-28").tax == 0.0


def test_twice_the_costs_cost_twice() -> None:
    bars = bars_of()
    aims = np.where(np.arange(60)[:, None] % 2 == np.arange(3) % 2, 0.3, 0.0)
    rules = StockRules(participation=None)
    done = backtest(bars, aims, rules=rules, costs=StockCosts(impact=0.0, minimum=1.0), cash=1e6)
    found = done.stress(2)
    assert found.annual_return[1] < found.annual_return[0]
    paid, twice = done.attribution().costs, found.stressed.attribution().costs
    assert twice / paid == pytest.approx(2 * found.stressed.equity.mean() / done.equity.mean(), rel=0.02)
    assert done.stress(0).stressed.attribution().costs == 0.0


def test_more_money_earns_less_and_fills_less() -> None:
    bars = bars_of(T=120)
    aims = np.where(np.arange(120)[:, None] % 6 < 3, 0.3, 0.0) * np.ones(3)
    done = backtest(bars, aims, costs=StockCosts(impact=1.0), cash=1e5)
    curve = done.capacity([1e5, 1e7, 1e9]).curve
    assert curve["annual_return"][0] > curve["annual_return"][1]
    assert curve["filled"].is_sorted(descending=True)
    assert curve["invested"][2] < 0.1 < curve["invested"][0]
    with pytest.raises(MarketError, match="Without impact"):
        backtest(bars, aims, costs=StockCosts(impact=0), rules=StockRules(participation=None)).capacity([1e5])


def test_exposure_by_group_adds_up() -> None:
    codes = np.tile(np.array([0, 1, -1], dtype=np.int32), (60, 1))
    bars = replace(bars_of(), groups={"sector": codes}, levels={"sector": ("bank", "mine")})
    done = backtest(bars, np.full((60, 3), 0.3), cash=1e6)
    by = done.exposure("sector")
    assert by["sector"].unique().sort().to_list() == ["bank", "mine", "none"]
    whole = by.group_by("time", maintain_order=True).agg(pl.col("net").sum())
    assert whole["net"].to_list() == pytest.approx(done.exposure()["net"].to_list())
    assert set(done.exposure("board").columns) == {"time", "board", "long", "short", "gross", "net"}
    assert "Backtest of shares, 60 bars" in repr(done)
