"""Small random markets in which everything happens: suspensions, limits, delistings, ex-rights, expiries."""

from __future__ import annotations

from typing import Any

import numpy as np

from tael.markets.backtest import FuturesCosts, FuturesRules, StockCosts, StockRules
from tael.markets.bars import Bars


def _prices(rng: np.random.Generator, T: int, N: int, wild: float) -> dict[str, Any]:
    close = np.round(rng.uniform(2, 60, N) * np.exp(np.cumsum(rng.normal(0, wild, (T, N)), axis=0)), 2).clip(0.05)
    before = np.vstack([close[:1], close[:-1]])
    opened = np.round(before * np.exp(rng.normal(0, wild / 2, (T, N))), 2).clip(0.05)
    up, down = np.round(before * 1.1, 2), np.round(before * 0.9, 2).clip(0.01)
    # A day at the limit from the open on, now and then.
    at_up, at_down = rng.random((T, N)) < 0.06, rng.random((T, N)) < 0.06
    opened = np.where(at_up, up, np.where(at_down, down, opened))
    close = np.where(at_up, up, np.where(at_down, down, close))
    volume = np.round(rng.lognormal(7, 1.0, (T, N)))
    volume[rng.random((T, N)) < 0.03] = 0.0
    return {
        "open": opened,
        "high": np.maximum(opened, close),
        "low": np.minimum(opened, close),
        "close": close,
        "volume": volume,
        "amount": np.round(volume * (opened + close) / 2, 2),
        "limit_up": np.where(rng.random(N) < 0.8, up, np.inf),
        "limit_down": np.where(rng.random(N) < 0.8, down, 0.0),
    }


