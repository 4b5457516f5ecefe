"""A day on paper: the same weights and positions as a backtest that begins there, and nothing happens twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tael.errors import MarketError, RunError
from tael.runs.markets import trading
from tael.runs.markets.bundle import load_market_bundle
from tael.runs.markets.data import market_data
from tael.runs.markets.trade import latest_run, trade_paper
from tael.runs.result import Run
from tael.tables.frames import Tables


@pytest.fixture(scope="module")
def days(market_tables: Tables, market_run: Run) -> list[date]:
    bundle = load_market_bundle(market_run.path)
    panel = market_data(market_tables, bundle.plan).panel
    return [day.astype("M8[D]").item() for day in panel.times[-6:]]


def test_paper_and_backtest_hold_the_same(
    market_run: Run, market_tables: Tables, days: list[date], tmp_path: Path
) -> None:
    done = [trade_paper(market_run.path, market_tables, day, tmp_path) for day in days]
    assert [one.status for one in done] == ["traded"] * len(days)
    bundle = load_market_bundle(market_run.path)
    data = market_data(market_tables, bundle.plan)
    first = len(data.panel) - len(days)
    scores = np.full(data.panel.shape, np.nan)
    scores[first:] = bundle.scores(data.panel, len(days))
    made = trading.traded(bundle.plan, data, scores, first, trading.history_of(bundle.plan, data))
    equity = float(done[-1].account.equity)
    # Paper rounds each fee to the cent, as brokers do.
    assert equity == pytest.approx(float(made.test.equity[-1]), rel=1e-6)


def test_the_same_day_twice_is_done_once(
    market_run: Run, market_tables: Tables, days: list[date], tmp_path: Path
) -> None:
    first = trade_paper(market_run.path, market_tables, days[0], tmp_path)
    again = trade_paper(market_run.path, market_tables, days[0], tmp_path)
    assert (first.status, again.status) == ("traded", "already")
    assert len(first.orders) == len(again.orders) > 0


def test_a_day_left_out_is_refused(market_run: Run, market_tables: Tables, days: list[date], tmp_path: Path) -> None:
    trade_paper(market_run.path, market_tables, days[0], tmp_path)
    with pytest.raises(MarketError):
        trade_paper(market_run.path, market_tables, days[2], tmp_path)


def test_stale_data_are_refused(market_run: Run, market_tables: Tables, days: list[date], tmp_path: Path) -> None:
    late: Any = np.datetime64(days[-1]) + np.timedelta64(7, "D")
    with pytest.raises(MarketError):
        trade_paper(market_run.path, market_tables, late.item(), tmp_path)


def test_another_model_needs_another_book(
    market_run: Run, market_tables: Tables, days: list[date], tmp_path: Path
) -> None:
    trade_paper(market_run.path, market_tables, days[0], tmp_path)
    (tmp_path / "begin.json").write_text('{"day": "2019-01-02", "model": "another"}')
    with pytest.raises(RunError, match="opened with another model"):
        trade_paper(market_run.path, market_tables, days[1], tmp_path)


def test_the_newest_run_is_found(market_run: Run, tmp_path: Path) -> None:
    assert latest_run(market_run.path.parent, "small-market") == market_run.path
    with pytest.raises(RunError, match="no run of this scenario"):
        latest_run(tmp_path, "small-market")
