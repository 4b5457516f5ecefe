"""Contracts on paper: rolled, on margin, to the contract what a backtest that begins there holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.datasets import simulate_futures
from tael.markets.broker import PaperBroker
from tael.runs.markets import trading
from tael.runs.markets.bundle import load_market_bundle
from tael.runs.markets.data import market_data
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.runner import run_market
from tael.runs.markets.trade import trade_paper
from tael.runs.result import Run
from tael.tables.frames import Tables

DAYS = 40
PLAN: dict[str, Any] = {
    "name": "small-futures",
    "market": {"kind": "futures", "entity": "contract", "securities": "products", "exchange": "cn_futures"},
    "label": {"formula": "close[+6] / close[+1] - 1", "scale": "rank_normal"},
    "features": {"formulas": {"carry": "carry", "momentum": "close / delay(close, 40) - 1"}},
    "split": {"validation": 0.5, "test": 0.7},
    "model": {"kind": "linear"},
    "portfolio": {
        "method": "volatility_target", "every": 3,
        "settings": {"target": 0.4, "signal": "sign", "gross": 4.0, "margin": 0.6},
    },
    "trading": {"cash": 2e7, "benchmark": "none", "costs": {"rate": 0.00005, "half_spread_ticks": 0.5, "impact": 0.5}},
}  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> Tables:
    return simulate_futures(5, 260, seed=2).tables()


@pytest.fixture(scope="module")
def run(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_market(MarketPlan.from_dict(PLAN), tables, tmp_path_factory.mktemp("runs"), n_jobs=1)


def changed(rules: dict[str, float], every: int, **settings: float) -> MarketPlan:
    """The plan with other rules of the account."""
    portfolio = {**PLAN["portfolio"], "every": every, "settings": {**PLAN["portfolio"]["settings"], **settings}}
    return MarketPlan.from_dict({**PLAN, "portfolio": portfolio, "trading": {**PLAN["trading"], "rules": rules}})


@pytest.mark.parametrize(
    ("plan", "cause"),
    [
        (MarketPlan.from_dict(PLAN), "roll"),
        (changed({"leave": 60}, 3), "expiry"),
        (changed({"initial": 3.1, "maintenance": 3.1}, 10, margin=0.97, gross=6.0, target=1.6), "margin"),
    ],
    ids=["rolled", "left before the last day", "margin called"],
)
def test_paper_and_backtest_hold_the_same_contracts(
    plan: MarketPlan, cause: str, tables: Tables, tmp_path: Path
) -> None:
    """Every position on every day, and the balance, whatever a contract is dealt for."""
    made_by = run_market(plan, tables, tmp_path / "runs", n_jobs=1).path
    bundle, data = load_market_bundle(made_by), market_data(tables, plan)
    first = len(data.panel) - DAYS
    days = [day.astype(object) for day in data.bars.times[first:].astype("M8[D]")]
    done = [trade_paper(made_by, tables, day, tmp_path / "paper") for day in days]
    scores = np.full(data.panel.shape, np.nan)
    scores[first:] = bundle.scores(data.panel, DAYS)
    made = trading.traded(plan, data, scores, first, trading.history_of(plan, data)).test
    assert cause in made.trades["cause"].to_list()
    names = data.bars.entities
    with PaperBroker(tmp_path / "paper" / "book.sqlite") as broker:
        for k, day in enumerate(days):
            held = {name: quantity for name, quantity in broker.holdings(day).items() if quantity}
            assert held == {names[e]: int(made.positions[k, e]) for e in np.flatnonzero(made.positions[k])}, day
        assert broker.reconcile().balanced
    # Paper rounds each fee to the cent, as brokers do.
    assert [float(one.account.equity) for one in done] == pytest.approx(made.equity.tolist(), rel=1e-6)
    assert made.positions.min() < 0 < made.positions.max()


def test_what_comes_later_moves_no_order(run: Run, tables: Tables, tmp_path: Path) -> None:
    days = market_data(tables, MarketPlan.from_dict(PLAN)).bars.times.astype("M8[D]")
    day: date = days[-30].astype(object)
    later = pl.col("date").cast(pl.Date) > day
    wild = tables["bars"].with_columns(
        pl.when(later).then(pl.col(name) * 2).otherwise(pl.col(name)).alias(name)
        for name in ("open", "high", "low", "close", "settle", "volume", "open_interest")
    )
    poisoned = Tables({**{name: tables[name] for name in tables}, "bars": wild}, tables.schema)
    one = trade_paper(run.path, tables, day, tmp_path / "one")
    two = trade_paper(run.path, poisoned, day, tmp_path / "two")
    assert [state.order for state in one.orders] == [state.order for state in two.orders]
    assert one.orders
