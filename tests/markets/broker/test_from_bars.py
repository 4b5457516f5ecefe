"""The same targets through the backtest and, day by day, through the paper broker."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.markets.backtest import StockCosts, StockRules, backtest
from tael.markets.bars import Bars
from tael.markets.broker import PaperBroker, trade_day
from tael.markets.broker.from_bars import BacktestFills, actions_of, day_bars, instruments_of
from tael.markets.reading import stock_bars

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


def replay(bars: Bars, targets: np.ndarray, costs: StockCosts, rules: StockRules, cash: float, folder: Path) -> float:
    """Trade the targets on paper day by day, and hold every close against the backtest; the last equity."""
    expected = backtest(bars, targets, costs=costs, rules=rules, cash=cash)
    days = bars.times.astype("M8[D]").tolist()
    index = {day: t for t, day in enumerate(days)}
    names, instruments = bars.entities, instruments_of(bars)

    def targets_for(day: date) -> dict[str, float] | None:
        row = targets[index[day]]
        return None if np.isnan(row).all() else dict(zip(names, row.tolist(), strict=True))

    model = BacktestFills(costs, rules.participation)
    with PaperBroker(Path(":memory:"), cash=cash, instruments=instruments, model=model) as broker:
        for t, day in enumerate(days):
            trade_day(
                day,
                broker=broker,
                targets_for=targets_for,
                bars=day_bars(bars, t),
                last_bar=day,
                is_trading_day=lambda when: when in index,
                strategy="replayed",
                folder=folder,
                actions=actions_of(bars, t, recovery=rules.recovery),
                instruments=instruments,
            )
            held = broker.holdings(day)
            assert [held.get(name, 0) for name in names] == expected.positions[t].tolist(), (t, day)
        equity = np.array([float(value) for _, value in broker.equity()])
        assert broker.reconcile().balanced
        # charges are rounded to the hundredth on paper
        np.testing.assert_allclose(equity, expected.equity, atol=0.01 + 0.02 * len(broker.fills()))
    return float(equity[-1])


@pytest.mark.parametrize(("seed", "participation"), [(0, None), (1, 0.1), (3, 0.05)])
def test_paper_and_backtest_hold_the_same(tmp_path: Path, seed: int, participation: float | None) -> None:
    costs = StockCosts(minimum=5.0, stamp_duty=0.001, transfer=0.00001, half_spread_bp=3.0, impact=0.3)
    rules = StockRules(unfilled="drop", participation=participation)
    replay(market(seed), weights(seed), costs, rules, 200_000.0, tmp_path)


def test_paper_and_backtest_hold_the_same_on_real_bars(tmp_path: Path, data_dir: Path) -> None:
    frame = pl.read_parquet(data_dir / "market/ashare_daily/csi800_2016_2021.parquet")
    some = frame["code"].unique().sort()[::20].to_list()
    days = frame["date"].unique().sort()[:30].to_list()
    part = frame.filter(pl.col("code").is_in(some) & pl.col("date").is_in(days))
    bars = stock_bars(part, prices="forward_adjusted", survivors=True)
    random = np.random.default_rng(0)
    targets = np.where(random.random(bars.shape) < 0.3, 1.0, 0.0) * bars.listed
    targets /= targets.sum(axis=1, keepdims=True) / 0.95
    costs = StockCosts(minimum=5.0, stamp_duty=0.001, half_spread_bp=2.0, impact=0.5)
    replay(bars, targets, costs, StockRules(unfilled="drop"), 3_000_000.0, tmp_path)


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
