"""A day on paper: the model of a run, today's data, the same signal code as the backtest, one book that survives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import RunError, ScenarioError
from tael.runs.folder import read_json
from tael.runs.markets import trading
from tael.runs.markets.bundle import MarketBundle, load_market_bundle
from tael.runs.markets.data import MarketData, market_data
from tael.tables.frames import Tables

if TYPE_CHECKING:
    from tael.markets.broker import TradedDay

BOOK, BEGIN = "book.sqlite", "begin.json"


def latest_run(out: Path, name: str) -> Path:
    """The newest run of a scenario in a folder.

    Raises
    ------
    RunError
        If there is none.
    """
    found = sorted(path.parents[1] for path in out.glob(f"{name}-*/model/manifest.json")) if out.is_dir() else []
    if not found:
        raise RunError(
            "There is no run of this scenario whose model could trade.",
            expected=f"a folder {name}-... in {out}",
            got="none",
            fix="Make one with `tael run PROJECT`, or name it with --run.",
        )
    return found[-1]


def trade_paper(run: str | Path, tables: Tables, day: date, folder: str | Path) -> TradedDay:
    """Go through one day after its close, on paper.

    The first call opens a book with the plan's cash. Weights come from walking from that first day to this one, as a
    backtest that begins there would: with the same scores, method and schedule. What is later than `day` in the tables
    is cut off before anything is computed.

    Parameters
    ----------
    run : path
        A run folder, or its bundle.
    tables : Tables
        Today's data, with enough history for the factors.
    day : date
        The day that has closed.
    folder : path
        Receives the book, the orders of each day and the audit.

    Returns
    -------
    TradedDay

    Raises
    ------
    RunError
        If the model changed since the book was opened.
    MarketError
        If the guard refuses: stale data, a day without trading, a day left out, a book that does not balance.
    """
    from tael.markets.broker import (
        BacktestFills,
        PaperBroker,
        actions_of,
        day_bars,
        instruments_of,
        trade_day,
    )
    from tael.markets.exchanges import exchange

    bundle, folder = load_market_bundle(run), Path(folder)
    plan = bundle.plan
    if plan.market.kind != "stocks":
        raise ScenarioError(
            "Paper trading of dated contracts is not wired into `tael trade`.",
            expected="a market of stocks",
            got=plan.market.kind,
            fix="Use tael.markets.broker.trade_day with targets_on_contracts.",
        )
    data = market_data(tables, plan)
    days = data.bars.times.astype("M8[D]")
    t = int(np.searchsorted(days, np.datetime64(day, "D"), side="right")) - 1
    last = days[-1].astype(object) if t == len(days) - 1 else days[max(t, 0)].astype(object)
    folder.mkdir(parents=True, exist_ok=True)
    first = _begun(folder, day, bundle)
    start = int(np.searchsorted(days, np.datetime64(first, "D")))
    instruments = instruments_of(data.bars, t_plus_1=exchange(plan.market.exchange).sellable_after > 0)
    costs, rules = trading.account_of(plan, data)
    book = folder / BOOK
    opening = None if book.exists() else plan.trading.cash
    with PaperBroker(
        book, cash=opening, currency=exchange(plan.market.exchange).currency, instruments=instruments,
        model=BacktestFills(costs, rules.participation),
    ) as broker:  # fmt: skip
        return trade_day(
            day, broker=broker, targets_for=lambda _: weights_for(bundle, data, start, t), bars=day_bars(data.bars, t),
            last_bar=last, is_trading_day=lambda one: bool(np.isin(np.datetime64(one, "D"), days)),
            strategy=plan.name, folder=folder, actions=actions_of(data.bars, t, recovery=rules.recovery),
            instruments=instruments,
        )  # fmt: skip


def weights_for(bundle: MarketBundle, data: MarketData, start: int, t: int) -> Mapping[str, float] | None:
    """Weights decided after bar t by a strategy that began at bar `start`; None where nothing is decided.

    Everything after bar t is cut off first.
    """
    from tael.markets.portfolio import walk

    cut = MarketData(data.bars.window(None, t + 1), data.panel.window(None, t + 1), data.roll)
    scores: NDArray[np.float64] = np.full(cut.panel.shape, np.nan)
    scores[start:] = bundle.scores(cut.panel, t + 1 - start)
    weigh, risk = trading.method_of(bundle.plan)
    history = trading.history_of(bundle.plan, cut)
    walked = walk(scores, weigh, history, risk=risk, every=bundle.plan.portfolio.every, start=start)
    row = walked.targets[t]
    if not np.isfinite(row).any():
        return None
    return {name: float(weight) for name, weight in zip(cut.panel.entities, np.nan_to_num(row), strict=True)}


def _begun(folder: Path, day: date, bundle: MarketBundle) -> date:
    """The first day of the book; the first call writes it down with the model's version."""
    path = folder / BEGIN
    if not path.exists():
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps({"day": day.isoformat(), "model": bundle.version}) + "\n", encoding="utf-8")
        draft.replace(path)
    content: dict[str, Any] = read_json(path)
    if content["model"] != bundle.version:
        raise RunError(
            "The book was opened with another model.",
            expected=f"model {content['model']}",
            got=f"model {bundle.version}",
            where=str(folder),
            fix="Trade a new model in a book of its own: --book FOLDER; promote it by a rule fixed beforehand.",
        )
    return date.fromisoformat(content["day"])
