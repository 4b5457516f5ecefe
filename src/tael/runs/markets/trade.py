"""A day on paper: the model of a run, today's data, the same signal code as the backtest, one book that survives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
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
    from tael.markets.broker import CorporateAction, FillModel, Instrument, Limits, PaperBroker, TradedDay

BOOK, BEGIN = "book.sqlite", "begin.json"
TURNED = 1.5
"""Weights are of the balance at the decision: prices move, and a roll deals twice."""


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
    from tael.markets.broker import PaperBroker, day_bars, trade_day
    from tael.markets.exchanges import exchange

    bundle, folder = load_market_bundle(run), Path(folder)
    plan = bundle.plan
    if plan.within_day:
        raise ScenarioError(
            "Trading within the day is not wired into `tael trade`, which goes through days.",
            expected='a market of kind "stocks" or "futures"',
            got=plan.market.kind,
            fix="Use the adapters in tael.markets.broker.adapters.",
        )
    data = market_data(tables, plan)
    days = data.bars.times.astype("M8[D]")
    t = int(np.searchsorted(days, np.datetime64(day, "D"), side="right")) - 1
    last = days[-1].astype(object) if t == len(days) - 1 else days[max(t, 0)].astype(object)
    folder.mkdir(parents=True, exist_ok=True)
    first = _begun(folder, day, bundle)
    start = int(np.searchsorted(days, np.datetime64(first, "D")))
    account = _stocks(bundle, data, start, t) if data.roll is None else _contracts(bundle, data, start, t)
    book = folder / BOOK
    with PaperBroker(
        book, cash=None if book.exists() else plan.trading.cash, currency=exchange(plan.market.exchange).currency,
        instruments=account.instruments, model=account.model,
    ) as broker:  # fmt: skip
        return trade_day(
            day, broker=broker, targets_for=lambda _: account.targets(broker), bars=day_bars(data.bars, t),
            last_bar=last, is_trading_day=lambda one: bool(np.isin(np.datetime64(one, "D"), days)),
            strategy=plan.name, folder=folder, actions=account.actions(broker), instruments=account.instruments,
            limits=account.limits, prices=account.prices,
        )  # fmt: skip


@dataclass(frozen=True)
class _Account:
    """What differs between an account in shares and one in contracts."""

    instruments: dict[str, Instrument]
    model: FillModel
    targets: Callable[[PaperBroker], Mapping[str, float] | None]
    actions: Callable[[PaperBroker], list[CorporateAction]]
    limits: Limits
    prices: dict[str, float] | None = None


def _stocks(bundle: MarketBundle, data: MarketData, start: int, t: int) -> _Account:
    from tael.markets.broker import BacktestFills, Limits, actions_of, instruments_of
    from tael.markets.exchanges import exchange

    costs, rules = trading.account_of(bundle.plan, data)
    return _Account(
        instruments_of(data.bars, t_plus_1=exchange(bundle.plan.market.exchange).sellable_after > 0),
        BacktestFills(costs, rules.participation),
        lambda _: weights_for(bundle, data, start, t),
        lambda _: actions_of(data.bars, t, recovery=rules.recovery),
        Limits(),
    )


def _contracts(bundle: MarketBundle, data: MarketData, start: int, t: int) -> _Account:
    from tael.markets.broker import (
        ContractFills,
        Limits,
        contract_targets,
        expiries_of,
        instruments_of,
        marks_of,
        to_go,
    )
    from tael.markets.exchanges import exchange, next_session
    from tael.markets.futures import targets_on_contracts

    plan, cut = bundle.plan, data.until(t)
    costs, rules = trading.account_of(plan, data)
    days = data.bars.times.astype("M8[D]")
    following = next_session(days[t], exchange(plan.market.exchange).calendar).astype(object)
    # The margin that a fill binds is today's; initial margin may be a multiple of the exchange's.
    instruments = {
        name: replace(one, margin_rate=min(one.margin_rate * Decimal(repr(float(rules.initial))), Decimal(1)))
        for name, one in instruments_of(cut.bars).items()
    }

    def held(broker: PaperBroker) -> dict[str, int]:
        return {name: position.quantity for name, position in broker.positions().items()}

    def targets(broker: PaperBroker) -> Mapping[str, float] | None:
        assert cut.roll is not None
        row = targets_on_contracts(_walked(bundle, cut, start, t), cut.roll)[t]
        before = broker.orders(days[t - 1].astype(object)) if t else []
        return contract_targets(
            row, cut.bars, t, following, rules, equity=broker.account().equity, held=held(broker), left=to_go(before)
        )

    gross = float(plan.portfolio.settings.get("gross", 1.0))
    marks = marks_of(cut.bars, t)
    return _Account(
        instruments, ContractFills.of(costs, cut.bars, rules.participation), targets,
        lambda broker: expiries_of(data.bars, t, held(broker)),
        Limits(max_turnover=2 * max(gross, 1.0) * TURNED),
        {name: float(price) for name, price in zip(cut.bars.entities, marks, strict=True) if np.isfinite(price)},
    )  # fmt: skip


def weights_for(bundle: MarketBundle, data: MarketData, start: int, t: int) -> Mapping[str, float] | None:
    """Weights decided after bar t by a strategy that began at bar `start`; None where nothing is decided.

    Everything after bar t is cut off first.
    """
    row = _walked(bundle, data.until(t), start, t)[t]
    if not np.isfinite(row).any():
        return None
    return {name: float(weight) for name, weight in zip(data.panel.entities, np.nan_to_num(row), strict=True)}


def _walked(bundle: MarketBundle, cut: MarketData, start: int, t: int) -> NDArray[np.float64]:
    """Weights decided after each bar, (t + 1, N), from what ends with bar t."""
    from tael.markets.portfolio import walk

    scores: NDArray[np.float64] = np.full(cut.panel.shape, np.nan)
    scores[start:] = bundle.scores(cut.panel, t + 1 - start)
    weigh, risk = trading.method_of(bundle.plan)
    history = trading.history_of(bundle.plan, cut)
    return walk(scores, weigh, history, risk=risk, every=bundle.plan.portfolio.every, start=start).targets


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
