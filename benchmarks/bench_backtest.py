"""Backtests: bars a CPU second with all rules on, beside numpy without any; and real markets.

    python benchmarks/bench_backtest.py                    # 2,500 days x 1,000 stocks, 50 names traded every day
    python benchmarks/bench_backtest.py --days 500 --stocks 300
    python benchmarks/bench_backtest.py --real --data DIR  # A shares with random scores; futures with momentum

All rules: next open, lots, T+1, suspensions, limits, ex-rights, participation cap, minimum commission, stamp duty,
spread, square-root impact, trades and misses logged, interest. The opponent is what a notebook does: weights times
returns less costs of the change of weights, in numpy. CPU is user and system time, the best of seven runs; memory of
results is part of it.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tael.markets.backtest import Backtest, FuturesRules, StockCosts, StockRules, backtest
from tael.markets.bars import Bars
from tael.markets.performance import annual_return, max_drawdown, sharpe_ratio


def simulate(days: int, stocks: int, held: int, seed: int = 0) -> tuple[Bars, Any, Any]:
    """Bars with suspensions, limits and ex-rights; weights that change daily of fixed names, and of random names."""
    rng = np.random.default_rng(seed)
    shape = (days, stocks)
    close = np.round(20 * np.exp(np.cumsum(rng.normal(0, 0.015, shape), axis=0)), 2).clip(0.5)
    before = np.vstack([close[:1], close[:-1]])
    opened = np.round(before * np.exp(rng.normal(0, 0.005, shape)), 2).clip(0.5)
    away = rng.random(shape) < 0.01
    prices = {name: np.where(away, np.nan, value) for name, value in (("open", opened), ("close", close))}
    volume = np.where(away, np.nan, np.round(rng.lognormal(15, 1, shape)))
    bars = Bars(
        np.datetime64("2010-01-01") + np.arange(days), tuple(f"{i:06d}" for i in range(stocks)), prices["open"],
        np.fmax(prices["open"], prices["close"]), np.fmin(prices["open"], prices["close"]), prices["close"],
        volume=volume, amount=volume * close, suspended=away, limit_up=np.round(before * 1.1, 2),
        limit_down=np.round(before * 0.9, 2), adjust=np.cumprod(np.where(rng.random(shape) < 0.004, 1.02, 1.0), axis=0),
        lot=np.full(stocks, 100), min_lot=np.full(stocks, 100), tick=np.full(stocks, 0.01),
    )  # fmt: skip
    chosen = rng.permutation(stocks)[:held]
    fixed = np.zeros(shape)
    fixed[:, chosen] = rng.dirichlet(np.full(held, 8.0), days) * 0.95
    top = np.argsort(rng.normal(size=shape), axis=1)[:, -held:]
    fresh = np.zeros(shape)
    np.put_along_axis(fresh, top, 0.95 / held, axis=1)
    return bars, fixed, fresh


def notebook(bars: Bars, weights: Any, cost: float = 0.001) -> Any:
    """Weights times the next return, less costs of the change of weights."""
    price = np.nan_to_num(bars.close * bars.adjust, nan=1.0)
    held = np.vstack([np.zeros((1, weights.shape[1])), weights[:-1]])
    moves = np.zeros_like(price)
    moves[1:] = price[1:] / price[:-1] - 1.0
    turned = np.abs(np.diff(held, axis=0, prepend=0.0)).sum(axis=1)
    return np.cumprod(1.0 + (held * moves).sum(axis=1) - cost * turned)


def cpu(run: Callable[[], Any], times: int = 7) -> tuple[float, Any]:
    """Least CPU seconds of a few runs, and the last result."""
    best, found = float("inf"), None
    for _ in range(times):
        start = resource.getrusage(resource.RUSAGE_SELF)
        found = run()
        end = resource.getrusage(resource.RUSAGE_SELF)
        best = min(best, end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime)
    return best, found


def speed(days: int, stocks: int, held: int) -> None:
    """Print bars a second."""
    bars, fixed, fresh = simulate(days, stocks, held)
    costs = StockCosts(minimum=5.0, stamp_duty=0.001, transfer=0.00001, half_spread_bp=5.0, impact=0.5)
    bare = StockCosts(impact=0.0)
    open_rules = StockRules(participation=None)
    start = time.perf_counter()
    backtest(bars.window(0, 30), fixed[:30], costs=costs, cash=1e8)
    print(f"first call, with compiling or reading the cache: {time.perf_counter() - start:.1f} s")
    print(f"{days} days x {stocks} stocks, {held} names; load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':52}{'CPU ms':>8}{'bars/s':>10}{'trades':>9}{'misses':>8}")
    cells = days * stocks
    once = np.full_like(fixed, np.nan)
    once[0] = fixed[0]
    for name, run in (
        (f"tael, all rules, {held} names traded every day", lambda: backtest(bars, fixed, costs=costs, cash=1e8)),
        (
            "tael, no participation cap, no impact",
            lambda: backtest(bars, fixed, costs=bare, rules=open_rules, cash=1e8),
        ),
        (
            f"tael, all rules, {held} new names every day",
            lambda: backtest(bars, fresh, costs=costs, cash=1e8),
        ),
        ("tael, one decision, then held", lambda: backtest(bars, once, costs=costs, cash=1e8)),
        ("numpy, no rules", lambda: notebook(bars, fixed)),
    ):
        seconds, done = cpu(run)
        counts = f"{done.log.used[0]:9,d}{done.log.used[1]:8,d}" if isinstance(done, Backtest) else ""
        print(f"{name:52}{seconds * 1e3:8.1f}{cells / seconds:10.2e}{counts}")


def line(name: str, done: Backtest) -> None:
    """Print figures of one backtest."""
    parts = done.attribution()
    year = len(done.times) / 252
    print(
        f"{name:36}{annual_return(done.returns):8.1%}{sharpe_ratio(done.returns):8.2f}"
        f"{max_drawdown(done.returns).depth:9.1%}{done.turnover.sum() / year:9.1f}"
        f"{(parts.costs + parts.slippage) / done.equity.mean() / year:9.2%}{len(done.unfilled):9,d}"
    )


def real(data: Path) -> None:
    """A shares with random scores: what surviving and rebalancing alone bring; futures with 12-month momentum."""
    import polars as pl

    from tael.markets.exchanges import cn_stocks
    from tael.markets.futures import continuous, contract_bars, roll, targets_on_contracts
    from tael.markets.reading import stock_bars

    head = f"{'':36}{'return':>8}{'Sharpe':>8}{'fall':>9}{'turnover':>9}{'cost':>9}{'misses':>9}"
    frame = pl.read_parquet(data / "market/ashare_daily/csi800_2016_2021.parquet")
    bars = stock_bars(frame, prices="forward_adjusted", survivors=True)
    costs = StockCosts.from_fees(cn_stocks.fees(bars.times), bars.times, half_spread_bp=5.0)
    print(f"\n{bars}\n{head}")
    tradable = bars.tradable
    equal = np.where(tradable, 1.0, np.nan) / tradable.sum(axis=1, keepdims=True)
    weekly = np.where((np.arange(len(bars)) % 5 == 0)[:, None], np.nan_to_num(equal), np.nan)
    line("all, equally, weekly", backtest(bars, weekly, costs=costs, cash=1e9))
    rng = np.random.default_rng(0)
    for fill in ("open", "close"):  # no "vwap": the turnover does not fit prices that the vendor has adjusted
        scores = np.where(tradable, rng.normal(size=bars.shape), -np.inf)
        top = np.argsort(scores, axis=1)[:, -50:]
        aims = np.full(bars.shape, np.nan)
        for t in range(0, len(bars), 5):
            aims[t] = 0.0
            aims[t, top[t]] = 1 / 50
        done = backtest(bars, aims, costs=costs, rules=StockRules(fill=fill), cash=1e8)  # type: ignore[arg-type]
        line(f"50 at random, weekly, at {fill}", done)
    later = np.vstack([bars.returns()[1:], np.full((1, bars.shape[1]), np.nan)])
    best = np.argsort(np.where(np.isnan(later), -np.inf, later), axis=1)[:, -50:]
    aims = np.zeros(bars.shape)
    np.put_along_axis(aims, best, 1 / 50, axis=1)
    line("50 best of tomorrow (clairvoyant)", backtest(bars, aims, costs=costs, cash=1e7))

    frame = pl.read_parquet(data / "market/futures/contracts_daily.parquet")
    contracts = contract_bars(frame, halve_before="2020-01-01")
    chain = roll(contracts)
    series = continuous(contracts, chain).fields["close"]
    moves = np.diff(np.log(series), axis=0, prepend=np.nan)
    aims = np.full(series.shape, np.nan)
    for t in range(260, len(series), 5):
        past = moves[t - 251 : t + 1]
        there = np.isfinite(past).sum(axis=0) > 200
        volatility = np.nanstd(np.where(there, past, 0.0), axis=0) * np.sqrt(252)
        trend = np.sign(np.nansum(past, axis=0))
        weight = np.where(there & (volatility > 0.02), trend * 0.4 / np.maximum(volatility, 0.02), 0.0)
        aims[t] = weight / max(1, there.sum())
    print(f"\n{contracts}\n{head}")
    placed = targets_on_contracts(aims, chain)
    for name, rules in (("next open", FuturesRules()), ("a day late, at the close", FuturesRules("close", 2))):
        line(f"12-month momentum, {name}", backtest(contracts, placed, rules=rules, cash=1e8))


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=2500)
    parser.add_argument("--stocks", type=int, default=1000)
    parser.add_argument("--held", type=int, default=50)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAEL_DATA", "../shared/data")))
    args = parser.parse_args()
    if args.real:
        real(args.data)
    else:
        speed(args.days, args.stocks, args.held)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
