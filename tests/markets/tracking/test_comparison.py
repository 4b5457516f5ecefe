from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tael.errors import MarketError
from tael.markets.backtest import StockCosts, StockRules, backtest
from tael.markets.bars import Bars
from tael.markets.broker import PaperBroker, orders_for
from tael.markets.broker.from_bars import BacktestFills, day_bars, instruments_of
from tael.markets.tracking import Track, compare, slippage

DAYS = tuple(date(2024, 1, 1) + timedelta(days=number) for number in range(12))
WEIGHTS = {"A": 0.4, "B": 0.3}


def bars() -> Bars:
    random = np.random.default_rng(0)
    close = np.round(10 * np.exp(np.cumsum(random.normal(0, 0.02, (len(DAYS), 2)), axis=0)), 2)
    opened = np.round(close * np.exp(random.normal(0, 0.005, close.shape)), 2)
    volume = np.full(close.shape, 1e6)
    lots = np.array([100, 100])
    return Bars(
        np.array(DAYS, dtype="M8[D]"),
        ("A", "B"),
        opened,
        np.fmax(opened, close),
        np.fmin(opened, close),
        close,
        volume=volume,
        lot=lots,
        min_lot=lots,
        tick=np.array([0.01, 0.01]),
    )


def traded(market: Bars, costs: StockCosts, skip: int | None = None) -> PaperBroker:
    """The same weights every day on paper; on one day nothing is ordered."""
    broker = PaperBroker(
        Path(":memory:"), cash=1_000_000, instruments=instruments_of(market), model=BacktestFills(costs, None)
    )
    for t, day in enumerate(DAYS):
        today = day_bars(market, t)
        broker.fill(day, today)
        account = broker.end_of_day(day, today)
        if t == skip:
            continue
        for order in orders_for(
            WEIGHTS,
            equity=account.equity,
            positions={name: held.quantity for name, held in broker.positions().items()},
            prices={name: bar.close for name, bar in today.items()},
            strategy="s",
            day=day,
        ):
            broker.submit(order)
    return broker


def test_paper_follows_its_backtest_and_a_missed_day_is_seen() -> None:
    market, costs = bars(), StockCosts(minimum=5.0, stamp_duty=0.001)
    targets = np.tile(list(WEIGHTS.values()), (len(DAYS), 1))
    expected = Track.of_backtest(
        backtest(market, targets, costs=costs, rules=StockRules(participation=None, unfilled="drop"), cash=1_000_000)
    )
    with traded(market, costs) as broker:
        found = compare(Track.of_broker(broker), expected)
        figures = found.to_dict()
        assert figures["tracking_error"] < 1e-4
        assert figures["apart"] < 1e-6
        assert figures["correlation"] > 0.999
        parts = slippage(
            [state for state in broker.orders() if state.order.day < DAYS[-1]],
            broker.fills(),
            {day: day_bars(market, t) for t, day in enumerate(DAYS)},
        )
        first = parts.orders.filter(parts.orders["day"] == DAYS[0])
        assert first["filled"].sum() > 0
        assert abs(first["execution"].sum()) < 1e-6, "paper deals at the open"
        assert parts.orders["fees"].sum() == pytest.approx(sum(float(fill.costs) for fill in broker.fills()))
    with traded(market, costs, skip=0) as broker:
        found = compare(Track.of_broker(broker), expected)
        assert found.daily["missing"].to_list()[:3] == [0, 2, 0]
        assert found.daily["apart"][1] == pytest.approx(0.35, abs=0.01)
        assert found.tracking_error > 0.001
        assert found.to_dict()["worst_day"] in {day.isoformat() for day in DAYS[1:4]}


def test_days_that_the_backtest_lacks_are_named() -> None:
    track = Track(DAYS[:3], np.zeros(3), ({}, {}, {}))
    with pytest.raises(MarketError, match="lacks 1 of 3 live days") as error:
        compare(track, Track(DAYS[:2], np.zeros(2), ({}, {})))
    assert "2024-01-03" in str(error.value)
    assert np.isnan(compare(track, track).correlation)
    with pytest.raises(MarketError, match="compared over days"):
        compare(Track(DAYS[:1], np.zeros(1), ({},)), track)


def test_a_track_is_whole() -> None:
    with pytest.raises(MarketError, match="one return and one set of weights"):
        Track(DAYS[:2], np.zeros(3), ({}, {}))
    with pytest.raises(MarketError, match="days of a track rise"):
        Track((DAYS[1], DAYS[0]), np.zeros(2), ({}, {}))
