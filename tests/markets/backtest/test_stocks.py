"""The cash account against its plain oracle; its accounting; that nothing of the future is used."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.kernels.backtest_rules import CAUSES, DAILY, REASONS
from tael.markets.backtest import StockCosts, StockRules, backtest
from tael.markets.bars import Bars

seeds = st.integers(0, 2**32 - 1)


def rows(done: Any) -> tuple[list[Any], list[Any]]:
    """Trades and misses as the oracle writes them."""
    n, m = done.log.used
    ints, floats = done.log.trade_ints[:n], done.log.trade_floats[:n]
    trades = [
        (int(i[0]), int(i[1]), int(i[2]), f[0], f[1], f[2:].sum(), CAUSES[i[3]])
        for i, f in zip(ints, floats, strict=True)
    ]
    return trades, [(*map(int, r[:4]), REASONS[r[4]]) for r in done.log.misses[:m]]


@settings(max_examples=200)
@given(seed=seeds)
def test_the_account_is_the_oracles(stocks: ModuleType, worlds: ModuleType, seed: int) -> None:
    bars, targets, rules, costs, cash = worlds.stock_market(seed)
    done = backtest(bars, targets, rules=rules, costs=costs, cash=cash)
    account, equity, money, held = stocks.trade(bars, targets, rules, costs, cash)
    assert done.positions.tolist() == held
    assert done.cash == pytest.approx(np.array(money), rel=1e-9, abs=1e-6)
    assert done.equity == pytest.approx(np.array(equity), rel=1e-9, abs=1e-6)
    trades, misses = rows(done)
    assert misses == account.misses
    assert [(*t[:3], t[6]) for t in trades] == [(*t[:3], t[6]) for t in account.trades]
    for mine, plain in zip(trades, account.trades, strict=True):
        assert mine[3:6] == pytest.approx(plain[3:6], rel=1e-9, abs=1e-9)
    assert done.ruined == account.ruined


@settings(max_examples=60)
@given(seed=seeds)
def test_every_cent_is_accounted_for(worlds: ModuleType, seed: int) -> None:
    bars, targets, rules, costs, cash = worlds.stock_market(seed)
    done = backtest(bars, targets, rules=rules, costs=costs, cash=cash)
    day = dict(zip(DAILY, done.account.T, strict=True))
    change = np.diff(np.concatenate(([cash], done.equity)))
    paid = sum(day[name] for name in ("commission", "tax", "transfer", "spread", "impact", "borrow", "delisting"))
    assert change == pytest.approx(day["gross"] - paid + day["interest"], rel=1e-9, abs=1e-6)
    parts = done.attribution()
    whole = parts.gross - parts.costs - parts.delisting + parts.interest - parts.borrow
    assert parts.net == pytest.approx(whole, rel=1e-9, abs=1e-5)
    assert done.equity - done.cash == pytest.approx(done.values.sum(axis=1), rel=1e-9, abs=1e-6)
    gained = float(parts.by_entity["gross"].sum()) + parts.delisting
    assert gained == pytest.approx(parts.gross, rel=1e-9, abs=1e-5)


@settings(max_examples=60)
@given(seed=seeds, data=st.data())
def test_the_future_changes_nothing(worlds: ModuleType, seed: int, data: st.DataObject) -> None:
    bars, targets, rules, costs, cash = worlds.stock_market(seed)
    t = data.draw(st.integers(0, len(bars) - 1))
    rng = np.random.default_rng(seed + 1)
    later = np.arange(len(bars))[:, None] > t
    spoilt: dict[str, Any] = {}
    for name in ("open", "high", "low", "close", "volume", "amount"):
        spoilt[name] = np.where(later, np.round(rng.uniform(1, 90, bars.shape)), getattr(bars, name))
    spoilt["amount"] = np.where(later, spoilt["volume"] * 50.0, bars.amount)
    spoilt["high"] = np.where(later, 99.0, bars.high)
    spoilt["low"] = np.where(later, 0.5, bars.low)
    spoilt["listed"] = np.where(later, rng.random(bars.shape) < 0.5, bars.listed)
    spoilt["adjust"] = np.where(later, 3.0, bars.adjust)
    other = replace(bars, **spoilt)
    aims = np.where(later, rng.uniform(0, 0.2, bars.shape), targets)
    a = backtest(bars, targets, rules=rules, costs=costs, cash=cash)
    b = backtest(other, aims, rules=rules, costs=costs, cash=cash)
    assert a.account[: t + 1].tobytes() == b.account[: t + 1].tobytes()
    assert a.positions[: t + 1].tobytes() == b.positions[: t + 1].tobytes()
    cut = backtest(bars.window(0, t + 1), targets[: t + 1], rules=rules, costs=costs, cash=cash)
    assert a.account[: t + 1].tobytes() == cut.account.tobytes()
    early = pl.col("time") <= bars.times[t]
    assert a.trades.filter(early).equals(b.trades.filter(early))
    assert a.unfilled.filter(early).equals(cut.unfilled)


FREE = StockCosts(commission=0, half_spread_bp=0, impact=0)
PLAIN = StockRules(participation=None)


def market(open_: Any, close: Any = None, **more: Any) -> Bars:
    """Bars of one stock in lots of 100."""
    o = np.asarray(open_, dtype=float).reshape(-1, 1)
    c = o if close is None else np.asarray(close, dtype=float).reshape(-1, 1)
    days = np.datetime64("2024-01-01") + np.arange(len(o))
    grids = {k: np.asarray(v).reshape(-1, 1) if np.ndim(v) == 1 and len(v) == len(o) else v for k, v in more.items()}
    given_ = {"lot": np.array([100]), "min_lot": np.array([100]), "tick": np.array([0.01])} | grids
    return Bars(days, ("s",), o, np.fmax(o, c), np.fmin(o, c), c, **given_)


def test_a_decision_is_dealt_at_the_next_open() -> None:
    done = backtest(market([10, 12, 10], [10, 11, 10]), np.full((3, 1), 0.6), costs=FREE, rules=PLAIN, cash=10_000)
    # Sized at 10, dealt at 12: 600 shares; then 11 -> 0.6 * 9,400 / 11 = 512 wanted, 600 held, less than a lot over.
    assert done.positions[:, 0].tolist() == [0, 600, 600]
    assert done.equity.tolist() == [10_000.0, 9_400.0, 8_800.0]
    assert done.trades.select("side", "quantity", "price", "decision", "slippage").row(0) == ("buy", 600, 12, 10, 1200)
    assert done.attribution().slippage == 1200


def test_limits_are_tested_at_the_price_dealt_at() -> None:
    up = {"limit_up": [11.0, 11.0, 12.1], "limit_down": [9.0, 9.0, 9.9]}
    opens, closes = [10.0, 11.0, 11.5], [10.0, 10.5, 12.1]
    aim = np.full((3, 1), 0.5)
    at_open = backtest(market(opens, closes, **up), aim, costs=FREE, rules=PLAIN, cash=10_000)
    assert at_open.positions[:, 0].tolist() == [0, 0, 400]  # the open stood at the limit, although the close did not
    assert at_open.unfilled.row(0)[2:] == (500, 0, "limit_up")
    close = backtest(market(opens, closes, **up), aim, costs=FREE, rules=replace(PLAIN, fill="close"), cash=10_000)
    assert close.positions[:, 0].tolist() == [0, 500, 500]  # dealt at 10.5; the next close stands at the limit


def test_what_was_not_filled_is_carried_or_dropped() -> None:
    bars = market([10.0] * 4, suspended=[False, True, False, False])
    once = np.array([[0.5], [np.nan], [np.nan], [np.nan]])
    carried = backtest(bars, once, costs=FREE, rules=PLAIN, cash=10_000)
    assert carried.positions[:, 0].tolist() == [0, 0, 500, 500]
    dropped = backtest(bars, once, costs=FREE, rules=replace(PLAIN, unfilled="drop"), cash=10_000)
    assert dropped.positions[:, 0].tolist() == [0, 0, 0, 0]
    assert dropped.unfilled["reason"].to_list() == ["suspended"]


def test_a_dividend_in_shares_changes_no_value_and_its_fraction_is_paid() -> None:
    bars = market([10, 10, 8, 8], adjust=[1.0, 1.0, 1.25, 1.25])
    once = np.array([[0.999], [np.nan], [np.nan], [0.0]])
    done = backtest(bars, once, costs=FREE, rules=PLAIN, cash=3_000)
    assert done.positions[:, 0].tolist() == [0, 200, 250, 250]
    assert done.equity.tolist() == [3_000.0] * 4
    odd = backtest(market([10, 10, 10 / 1.013], adjust=[1, 1, 1.013]), once[:3], costs=FREE, rules=PLAIN, cash=3_000)
    assert odd.positions[-1, 0] == 202
    assert odd.equity[-1] == pytest.approx(3_000)


def test_odd_lots_go_whole_and_t_plus_1_holds_within_the_day() -> None:
    days = np.array(["2024-01-02T10", "2024-01-02T11", "2024-01-02T14", "2024-01-03T10"], dtype="M8[us]")
    bars = replace(market([10.0] * 4), times=days)
    aims = np.array([[0.5], [0.0], [0.0], [0.0]])
    done = backtest(bars, aims, costs=FREE, rules=PLAIN, cash=10_000)
    assert done.positions[:, 0].tolist() == [0, 500, 500, 0]
    assert done.unfilled["reason"].to_list() == ["t_plus_1"]
    same_day = backtest(bars, aims, costs=FREE, rules=replace(PLAIN, t_plus_1=False), cash=10_000)
    assert same_day.positions[:, 0].tolist() == [0, 500, 0, 0]


def test_a_delisting_is_written_off() -> None:
    nan = np.nan
    bars = market([10, 10, nan], listed=[True, True, False], suspended=[False] * 3)
    done = backtest(bars, np.array([[0.5], [nan], [nan]]), costs=FREE, rules=PLAIN, cash=10_000)
    assert done.equity[-1] == 10_000 - 0.3 * 5_000
    assert done.attribution().delisting == pytest.approx(1_500)
    assert done.trades["cause"].to_list() == ["rebalance", "delisting"]


def test_cash_caps_the_buys_pro_rata() -> None:
    one = np.full((2, 2), 10.0)
    bars = Bars(np.array(["2024-01-01", "2024-01-02"], dtype="M8[D]"), ("a", "b"), one, one, one, one)
    done = backtest(bars, np.array([[1.2, 0.8], [0, 0]]), costs=FREE, rules=PLAIN, cash=1_000)
    assert done.positions[-1].tolist() == [60, 40]
    assert set(done.unfilled["reason"]) == {"cash"}


def test_costs_are_those_of_one_trade_and_duty_goes_by_date() -> None:
    bars = market([10.0] * 3)
    costs = StockCosts(commission=0.001, minimum=5, stamp_duty={"2024-01-03": 0.0005}, half_spread_bp=10, impact=0)
    done = backtest(bars, np.array([[0.5], [0.0], [0.0]]), costs=costs, rules=PLAIN, cash=10_000)
    buy, sell = done.trades.select("commission", "tax", "spread").rows()
    assert buy == pytest.approx((5.0, 0.0, 5.0))
    assert sell == pytest.approx((5.0, 2.5, 5.0))
    one = costs.trade(-500, 10.0, "2024-01-03")
    assert sell == pytest.approx((one.commission, one.tax, one.spread))


def test_shorts_pay_and_ruin_ends_the_account() -> None:
    bars = market([10, 10, 40, 40, 40])
    rules = replace(PLAIN, short=True, borrow_rate=0.365)
    done = backtest(bars, np.full((5, 1), -0.5), costs=FREE, rules=rules, cash=10_000)
    assert done.positions[:, 0].tolist()[:2] == [0, -500]
    assert done.account[2, DAILY.index("borrow")] == pytest.approx(5_000 * 0.001)
    assert done.ruined == 2
    assert done.returns[2] == -1.0
    assert (done.positions[3:] == 0).all() or done.unfilled["reason"].to_list()[-1] == "cash"


def test_the_log_grows_with_the_trades() -> None:
    one = np.full((40, 300), 10.0)
    bars = Bars(np.datetime64("2024-01-01") + np.arange(40), tuple(map(str, range(300))), one, one, one, one)
    aims = np.where(np.arange(40)[:, None] % 2 == 0, 1 / 300, 0.0) * np.ones(300)
    done = backtest(bars, aims, costs=FREE, rules=PLAIN, cash=300_000)
    assert len(done.trades) == 39 * 300
    assert done.trades["entity"].to_list() == list(map(str, range(300))) * 39
    assert done.trades["quantity"].unique().to_list() == [100]
    assert done.equity.tolist() == [300_000.0] * 40


def test_no_order_no_trade() -> None:
    done = backtest(market([10.0, 11.0]), np.full((2, 1), np.nan), costs=FREE, rules=PLAIN, cash=10_000)
    assert len(done.trades) == len(done.unfilled) == 0
    assert done.trades.schema["entity"] == pl.String
    assert done.equity.tolist() == [10_000.0] * 2
    assert done.exposure()["gross"].to_list() == [0.0, 0.0]
    assert done.attribution().net == 0.0
