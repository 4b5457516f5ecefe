"""The margin account against its plain oracle; settlement, calls, expiry, rolls; nothing of the future is used."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.kernels.backtest_rules import CAUSES, DAILY, REASONS
from tael.markets.backtest import FuturesCosts, FuturesRules, backtest
from tael.markets.bars import Bars

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=200)
@given(seed=seeds)
def test_the_account_is_the_oracles(futures: ModuleType, worlds: ModuleType, seed: int) -> None:
    bars, targets, rules, costs, cash = worlds.futures_market(seed)
    done = backtest(bars, targets, rules=rules, costs=costs, cash=cash)
    account, balance, held, bound = futures.trade(bars, targets, rules, costs, cash)
    n, m = done.log.used
    ints, floats = done.log.trade_ints[:n], done.log.trade_floats[:n]
    assert [(*map(int, r[:4]), REASONS[r[4]]) for r in done.log.misses[:m]] == account.misses
    assert [(*map(int, i[:3]), CAUSES[i[3]]) for i in ints] == [(*t[:3], t[6]) for t in account.trades]
    for f, plain in zip(floats, account.trades, strict=True):
        assert (f[0], f[1], f[2:].sum()) == pytest.approx(plain[3:6], rel=1e-9, abs=1e-9)
    assert done.positions.tolist() == held
    assert done.equity == pytest.approx(np.array(balance), rel=1e-9, abs=1e-6)
    assert done.account[:, DAILY.index("margin")] == pytest.approx(np.array(bound), rel=1e-9, abs=1e-6)
    assert done.ruined == account.ruined


@settings(max_examples=60)
@given(seed=seeds)
def test_every_cent_is_accounted_for(worlds: ModuleType, seed: int) -> None:
    bars, targets, rules, costs, cash = worlds.futures_market(seed)
    done = backtest(bars, targets, rules=rules, costs=costs, cash=cash)
    day = dict(zip(DAILY, done.account.T, strict=True))
    change = np.diff(np.concatenate(([cash], done.equity)))
    paid = day["commission"] + day["spread"] + day["impact"]
    assert change == pytest.approx(day["gross"] - paid + day["interest"], rel=1e-9, abs=1e-6)
    parts = done.attribution()
    assert parts.net == pytest.approx(parts.gross - parts.costs + parts.interest, rel=1e-9, abs=1e-5)
    assert float(parts.by_entity["gross"].sum()) == pytest.approx(parts.gross, rel=1e-9, abs=1e-5)


@settings(max_examples=60)
@given(seed=seeds, data=st.data())
def test_the_future_changes_nothing(worlds: ModuleType, seed: int, data: st.DataObject) -> None:
    bars, targets, rules, costs, cash = worlds.futures_market(seed)
    t = data.draw(st.integers(0, len(bars) - 1))
    rng = np.random.default_rng(seed + 1)
    later = np.arange(len(bars))[:, None] > t
    spoilt: dict[str, Any] = {
        name: np.where(later, np.round(rng.uniform(1, 90, bars.shape)), getattr(bars, name))
        for name in ("open", "close", "settle", "volume", "amount")
    }
    spoilt["amount"] = np.where(later, spoilt["volume"] * 50.0 * bars.multiplier, bars.amount)
    spoilt |= {"high": np.where(later, 99.0, bars.high), "low": np.where(later, 0.5, bars.low)}
    spoilt["listed"] = np.where(later, rng.random(bars.shape) < 0.5, bars.listed)
    aims = np.where(later, rng.uniform(-1, 1, bars.shape), targets)
    a = backtest(bars, targets, rules=rules, costs=costs, cash=cash)
    b = backtest(replace(bars, **spoilt), aims, rules=rules, costs=costs, cash=cash)
    cut = backtest(bars.window(0, t + 1), targets[: t + 1], rules=rules, costs=costs, cash=cash)
    for other in (b, cut):
        assert a.account[: t + 1].tobytes() == other.account[: t + 1].tobytes()
        assert a.positions[: t + 1].tobytes() == other.positions[: t + 1].tobytes()


FREE = FuturesCosts(rate=0, half_spread_ticks=0, impact=0)
PLAIN = FuturesRules(participation=None)


def contracts(prices: Any, start: str = "2024-01-01", **more: Any) -> Bars:
    """Bars whose four prices are one."""
    p = np.asarray(prices, dtype=float)
    p = p.reshape(len(p), -1)
    n = p.shape[1]
    days = np.datetime64(start) + np.arange(len(p))
    given_: dict[str, Any] = {"multiplier": np.full(n, 10.0), "margin_rate": np.full(n, 0.1), "tick": np.ones(n)}
    return Bars(days, tuple(f"c{i}" for i in range(n)), p, p, p, p, **(given_ | more))


def test_gains_are_paid_every_day_and_the_multiplier_counts() -> None:
    done = backtest(contracts([100, 100, 105, 103]), np.full((4, 1), -1.0), costs=FREE, rules=PLAIN, cash=10_000)
    assert done.positions[:, 0].tolist() == [0, -10, -10, -9]
    assert done.equity.tolist() == [10_000, 10_000, 9_500, 9_700]
    assert done.daily["margin"].to_list()[1] == 10 * 100 * 10 * 0.1
    assert done.exposure()["net"][1] == -1.0


def test_the_margin_scales_what_opens() -> None:
    done = backtest(contracts([100.0, 100.0]), np.full((2, 1), 20.0), costs=FREE, rules=PLAIN, cash=10_000)
    assert done.positions[-1, 0] == 100  # 100 contracts bind all of the balance
    assert done.unfilled.row(0)[2:] == (200, 100, "margin")


def test_a_margin_call_scales_positions_down_at_the_next_open() -> None:
    once = np.array([[8.0], [np.nan], [np.nan], [np.nan]])
    done = backtest(contracts([100, 100, 95, 95]), once, costs=FREE, rules=PLAIN, cash=10_000)
    # 80 contracts lose 4,000 at 95: 6,000 carry 6,000 / (95 x 10 x 0.1) = 63 contracts.
    assert done.positions[:, 0].tolist() == [0, 80, 80, 63]
    assert done.trades["cause"].to_list() == ["rebalance", "margin"]
    assert done.trades["side"].to_list() == ["buy", "sell"]


def test_ruin_closes_everything_once() -> None:
    done = backtest(contracts([100, 100, 80, 80, 80]), np.full((5, 1), 9.0), costs=FREE, rules=PLAIN, cash=10_000)
    assert done.ruined == 2
    assert done.positions[:, 0].tolist() == [0, 90, 90, 0, 0]
    assert done.returns.tolist()[2:] == [-1.0, 0.0, 0.0]
    assert done.trades["cause"].to_list() == ["rebalance", "ruin"]


def test_a_contract_is_left_the_day_before_its_last() -> None:
    expiry = np.array(["2024-01-05"], dtype="M8[D]")
    bars = contracts([100.0] * 6, expiry=expiry)
    done = backtest(bars, np.full((6, 1), 1.0), costs=FREE, rules=PLAIN, cash=10_000)
    assert done.positions[:, 0].tolist() == [0, 10, 10, 0, 0, 0]  # closed on the 4th
    assert set(done.unfilled["reason"]) == {"expiry"}
    assert done.trades["cause"].to_list() == ["rebalance", "expiry"]


def test_what_is_locked_to_the_end_is_settled() -> None:
    down = np.array([90, 90, 90, 100, 100, 100.0]).reshape(-1, 1)
    up = np.full((6, 1), 120.0)
    expiry = np.array(["2024-01-05"], dtype="M8[D]")
    bars = contracts([100.0] * 6, expiry=expiry, limit_down=down, limit_up=up)
    done = backtest(bars, np.full((6, 1), 1.0), costs=FREE, rules=PLAIN, cash=10_000)
    assert done.positions[:, 0].tolist() == [0, 10, 10, 10, 10, 0]
    assert "locked" in set(done.unfilled["reason"])
    assert done.trades.row(-1, named=True)["commission"] == 0.0


def test_a_roll_is_two_trades_with_a_cost_of_their_own() -> None:
    bars = contracts(np.full((4, 2), 100.0), product=np.array(["p", "p"]))
    aims = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    costs = FuturesCosts(per_lot={"p": 3.0}, rate=0, half_spread_ticks=0.5, impact=0)
    done = backtest(bars, aims, costs=costs, rules=PLAIN, cash=10_500)
    assert done.trades["cause"].to_list() == ["rebalance", "roll", "roll"]
    assert done.trades["side"].to_list() == ["buy", "sell", "buy"]
    sold = done.trades.row(1, named=True)
    assert (sold["commission"], sold["spread"]) == (30.0, 50.0)


def test_limits_stop_opening_and_lock_closing() -> None:
    bars = contracts([100.0, 110.0, 110.0], limit_up=np.full((3, 1), 110.0), limit_down=np.full((3, 1), 90.0))
    long = backtest(bars, np.full((3, 1), 1.0), costs=FREE, rules=PLAIN, cash=10_000)
    assert (long.positions == 0).all()
    assert set(long.unfilled["reason"]) == {"limit_up"}
    short = backtest(bars, np.full((3, 1), -1.0), costs=FREE, rules=PLAIN, cash=10_000)
    assert short.positions[:, 0].tolist() == [0, -10, -10]  # to buy back a contract is locked on the third day
    assert set(short.unfilled["reason"]) == {"locked"}