def _gaps(rng: np.random.Generator, T: int, N: int, found: dict[str, Any]) -> None:
    """Late listings, delistings, suspensions: no bar there."""
    first, last = rng.integers(0, max(1, T // 3), N), np.where(rng.random(N) < 0.3, rng.integers(T // 2, T, N), T)
    rows = np.arange(T)[:, None]
    found["listed"] = (rows >= first) & (rows < last)
    found["suspended"] = found["listed"] & (rng.random((T, N)) < 0.08)
    away = ~found["listed"] | found["suspended"]
    for name in ("open", "high", "low", "close", "volume", "amount", "settle"):
        if name in found:
            found[name] = np.where(away, np.nan, found[name])


def _times(rng: np.random.Generator, T: int) -> Any:
    if rng.random() < 0.3:  # two bars a day
        hours = np.arange(T) // 2 * 24 + np.arange(T) % 2 * 4
        return np.datetime64("2023-08-20", "us") + hours * np.timedelta64(1, "h")
    return np.datetime64("2023-08-20", "us") + np.cumsum(rng.integers(1, 4, T)) * np.timedelta64(1, "D")


def _targets(rng: np.random.Generator, T: int, N: int, low: float, gross: float) -> Any:
    weights = rng.uniform(low, 1.0, (T, N)) * gross * 2 / N
    weights[rng.random((T, N)) < 0.3] = 0.0
    weights[rng.random((T, N)) < 0.1] = np.nan
    weights[rng.random(T) < 0.3] = np.nan
    return weights


def stock_market(seed: int) -> tuple[Bars, Any, StockRules, StockCosts, float]:
    """Bars, targets, rules, costs and cash."""
    rng = np.random.default_rng(seed)
    T, N = int(rng.integers(2, 14)), int(rng.integers(1, 5))
    found = _prices(rng, T, N, 0.05)
    _gaps(rng, T, N, found)
    steps = np.where(rng.random((T, N)) < 0.08, rng.choice([1.1, 1.5, 2.0, 1.013, 0.5], (T, N)), 1.0)
    star = rng.random(N) < 0.3
    bars = Bars(
        _times(rng, T), tuple(f"s{i}" for i in range(N)), **found, adjust=np.cumprod(steps, axis=0),
        lot=np.where(star, 1, 100), min_lot=np.where(star, 200, 100), tick=np.full(N, 0.01),
    )  # fmt: skip
    short = bool(rng.random() < 0.3)
    rules = StockRules(
        fill=str(rng.choice(["open", "close", "vwap"])),  # type: ignore[arg-type]
        delay=int(rng.integers(1, 3)),
        unfilled=str(rng.choice(["carry", "drop"])),  # type: ignore[arg-type]
        t_plus_1=bool(rng.random() < 0.7),
        participation=None if rng.random() < 0.3 else float(rng.choice([0.05, 0.5])),
        window=int(rng.integers(1, 6)),
        short=short,
        leverage=float(rng.choice([1.0, 1.0, 1.5])),
        cash_rate=float(rng.choice([0.0, 0.02])),
    )
    costs = StockCosts(
        commission=float(rng.choice([0.0, 0.0003])), minimum=float(rng.choice([0.0, 5.0])),
        stamp_duty={"2020-01-01": 0.001, "2023-08-28": 0.0005}, stamp_duty_buy=float(rng.choice([0.0, 0.001])),
        transfer=0.00001, half_spread_bp=float(rng.choice([0.0, 5.0])), impact=float(rng.choice([0.0, 0.8])),
    )  # fmt: skip
    targets = _targets(rng, T, N, -1.0 if short else 0.0, float(rng.choice([0.5, 1.0, 1.3])))
    return bars, targets, rules, costs, float(rng.choice([1e4, 1e5, 1e6]))


def futures_market(seed: int) -> tuple[Bars, Any, FuturesRules, FuturesCosts, float]:
    """Bars, targets, rules, costs and cash; leveraged enough for calls and ruin."""
    rng = np.random.default_rng(seed)
    T, N = int(rng.integers(2, 14)), int(rng.integers(1, 5))
    found = _prices(rng, T, N, 0.06)
    found["settle"] = np.round((found["close"] + found["open"]) / 2, 2)
    multiplier = rng.choice([1.0, 5.0, 10.0], N)
    found["amount"] = found["amount"] * multiplier
    _gaps(rng, T, N, found)
    if rng.random() < 0.3:
        del found["settle"]
    times = _times(rng, T)
    expiry = times.astype("M8[D]")[rng.integers(0, T, N)] + rng.integers(0, 5, N)
    expiry[rng.random(N) < 0.4] = np.datetime64("NaT")
    rate = rng.choice([0.05, 0.1, 0.15], N)
    bars = Bars(
        times, tuple(f"c{i}" for i in range(N)), **found, multiplier=multiplier,
        tick=np.full(N, 0.01), margin_rate=rate if rng.random() < 0.5 else np.tile(rate, (T, 1)), expiry=expiry,
        product=np.array(["p", "p", "q", "q"])[:N],
    )  # fmt: skip
    initial = float(rng.choice([1.0, 1.3]))
    rules = FuturesRules(
        fill=str(rng.choice(["open", "close", "vwap"])),  # type: ignore[arg-type]
        delay=int(rng.integers(1, 3)),
        unfilled=str(rng.choice(["carry", "drop"])),  # type: ignore[arg-type]
        participation=None if rng.random() < 0.3 else float(rng.choice([0.05, 0.5])),
        window=int(rng.integers(1, 6)),
        initial=initial,
        maintenance=float(rng.choice([0.8, 1.0])) * initial,
        leave=int(rng.integers(0, 3)),
        cash_rate=float(rng.choice([0.0, 0.02])),
    )
    costs = FuturesCosts(
        per_lot={"p": 2.0, "q": 0.5}, rate=float(rng.choice([0.0, 0.0001])),
        half_spread_ticks=float(rng.choice([0.0, 0.5])), impact=float(rng.choice([0.0, 0.8])),
    )  # fmt: skip
    targets = _targets(rng, T, N, -1.0, float(rng.choice([1.0, 4.0, 12.0])))
    return bars, targets, rules, costs, float(rng.choice([1e4, 1e5]))
