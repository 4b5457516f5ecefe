"""The same targets through the backtest and, day by day, through the paper broker."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tael.markets.backtest import StockCosts, StockRules, backtest
from tael.markets.bars import Bars
from tael.markets.broker import PaperBroker, trade_day
from tael.markets.broker.from_bars import BacktestFills, actions_of, day_bars, instruments_of

DAYS, NAMES = 30, ("A", "B", "C", "D", "E")


def market(seed: int, *, ratio: float = 1.0) -> Bars:
    """A random market: limits, suspensions, a delisting; with `ratio`, one ex date."""
    random = np.random.default_rng(seed)
    shape = DAYS, len(NAMES)
    close = np.round(20 * np.exp(np.cumsum(random.normal(0, 0.03, shape), axis=0)), 2)
    preclose = np.vstack([close[:1], close[:-1]])
    opened = np.round(preclose * np.exp(random.normal(0, 0.02, shape)), 2)
    suspended = random.random(shape) < 0.08
    listed = np.ones(shape, dtype=bool)
    listed[20:, 4] = False
    adjust = np.ones(shape)
    adjust[12:, 0] = ratio
    close, opened = close / adjust, opened / adjust
    preclose = preclose / adjust
    gone = suspended | ~listed
    prices = [np.where(gone, np.nan, np.round(price, 2)) for price in (opened, close)]
    high, low = np.fmax(*prices), np.fmin(*prices)
    stuck = random.random(shape) < 0.2  # the day's extremes are its limits: some open there
    up = np.where(stuck, high, np.fmax(high, np.round(preclose * 1.1, 2)))
    down = np.where(stuck, low, np.fmin(low, np.round(preclose * 0.9, 2)))
    return Bars(
        np.arange("2024-01-01", "2024-01-31", dtype="M8[D]"),
        NAMES,
        prices[0],
        high,
        low,
        prices[1],
        volume=np.where(gone, np.nan, random.integers(2_000, 60_000, shape).astype(float)),
        listed=listed,
        suspended=suspended & listed,
        limit_up=np.nan_to_num(up, nan=np.inf, posinf=np.inf),
        limit_down=np.nan_to_num(down, nan=0.0),
        adjust=adjust,
        lot=np.full(5, 100),
        min_lot=np.full(5, 100),
        tick=np.full(5, 0.01),
    )


def weights(seed: int) -> np.ndarray:
    """A decision on two days of three, sometimes of more than there is."""
    random = np.random.default_rng(seed + 1000)
    made = random.dirichlet(np.ones(5), DAYS) * random.choice([0.6, 0.99, 1.0], (DAYS, 1))
    made[random.random(DAYS) < 0.3] = np.nan
    return made


@pytest.mark.parametrize(("seed", "participation"), [(0, None), (1, 0.1), (3, 0.05)])
def test_paper_and_backtest_hold_the_same(tmp_path: Path, seed: int, participation: float | None) -> None:
    bars, targets = market(seed), weights(seed)
    costs = StockCosts(minimum=5.0, stamp_duty=0.001, transfer=0.00001, half_spread_bp=3.0, impact=0.3)
    rules = StockRules(unfilled="drop", participation=participation)
    expected = backtest(bars, targets, costs=costs, rules=rules, cash=200_000.0)
    days = bars.times.astype("M8[D]").tolist()
    index = {day: t for t, day in enumerate(days)}

    def targets_for(day: date) -> dict[str, float] | None:
        row = targets[index[day]]
        return None if np.isnan(row).all() else dict(zip(NAMES, row.tolist(), strict=True))

    with PaperBroker(
        Path(":memory:"), cash=200_000, instruments=instruments_of(bars), model=BacktestFills(costs, participation)
    ) as broker:
        for t, day in enumerate(days):
            trade_day(
                day,
                broker=broker,
                targets_for=targets_for,
                bars=day_bars(bars, t),
                last_bar=day,
                is_trading_day=lambda when: True,
                strategy="replayed",
                folder=tmp_path,
                actions=actions_of(bars, t),
                instruments=instruments_of(bars),
            )
            held = [broker.holdings(day).get(name, 0) for name in NAMES]
            assert held == expected.positions[t].tolist(), (t, day)
        equity = np.array([float(value) for _, value in broker.equity()])
        assert broker.reconcile().balanced
    # charges are rounded to the hundredth on paper
    np.testing.assert_allclose(equity, expected.equity, atol=0.03 * DAYS)


def test_an_ex_date_moves_the_shares_as_in_the_backtest(tmp_path: Path) -> None:
    bars = market(2, ratio=1.3)
    (action,) = actions_of(bars, 12)
    assert (action.entity, round(action.ratio, 6)) == ("A", 1.3)
    assert actions_of(bars, 0) == []
    assert [(one.entity, one.ratio) for one in actions_of(bars, 20)] == [("E", 0.0)]


def test_the_day_knows_only_volumes_before_it() -> None:
    bars = market(0)
    volume = bars.volume.copy()
    volume[10:] = 1.0
    poisoned = Bars(**{**{name: getattr(bars, name) for name in bars.__dataclass_fields__}, "volume": volume})
    for entity, bar in day_bars(bars, 10).items():
        assert bar.typical_volume == day_bars(poisoned, 10)[entity].typical_volume
        assert bar.typical_volume > 1000


def test_contracts_are_on_margin() -> None:
    price = np.full((2, 1), 4000.0)
    bars = Bars(
        np.arange("2024-01-01", "2024-01-03", dtype="M8[D]"),
        ("rb2405",),
        *[price] * 4,
        multiplier=np.array([10.0]),
        margin_rate=np.array([0.09]),
        tick=np.array([1.0]),
    )
    rules = instruments_of(bars)["rb2405"]
    assert (rules.funded, rules.short, rules.t_plus_1, rules.multiplier, rules.lot) == (False, True, False, 10, 1)
    assert day_bars(bars, 1)["rb2405"].mark == 4000.0
